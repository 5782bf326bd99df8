//! What the operator asks for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes: 0 done; 2 the command line is wrong; 3 try again later (busy, unreachable, full);
4 not this database or file (check path, URL, rights, versions); 5 bytes are damaged or differ;
1 anything else.";

/// The operator's commands of H-OS.
#[derive(Debug, Parser)]
#[command(name = "hos", version, about, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) order: Order,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Moves a deployment from a SQLite file into another database, and compares every row.
    ///
    /// Stop whoever writes to the file first; nothing is written to it. A move that was
    /// interrupted goes on where it stopped when it is run again; one that is finished says so.
    #[command(after_help = EXIT_CODES)]
    Move(Move),
    /// Brings the schema of a database up to date and says its version.
    #[command(after_help = EXIT_CODES)]
    Migrate(Migrate),
}

#[derive(Debug, Args)]
pub(crate) struct Move {
    /// The SQLite file that holds the deployment.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The database to move into: empty, or holding a move of the same file.
    #[arg(long, value_name = "postgres://..|mysql://..")]
    pub(crate) to: String,
    /// The URL past a pooler, or of a role that may create tables.
    #[arg(long, value_name = "URL")]
    pub(crate) direct: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// A URL that begins with `postgres://` or `mysql://`, or the path of a SQLite file, made when
    /// missing.
    #[arg(long, value_name = "URL|FILE")]
    pub(crate) database: String,
    /// The URL past a pooler, or of a role that may create tables.
    #[arg(long, value_name = "URL")]
    pub(crate) direct: Option<String>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_move_names_both_houses() {
        let words = ["hos", "move", "--from", "pazar.db", "--to", "postgres://h/d"];
        assert!(Arguments::try_parse_from(words).is_ok());
        assert!(Arguments::try_parse_from(words.iter().take(4)).is_err());
    }
}
