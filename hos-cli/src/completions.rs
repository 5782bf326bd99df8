//! `hos completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::arguments::Arguments;
use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

/// Prints what a shell needs to complete this command.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

/// Prints a script.
pub(crate) fn obey(voice: &Voice, order: &Completions) -> Result<Exit, Trouble> {
    let mut script = Vec::new();
    generate(order.shell, &mut Arguments::command(), "hos", &mut script);
    let script = String::from_utf8_lossy(&script);
    voice.text(&script);
    voice.document("completions", serde_json::json!({"script": script}));
    Ok(Exit::Done)
}
