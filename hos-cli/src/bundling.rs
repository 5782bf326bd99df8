//! `hos bundle`.

mod selection;

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use hos_archive::{DirectoryTarget, Shelf};
use hos_core::digest::Digest;
use hos_verify::verdict::{Exit as Judged, Verdict};
use hos_verify::verify::{Trust, verify};
use serde_json::json;

use crate::database::DatabaseArguments;
use crate::exit::{Exit, Trouble};
use crate::scope::{ScopeArguments, join};
use crate::vaults::{VaultArguments, options};
use crate::voice::{GOOD, Voice, WARNING};
use crate::writing::{Existing, require_free, write};

use selection::{Selection, Shown, Wanted};

/// Writes a bundle: one file with which an outsider checks entries offline, by `hos verify`.
///
/// It claims what was asked for and nothing else: of single entries nothing is said of what is left
/// out, a range leaves nothing out between its ends, a subject has every revision that is sealed.
/// No part is shown unless it is disclosed. Whoever receives it needs the deployment's policy
/// (`hos seal policy`) from you another way.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["entry", "range", "subject"])))]
pub(crate) struct Bundling {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    scope: ScopeArguments,
    /// An entry by its number; may be given several times.
    #[arg(long, value_name = "ID")]
    entry: Vec<String>,
    /// Every entry from an index to before another, such as 0..100.
    #[arg(long, value_name = "A..B")]
    range: Option<String>,
    /// A subject's whole life.
    #[arg(long, value_name = "KIND:ID")]
    subject: Option<String>,
    /// Shows the parts of this name; may be given several times.
    #[arg(long, value_name = "PART")]
    disclose: Vec<String>,
    /// Shows every part.
    #[arg(long, conflicts_with = "disclose")]
    disclose_all: bool,
    /// Shows every part but those of this name; may be given several times.
    #[arg(long, value_name = "PART", conflicts_with_all = ["disclose", "disclose_all"])]
    withhold: Vec<String>,
    #[command(flatten)]
    vault: VaultArguments,
    /// The directory where archived entries are.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// Proves that the log goes on from a checkpoint over so many entries, which the receiver
    /// holds from before; may be given several times.
    #[arg(long, value_name = "SIZE")]
    since: Vec<u64>,
    /// Leaves out the pages for people.
    #[arg(long)]
    no_pages: bool,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replaces a file that is there already.
    #[arg(long)]
    force: bool,
}

/// Writes a bundle, once it is found to be in order.
pub(crate) async fn obey(voice: &Voice, order: &Bundling) -> Result<Exit, Trouble> {
    let existing = if order.force { Existing::Replace } else { Existing::Keep };
    require_free(&order.out, existing)?;
    let scope = order.scope.parse()?;
    let wanted = Wanted::parse(&scope, &order.entry, order.range.as_deref(), &order.subject)?;
    let shown = match (&*order.disclose, order.disclose_all, &*order.withhold) {
        (_, true, _) => Shown::All,
        (_, false, [_, ..]) => Shown::AllBut(&order.withhold),
        (names, ..) => Shown::Only(names),
    };
    let vault = order.vault.open().await?;
    let opened = order.database.parse()?.open().await?;
    scope.require(&opened).await?;
    let options = options(vault.as_ref());
    let options = match &order.archive {
        None => options,
        Some(path) => options.archive(Shelf::new(DirectoryTarget::new(path))),
    };
    let hos = join(&opened, [], options).await?;
    let selection = selection::select(&hos, &scope, &wanted, shown, vault.is_some()).await?;
    let export =
        order.since.iter().fold(selection.export.clone(), |export, size| export.since(*size));
    let export = if order.no_pages { export } else { export.pages() };
    let made = hos.export(&scope.world, &scope.tenant, &export).await?;
    let bundle = made.ok_or_else(|| {
        let message = "what was asked for is not all there, or not sealed yet";
        Trouble::new(Exit::Later, message, "see what is sealed with `hos doctor`")
    })?;
    let verdict = verify(&bundle, &Trust::default());
    if !matches!(verdict.exit(), Judged::Verified | Judged::Unanchored | Judged::Incomplete) {
        let message = "what is stored makes no bundle that verifies; nothing was written";
        let causes = verdict.lines().into_iter().flat_map(|(_, line)| line.words.clone());
        let advice = "look at the database with `hos verify --db ..`";
        let trouble = Trouble::new(Exit::Damage, message, advice);
        return Err(Trouble { causes: causes.collect(), ..trouble });
    }
    write(&order.out, &bundle, existing)?;
    show(voice, order, &selection, &bundle, &verdict);
    Ok(Exit::Done)
}

fn show(voice: &Voice, order: &Bundling, selection: &Selection, bundle: &[u8], verdict: &Verdict) {
    let Selection { entries, disclosed, withheld, erased, unsealed, .. } = selection;
    let digest = Digest::of(bundle).to_string();
    let (out, length) = (order.out.display(), bundle.len());
    voice.document(
        "bundle",
        json!({
            "out": order.out, "bytes": length, "sha256": digest, "entries": entries,
            "disclosed": disclosed, "withheld": withheld, "erased": erased,
            "unsealed": unsealed, "claims": verdict.completeness.words,
            "disclosure": verdict.disclosure.words,
        }),
    );
    voice.styled(GOOD, "written", format_args!(" {out}: {length} bytes, {digest}"));
    for words in verdict.completeness.words.iter().chain(&verdict.disclosure.words) {
        voice.line(format_args!("  {words}"));
    }
    let are = |count: u64| if count == 1 { "part is" } else { "parts are" };
    voice.line(format_args!(
        "{disclosed} {} shown, {withheld} withheld, {erased} erased",
        are(*disclosed)
    ));
    if *unsealed > 0 {
        let rest = format_args!(": {unsealed} later revisions are not sealed yet and not in it");
        voice.styled(WARNING, "note", rest);
    }
    voice.line(format_args!("check it: hos verify {out} --policy POLICY  (`hos seal policy`)"));
}
