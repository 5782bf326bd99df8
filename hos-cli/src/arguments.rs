//! What the operator asks for. The arguments of a subcommand stand in its own file.

use clap::{Parser, Subcommand};

use crate::exit::EXIT_CODES;
use crate::{
    archive, bundling, check, completions, doctor, erase, explain, fsck, graph, manual, migrate,
    moving, replay, seal, table, tail, verify,
};

/// The operator's command of H-OS, the law layer.
#[derive(Debug, Parser)]
#[command(name = "hos", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Answers as JSON on the standard output, one document, or one a line from `tail`.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) order: Order,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    #[command(after_help = EXIT_CODES)]
    Check(check::Check),
    #[command(after_help = EXIT_CODES)]
    Explain(explain::Explain),
    #[command(after_help = EXIT_CODES)]
    Graph(graph::Graph),
    #[command(after_help = EXIT_CODES)]
    Table(table::Table),
    #[command(after_help = EXIT_CODES)]
    Replay(replay::Replay),
    #[command(after_help = EXIT_CODES)]
    Verify(verify::Verify),
    #[command(after_help = EXIT_CODES)]
    Fsck(fsck::Fsck),
    #[command(after_help = EXIT_CODES)]
    Doctor(doctor::Doctor),
    #[command(after_help = EXIT_CODES)]
    Seal(seal::Seal),
    #[command(after_help = EXIT_CODES)]
    Bundle(bundling::Bundling),
    #[command(after_help = EXIT_CODES)]
    Erase(Box<erase::Erase>),
    #[command(after_help = EXIT_CODES)]
    Archive(Box<archive::Archive>),
    #[command(after_help = EXIT_CODES)]
    Tail(tail::Tail),
    #[command(after_help = EXIT_CODES)]
    Migrate(migrate::Migrate),
    #[command(after_help = EXIT_CODES)]
    Move(moving::Move),
    Completions(completions::Completions),
    Manual(manual::Manual),
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
