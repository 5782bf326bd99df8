//! What goes into a bundle, and what of it is shown.

use std::collections::BTreeSet;

use hos_core::hos::{EXPORTED_MAX, Export, Hos};
use hos_core::laws::Proofs as _;
use hos_core::proof::{LogEntry, PAGE_MAX, Withholding};
use hos_core::seal::LogName;
use hos_core::subject::Subject;
use hos_core::time::ProofId;
use hos_verify::bundle::ENTRIES_MAX;
use hos_verify::leaf::Leaf;

use crate::exit::{Exit, Trouble};
use crate::scope::Scope;

/// What was asked for.
#[derive(Debug)]
pub(super) enum Wanted {
    Entries(BTreeSet<ProofId>),
    Range(u64, u64),
    Subject(Subject),
}

/// Which parts are shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shown<'a> {
    Only(&'a [String]),
    All,
    AllBut(&'a [String]),
}

/// What goes into a bundle.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) export: Export,
    pub(super) entries: u64,
    pub(super) disclosed: u64,
    pub(super) withheld: u64,
    pub(super) erased: u64,
    /// Revisions of the subject that are there and not sealed yet.
    pub(super) unsealed: u64,
    /// Names of parts that were met.
    names: BTreeSet<String>,
    /// Parts that are to be shown and that no key at hand opens.
    shut: u64,
}

impl Wanted {
    /// Reads the command line, which says one of the three.
    pub(super) fn parse(
        scope: &Scope,
        entries: &[String],
        range: Option<&str>,
        subject: &Option<String>,
    ) -> Result<Self, Trouble> {
        let wrong = |what: &str, advice| {
            let message = format!("`{}` is none", what.escape_debug());
            Trouble::new(Exit::Usage, message, advice)
        };
        match (subject, range) {
            (Some(subject), _) => Ok(Self::Subject(scope.subject(subject)?)),
            (None, Some(text)) => {
                let ends = text.split_once("..").and_then(|(from, to)| {
                    Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?))
                });
                let ends = ends.filter(|(from, to)| from < to);
                let (from, to) = ends.ok_or_else(|| {
                    wrong(text, "write a range as 0..100: from an index to before another")
                })?;
                let most = u64::try_from(ENTRIES_MAX).unwrap_or(u64::MAX);
                if to - from > most { Err(many(most)) } else { Ok(Self::Range(from, to)) }
            }
            (None, None) => {
                let id = |text: &String| {
                    ProofId::parse(text).ok_or_else(|| wrong(text, "give numbers of entries"))
                };
                let ids: BTreeSet<ProofId> = entries.iter().map(id).collect::<Result<_, _>>()?;
                if ids.len() > EXPORTED_MAX { Err(few()) } else { Ok(Self::Entries(ids)) }
            }
        }
    }
}

/// Reads what was asked for, and says why a bundle cannot have it.
pub(super) async fn select(
    hos: &Hos,
    scope: &Scope,
    wanted: &Wanted,
    shown: Shown<'_>,
    has_vault: bool,
) -> Result<Selection, Trouble> {
    let Scope { world, tenant } = scope;
    let state = hos.store().seals().state(&LogName::of(world, tenant)).await?;
    let sealed = state.sealed.map_or(0, |sealed| sealed.size);
    let selection = match wanted {
        Wanted::Entries(ids) => {
            let mut selection = Selection::new(Export::entries(ids.iter().copied()));
            for id in ids {
                let found = hos.find(world, tenant, *id).await?;
                let entry =
                    found.ok_or_else(|| missing(format!("the tenant has no entry {id}")))?;
                if entry.index.is_none_or(|index| index >= sealed) {
                    return Err(unsealed(&format!("entry {id} is"), sealed));
                }
                selection.add(&entry, shown)?;
            }
            selection
        }
        Wanted::Range(from, to) => {
            if *to > state.size {
                let message = format!("the log has {} entries; {to} is beyond it", state.size);
                return Err(missing(message));
            }
            if *to > sealed {
                return Err(unsealed(&format!("entries {sealed}..{to} are"), sealed));
            }
            let mut selection = Selection::new(Export::range(*from, *to));
            let mut next = *from;
            while next < *to {
                let limit = u32::try_from(to - next).unwrap_or(PAGE_MAX).min(PAGE_MAX);
                let page = hos.page(world, tenant, next, limit).await?;
                if page.is_empty() {
                    let message = format!("entry {next} is not in the database");
                    return Err(missing(message));
                }
                for entry in &page {
                    selection.add(entry, shown)?;
                }
                next = next.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
            }
            selection
        }
        Wanted::Subject(subject) => life(hos, subject, sealed, shown).await?,
    };
    selection.require_shown(shown, has_vault)?;
    Ok(selection)
}

async fn life(
    hos: &Hos,
    subject: &Subject,
    sealed: u64,
    shown: Shown<'_>,
) -> Result<Selection, Trouble> {
    let mut selection = Selection::new(Export::subject(subject));
    let mut read = 0;
    loop {
        let page = hos.history(subject, read, PAGE_MAX).await?;
        if page.is_empty() {
            break;
        }
        read = read.saturating_add(u64::try_from(page.len()).unwrap_or(u64::MAX));
        for entry in &page {
            if entry.index.is_none_or(|index| index >= sealed) {
                selection.unsealed += 1;
            } else {
                selection.add(entry, shown)?;
            }
        }
        let most = u64::try_from(EXPORTED_MAX).unwrap_or(u64::MAX);
        if selection.entries > most {
            return Err(few());
        }
    }
    if read == 0 {
        return Err(missing(format!("the tenant has no subject `{subject}`")));
    }
    if selection.entries == 0 {
        return Err(unsealed("no revision of the subject is sealed: all are", sealed));
    }
    Ok(selection)
}

impl Selection {
    fn new(export: Export) -> Self {
        Self {
            export,
            entries: 0,
            disclosed: 0,
            withheld: 0,
            erased: 0,
            unsealed: 0,
            names: BTreeSet::new(),
            shut: 0,
        }
    }

    fn add(&mut self, entry: &LogEntry, shown: Shown<'_>) -> Result<(), Trouble> {
        let leaf = Leaf::parse(entry.leaf.as_bytes()).map_err(|error| {
            let message = format!("the leaf of entry {} cannot be read: {error}", entry.id);
            Trouble::new(Exit::Damage, message, "look at the log with `hos verify --db ..`")
        })?;
        self.entries += 1;
        for name in leaf.parts.into_iter().map(|part| part.name) {
            let wanted = shown.shows(&name);
            let is_open = entry.parts.iter().any(|part| part.name == name);
            let withheld = entry.withheld.iter().find(|withheld| withheld.name == name);
            match withheld.map(|withheld| &withheld.why) {
                _ if is_open && wanted => {
                    self.disclosed += 1;
                    self.export = self.export.clone().disclose(entry.id, &name);
                }
                _ if is_open => self.withheld += 1,
                Some(Withholding::Sealed(_)) => {
                    self.withheld += 1;
                    self.shut += u64::from(wanted);
                }
                Some(_) | None => self.erased += 1,
            }
            self.names.insert(name);
        }
        Ok(())
    }

    /// Nothing that is to be shown is left out in silence.
    fn require_shown(&self, shown: Shown<'_>, has_vault: bool) -> Result<(), Trouble> {
        let (Shown::Only(named) | Shown::AllBut(named)) = shown else {
            return self.require_open(has_vault);
        };
        let unknown = named.iter().find(|name| !self.names.contains(*name));
        if let Some(name) = unknown {
            let there: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
            let message = format!(
                "no entry of these has a part `{}`; they have: {there}",
                name.escape_debug()
            );
            return Err(Trouble::new(Exit::Usage, message, ""));
        }
        self.require_open(has_vault)
    }

    fn require_open(&self, has_vault: bool) -> Result<(), Trouble> {
        if self.shut == 0 {
            return Ok(());
        }
        let message = format!("{} parts to be shown are sealed under persons' keys", self.shut);
        let advice = if has_vault {
            "the vault has not their keys: is it this deployment's?"
        } else {
            "give `--vault` and `--master`, or do not disclose them"
        };
        Err(Trouble::new(Exit::Address, message, advice))
    }
}

impl Shown<'_> {
    fn shows(self, name: &String) -> bool {
        match self {
            Self::Only(names) => names.contains(name),
            Self::All => true,
            Self::AllBut(names) => !names.contains(name),
        }
    }
}

fn missing(message: String) -> Trouble {
    Trouble::new(Exit::Address, message, "see what there is with `hos tail --from 0`")
}

fn unsealed(what: &str, sealed: u64) -> Trouble {
    let message = format!("{what} not sealed yet; the log is sealed below index {sealed}");
    Trouble::new(Exit::Later, message, "run `hos seal --db .. --key .. --once`, then this again")
}

fn many(most: u64) -> Trouble {
    Trouble::new(Exit::Usage, format!("a range has at most {most} entries"), "write several")
}

fn few() -> Trouble {
    let message = format!("a bundle of entries or of a subject has at most {EXPORTED_MAX}");
    Trouble::new(Exit::Usage, message, "write several, or a `--range`")
}
