//! `hos verify`: whole logs by themselves.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;

use hos_archive::{DirectoryTarget, Shelf, Surveyed};
use hos_core::hos::HosOptions;
use hos_core::id::{IdError, Tenant, World};
use hos_core::time::{Clock as _, SystemClock};
use hos_fsck::{Depth, Options, Progress, Report};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::bundle::{self, Bundle, TrustArguments};
use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::scope::join;
use crate::vaults::VaultArguments;
use crate::voice::{BAD, GOOD, Voice, WARNING};

/// Checks a bundle offline, or the whole logs of a database.
///
/// Of a database: every leaf against its hash, no entry missing or without a place, the tree
/// against head, tiles and checkpoints; it is seen as it is in one moment, while the world goes on.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    bundle: Bundle,
    #[command(flatten)]
    scope: Scope,
}

/// What is checked.
#[derive(Debug, Args)]
pub(crate) struct Scope {
    #[command(flatten)]
    database: DatabaseArguments,
    /// Only this world.
    #[arg(long)]
    world: Option<String>,
    /// Only this tenant; `@world` is the world itself.
    #[arg(long)]
    tenant: Option<String>,
    /// The directory of the archive, where entries are archived.
    #[arg(long)]
    archive: Option<PathBuf>,
    #[command(flatten)]
    vault: VaultArguments,
}

/// Checks a bundle, or the logs.
pub(crate) async fn obey(voice: &Voice, order: &Verify) -> Result<Exit, Trouble> {
    match &order.bundle.bundle {
        Some(path) => bundle::obey(voice, &order.bundle, path),
        None => check(voice, &order.scope, &order.bundle.trust, Depth::Logs).await,
    }
}

/// Checks to a depth.
pub(crate) async fn check(
    voice: &Voice,
    scope: &Scope,
    trust: &TrustArguments,
    depth: Depth,
) -> Result<Exit, Trouble> {
    let mut options = options(scope, trust)?.depth(depth);
    let vault = scope.vault.open().await?;
    let opened = scope.database.parse()?.open().await?;
    let shelf = scope.archive.as_ref().map(|path| Shelf::new(DirectoryTarget::new(path)));
    if let Some(vault) = vault {
        let with = match shelf.clone() {
            None => HosOptions::default(),
            Some(shelf) => HosOptions::default().archive(shelf),
        };
        let hos = join(&opened, [], with).await?;
        options = options.vault(vault.vault, vault.master, &hos);
    }
    let bar = bar();
    let tell = |progress: Progress| {
        bar.set_length(progress.total.max(progress.read));
        bar.set_position(progress.read);
    };
    let survey = Surveyed::new(opened.survey, opened.backend, shelf);
    let report = hos_fsck::fsck(&survey, &options, &tell).await;
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let report = report?;
    if report.logs == 0 {
        let message = "there is no such world or tenant in this database";
        return Err(Trouble::new(Exit::Address, message, "see which there are: leave them out"));
    }
    show(voice, &report, depth, seconds);
    Ok(if report.is_sound() {
        Exit::Done
    } else if report.lacks_archive_only() {
        Exit::Incomplete
    } else {
        Exit::Damage
    })
}

fn options(scope: &Scope, trust: &TrustArguments) -> Result<Options, Trouble> {
    let wrong = |error: IdError| Trouble::new(Exit::Usage, error.to_string(), "");
    let mut options = Options::default();
    if let Some(world) = &scope.world {
        options = options.world(&World::new(world.as_str()).map_err(wrong)?);
    }
    if let Some(tenant) = &scope.tenant {
        options = options.tenant(&Tenant::from_stored(tenant).map_err(wrong)?);
    }
    let (policy, known) = trust.read(SystemClock.now())?;
    let options = policy.into_iter().fold(options, Options::policy);
    Ok(known.into_iter().fold(options, Options::known))
}

/// Seen on a terminal only.
pub(crate) fn bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    const BAR: &str = "{bar:30} {human_pos:>11} of {human_len:<11} {per_sec} {elapsed}";
    // OK because without its style a bar still shows how far it is.
    let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

fn show(voice: &Voice, report: &Report, depth: Depth, seconds: f64) {
    let command = match depth {
        Depth::Logs => "verify",
        Depth::Coverage => "fsck",
    };
    voice.document(
        command,
        json!({"sound": report.is_sound(), "report": report, "seconds": seconds}),
    );
    for finding in &report.findings.listed {
        voice.styled(BAD, "wrong", format_args!(" {finding}"));
    }
    let listed = u64::try_from(report.findings.listed.len()).unwrap_or(u64::MAX);
    if let more @ 1.. = report.findings.total - listed {
        voice.line(format_args!("and {more} more"));
    }
    let Report { logs, entries, waiting, bytes, subjects, standing, not_rebuilt, .. } = report;
    let Report { tiles, checkpoints, signed, anchors, opened, .. } = report;
    voice.line(format_args!(
        "{entries} entries of {logs} logs, {bytes} bytes, {waiting} waiting for their place"
    ));
    voice.line(format_args!(
        "{tiles} tiles and {checkpoints} checkpoints ({signed} signed as the policy asks), \
         {anchors} of them in the deployment's log"
    ));
    if *opened > 0 {
        voice.line(format_args!("{opened} sealed parts opened and compared with their leaves"));
    }
    if depth == Depth::Coverage {
        voice.line(format_args!(
            "{subjects} subjects and {standing} lines of standing compared with the logs"
        ));
    }
    if *not_rebuilt > 0 {
        voice.line(format_args!(
            "{not_rebuilt} subjects cannot be rebuilt: the lists of their migrations were erased"
        ));
    }
    if report.lost > 0 {
        voice.line(format_args!(
            "{} known checkpoint is over what was lost before an epoch began, as an entry says",
            report.lost
        ));
    }
    match report.findings.total {
        0 => voice.styled(GOOD, "sound", format_args!(" in {seconds:.1} s")),
        _ if report.lacks_archive_only() => {
            let rest = ": entries are archived; give their archive by `--archive DIR`";
            voice.styled(WARNING, "incomplete", format_args!("{rest}"));
        }
        total => voice.styled(BAD, "not sound", format_args!(": {total} findings")),
    }
}
