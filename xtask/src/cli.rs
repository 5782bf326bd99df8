//! What may be typed after `cargo xtask`.

use clap::{Args, Parser, Subcommand};

/// The workspace's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One command each; the first two never edit the tree.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the cheap gates: format, lints, docs, tests
    Test,
    /// Run the cheap gates, then the dear ones
    Ci,
    /// Run one named long campaign, stopped after 40 minutes
    Campaign(Order),
    /// Rewrite the golden files; read the difference before you commit it
    Bless,
    /// Start the release server of `pazar` and walk through its main story
    Smoke,
    /// Start PostgreSQL, its standby, PgBouncer and MariaDB, say their addresses, stop on Ctrl-C
    Services,
}

/// Which campaign to run, how long and from which seed.
#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The campaign's name
    #[arg(required_unless_present = "list")]
    pub(crate) name: Option<String>,
    /// List the campaigns: name, default size, what each shows
    #[arg(long)]
    pub(crate) list: bool,
    /// How much of it; what a unit is, the list says
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) size: Option<u64>,
    /// Where randomness starts; the same seed runs the same cases
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;

        Cli::command().debug_assert();
    }

    #[test]
    fn a_campaign_needs_a_name_or_list() {
        assert!(Cli::try_parse_from(["xtask", "campaign"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "campaign", "--list"]).is_ok());
        assert!(Cli::try_parse_from(["xtask", "campaign", "kill9", "--size", "0"]).is_err());
        assert!(Cli::try_parse_from(["xtask", "campaign", "kill9", "--size", "9"]).is_ok());
    }
}
