//! `hos manual`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use serde_json::json;

use crate::arguments::Arguments;
use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

/// Writes the manual pages, one for each subcommand, into a directory.
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// The directory; made when missing.
    directory: PathBuf,
}

/// Writes the pages.
pub(crate) fn obey(voice: &Voice, order: &Manual) -> Result<Exit, Trouble> {
    let directory = &order.directory;
    let written = std::fs::create_dir_all(directory)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), directory));
    written.map_err(|error| {
        let message = format!("{} cannot be written: {error}", directory.display());
        Trouble::new(Exit::Address, message, "give a directory that you may write to")
    })?;
    voice.line(format_args!("manual pages are in {}; see `hos.1`", directory.display()));
    voice.document("manual", json!({"directory": directory}));
    Ok(Exit::Done)
}
