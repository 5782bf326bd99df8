//! Evidence: what the log says about a subject, and whether its proofs hold at this moment.

mod paths;

use std::collections::{BTreeMap, BTreeSet};

use hos_core::actor::ActorKind;
use hos_core::id::{ActorId, Tenant};
use hos_core::laws::{Policy as _, Proofs as _, Query, Registry as _};
use hos_core::merkle::{self, Hash};
use hos_core::proof::{LogEntry, LogHead, PAGE_MAX, Withholding};
use hos_core::seal::{LogName, ProofState};
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::ProofId;
use serde::Deserialize;

use paths::{nothing, paths, signed};

use super::moves;
use crate::app::App;
use crate::auth::User;
use crate::database::query;
use crate::error::Problem;

/// The most steps of one page of a life; each is proved anew.
pub(crate) const STEPS_MAX: u32 = 25;
/// The most rows of one page of a log.
pub(crate) const ROWS_MAX: usize = 50;
/// The most entries that one page of a log looks through.
pub(crate) const SEARCH_MAX: u64 = 2_000;

/// What a leaf says. Only codes, opaque ids, integers and digests stand in one.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Leaf {
    /// What it records, with its version: `transition/1`.
    #[serde(rename = "typ")]
    pub(crate) type_: String,
    pub(crate) actor: LeafActor,
    pub(crate) subject: Option<String>,
    pub(crate) revision: Option<u64>,
    pub(crate) action: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) ability: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) mode: Option<String>,
    pub(crate) target: Option<String>,
    /// The digest of the law that judged.
    pub(crate) law: String,
    /// The digest of the contract that the subject pinned.
    pub(crate) contract: Option<String>,
    pub(crate) request: Option<String>,
    /// Another entry that this one rests on.
    #[serde(rename = "ref")]
    pub(crate) reference: Option<LeafReference>,
}

/// Who acted.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct LeafActor {
    #[serde(rename = "k")]
    pub(crate) kind: String,
    #[serde(rename = "p")]
    pub(crate) id: String,
}

/// Another entry, and why it matters.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LeafReference {
    pub(crate) why: String,
}

impl Leaf {
    /// Reads a leaf. One that cannot be read has no type and nobody in it.
    pub(crate) fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// What it records, without the version.
    pub(crate) fn sort(&self) -> &str {
        self.type_.split('/').next().unwrap_or_default()
    }

    /// The subject's kind and id.
    pub(crate) fn subject(&self) -> Option<(&str, &str)> {
        self.subject.as_deref()?.split_once(':')
    }
}

/// What came of checking one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// The leaf hashes to its hash, and the path leads from it to the root.
    Proven,
    /// The stored text is not what was hashed.
    LeafChanged,
    /// The path does not lead to the root.
    NotInTree,
    /// No checkpoint is over it yet.
    Waiting,
}

/// Checks an entry against what was signed: the text against its hash, the hash against the root.
pub(crate) fn check(entry: &LogEntry, head: &LogHead, path: &[Hash]) -> Checked {
    if merkle::leaf_hash(entry.leaf.as_bytes()) != entry.leaf_hash {
        return Checked::LeafChanged;
    }
    let Some(index) = entry.index.filter(|index| *index < head.size) else {
        return Checked::Waiting;
    };
    match merkle::verify_inclusion(&head.root, head.size, index, &entry.leaf_hash, path) {
        Ok(()) => Checked::Proven,
        Err(_) => Checked::NotInTree,
    }
}

/// One step of a life, checked when it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) entry: LogEntry,
    pub(crate) leaf: Leaf,
    /// The hashes from the leaf up to the root.
    pub(crate) path: Vec<Hash>,
    pub(crate) checked: Checked,
    pub(crate) state: ProofState,
}

/// The life of a subject, or a page of it.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) snapshot: Snapshot,
    /// What the last checkpoint is over, which the paths of the steps lead to.
    pub(crate) head: LogHead,
    pub(crate) steps: Vec<Step>,
    /// Whether more steps follow the last.
    pub(crate) more: bool,
    /// The places of the entries that record why parts are gone.
    pub(crate) erasures: BTreeMap<ProofId, u64>,
}

/// What a reader may see of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everything that the log holds.
    Everything,
    /// Other people by their role.
    Roles,
}

impl Sight {
    /// Whether a leaf may be shown: it names who acted. Others than auditors read their own, and
    /// those of no person.
    pub(crate) fn shows(self, user: &User, leaf: &Leaf) -> bool {
        self == Self::Everything || leaf.actor.id == user.id || leaf.actor.kind != "user"
    }
}

/// How much of a subject's evidence a user may see; whoever may not read the subject is told that
/// there is none.
pub(crate) async fn sight(app: &App, user: &User, subject: &Subject) -> Result<Sight, Problem> {
    moves::require_readable(app, user, subject).await?;
    let query = Query::in_tenant(&user.actor()?, "audit.read", app.world(), &subject.tenant);
    let audits = app.hos().can(&query).await?.permits();
    Ok(if audits { Sight::Everything } else { Sight::Roles })
}

/// The life of a subject after a revision, each step checked against the last checkpoint. Steps
/// are no subjects and have no filter: who may read the subject may read all of them.
pub(crate) async fn life(app: &App, subject: &Subject, after: u64) -> Result<Life, Problem> {
    app.number_entries().await?;
    let situation = app.hos().situation(subject).await?.ok_or_else(Problem::not_found)?;
    let mut entries = app.hos().history(subject, after, STEPS_MAX + 1).await?;
    let page = usize::try_from(STEPS_MAX).unwrap_or(usize::MAX);
    let more = entries.len() > page;
    entries.truncate(page);
    let log = LogName::of(app.world(), &subject.tenant);
    let sealed = app.hos().store().seals().state(&log).await?.sealed;
    let head = sealed.as_ref().map_or_else(nothing, signed);
    let mut paths = paths(app, &log, sealed.as_ref(), &entries).await?;
    let states = states(app, &subject.tenant, &entries).await?;
    let step = |(entry, state): (LogEntry, ProofState)| {
        let path = entry.index.and_then(|index| paths.remove(&index)).unwrap_or_default();
        let checked = check(&entry, &head, &path);
        Step { leaf: Leaf::read(&entry.leaf), entry, path, checked, state }
    };
    let erasures = erasures(app, &subject.tenant, &entries).await?;
    let steps = entries.into_iter().zip(states).map(step).collect();
    Ok(Life { snapshot: situation.snapshot, head, steps, more, erasures })
}

/// The places of the entries that record why parts of these are gone.
async fn erasures(
    app: &App,
    tenant: &Tenant,
    entries: &[LogEntry],
) -> Result<BTreeMap<ProofId, u64>, Problem> {
    let withheld = entries.iter().flat_map(|entry| &entry.withheld);
    let erased = withheld.filter_map(|withheld| match withheld.why {
        Withholding::Erased { entry, .. } => Some(entry),
        _ => None,
    });
    let mut places = BTreeMap::new();
    for id in erased.collect::<BTreeSet<ProofId>>() {
        let found = app.hos().store().find(app.world(), tenant, id).await?;
        places.extend(found.and_then(|found| Some((id, found.index?))));
    }
    Ok(places)
}

/// How far the proof of each entry has come. They are in order of their places, so what is
/// attested over one is attested over those before it.
async fn states(
    app: &App,
    tenant: &Tenant,
    entries: &[LogEntry],
) -> Result<Vec<ProofState>, Problem> {
    let log = LogName::of(app.world(), tenant);
    let sealed = app.hos().store().seals().state(&log).await?.sealed;
    let sealed = sealed.map_or(0, |checkpoint| checkpoint.size);
    let asked = async |entry: &LogEntry| -> Result<ProofState, Problem> {
        let state = app.hos().proof_state(app.world(), tenant, entry.id).await?;
        Ok(state.unwrap_or(ProofState::Recorded))
    };
    let first = entries.iter().find(|entry| entry.index.is_some_and(|index| index < sealed));
    let mut anchored = match first {
        // Where the oldest is not attested, none is.
        Some(first) if asked(first).await? == ProofState::Anchored => None,
        _ => Some(0),
    };
    let mut states = Vec::with_capacity(entries.len());
    for entry in entries.iter().rev() {
        states.push(match (entry.index, anchored) {
            (None, _) => asked(entry).await?,
            (Some(index), _) if index >= sealed => ProofState::Sequenced,
            (Some(index), Some(below)) if index < below => ProofState::Anchored,
            (Some(_), Some(_)) => ProofState::Sealed,
            (Some(index), None) => {
                let state = asked(entry).await?;
                if state == ProofState::Anchored {
                    anchored = Some(index);
                }
                state
            }
        });
    }
    states.reverse();
    Ok(states)
}

/// What a reader of a log looks for. Nothing said means everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    /// The sort of entry, without its version.
    pub(crate) sort: Option<String>,
    /// The kind of subject.
    pub(crate) kind: Option<String>,
    /// The id of the actor.
    pub(crate) actor: Option<String>,
    /// Not before, in microseconds.
    pub(crate) from: Option<i64>,
    /// Before, in microseconds.
    pub(crate) until: Option<i64>,
}

impl Search {
    fn finds(&self, entry: &LogEntry, leaf: &Leaf) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let at = entry.recorded_at.as_micros();
        same(&self.sort, Some(leaf.sort()))
            && same(&self.kind, leaf.subject().map(|(kind, _)| kind))
            && same(&self.actor, Some(&leaf.actor.id))
            && self.from.is_none_or(|from| at >= from)
            && self.until.is_none_or(|until| at < until)
    }
}

/// A page of a log, the latest first.
#[derive(Debug)]
pub(crate) struct LogPage {
    pub(crate) head: LogHead,
    pub(crate) rows: Vec<(LogEntry, Leaf)>,
    /// How many entries were looked through.
    pub(crate) searched: u64,
    /// Where the next page goes on: entries before this index.
    pub(crate) next: Option<u64>,
}

/// A page of a tenant's log: what a search finds before an index, or before the end. Who may audit
/// the tenant may read all of it.
pub(crate) async fn log(
    app: &App,
    tenant: &Tenant,
    search: &Search,
    before: Option<u64>,
) -> Result<LogPage, Problem> {
    app.number_entries().await?;
    let head = app.hos().head(app.world(), tenant).await?;
    let start = before.unwrap_or(head.size).min(head.size);
    let mut page = LogPage { head, rows: Vec::new(), searched: 0, next: None };
    let mut end = start;
    while end > 0 {
        let reach = (SEARCH_MAX - page.searched).min(u64::from(PAGE_MAX.min(WINDOW)));
        if reach == 0 || page.rows.len() >= ROWS_MAX {
            page.next = Some(end);
            break;
        }
        let first = end.saturating_sub(reach);
        let wanted = u32::try_from(end - first).unwrap_or(WINDOW);
        let entries = app.hos().page(app.world(), tenant, first, wanted).await?;
        for entry in entries.into_iter().rev() {
            if page.rows.len() >= ROWS_MAX {
                break;
            }
            end = entry.index.unwrap_or(first).min(end);
            page.searched += 1;
            let leaf = Leaf::read(&entry.leaf);
            if search.finds(&entry, &leaf) {
                page.rows.push((entry, leaf));
            }
        }
        if page.rows.len() < ROWS_MAX {
            end = first;
        }
    }
    Ok(page)
}

/// How many entries are read at once.
const WINDOW: u32 = 200;

/// Who people are in a tenant today.
#[derive(Debug, Default)]
pub(crate) struct People {
    roles: BTreeMap<String, BTreeSet<String>>,
    names: BTreeMap<String, String>,
}

impl People {
    /// The roles and names of those who acted. Roles are today's: the log says who, not as what.
    pub(crate) async fn of<'a>(
        app: &App,
        tenant: &Tenant,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Problem> {
        let mut people = Self::default();
        let ids: BTreeSet<&str> = ids.into_iter().collect();
        for scope in [tenant, &Tenant::world()] {
            let mut after: Option<ActorId> = None;
            loop {
                let page = app.hos().members(app.world(), scope, after.as_ref(), PAGE_MAX).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (id, roles) in page.iter().filter(|(id, _)| ids.contains(id.as_str())) {
                    let known = people.roles.entry(id.to_string()).or_default();
                    known.extend(roles.iter().map(ToString::to_string));
                }
                if page.len() < usize::try_from(PAGE_MAX).unwrap_or(usize::MAX) {
                    break;
                }
            }
        }
        for id in ids {
            let name: Option<String> = query("SELECT name FROM users WHERE id = ?")
                .bind(id)
                .fetch_optional(app.database())
                .await?;
            people.names.extend(name.map(|name| (id.to_owned(), name)));
        }
        Ok(people)
    }

    /// The roles of an actor: those of its memberships, and those of its kind.
    pub(crate) fn roles(&self, app: &App, actor: &LeafActor) -> BTreeSet<String> {
        let mut roles = self.roles.get(&actor.id).cloned().unwrap_or_default();
        let law = app.hos().law(app.world());
        let implicit = law.iter().flat_map(|law| law.roles());
        let implicit = implicit
            .filter(|role| role.implicit.is_some_and(|kind| kind.as_str() == actor.kind))
            .map(|role| role.name.clone());
        roles.extend(implicit);
        roles
    }

    /// What somebody is called here: the first role of a membership, else the role of the kind.
    pub(crate) fn role(&self, app: &App, actor: &LeafActor) -> Option<String> {
        let member = (actor.kind == ActorKind::User.as_str())
            .then(|| self.roles.get(&actor.id)?.first().cloned())
            .flatten();
        member.or_else(|| self.roles(app, actor).into_iter().next())
    }

    /// What somebody is called.
    pub(crate) fn name(&self, id: &str) -> Option<&str> {
        self.names.get(id).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use hos_core::merkle::{inclusion_proof, leaf_hash, root_of};
    use hos_core::time::Timestamp;

    use super::*;

    /// A log of five entries: one of them, its head, and the path between the two.
    fn proved() -> (LogEntry, LogHead, Vec<Hash>) {
        let leaves: Vec<String> = (0..5).map(|number| format!("{{\"n\":{number}}}")).collect();
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf.as_bytes())).collect();
        let entry = LogEntry {
            index: Some(3),
            id: ProofId::from_bytes([0; 16]),
            leaf: leaves[3].clone(),
            leaf_hash: hashes[3],
            recorded_at: Timestamp::EPOCH,
            parts: Vec::new(),
            withheld: Vec::new(),
        };
        let head = LogHead { size: 5, root: root_of(hashes.iter().copied()) };
        (entry, head, inclusion_proof(&hashes, 3).unwrap())
    }

    #[test]
    fn what_was_written_is_proven() {
        let (entry, head, path) = proved();
        assert_eq!(check(&entry, &head, &path), Checked::Proven);
    }

    #[test]
    fn an_edited_leaf_is_found() {
        let (mut entry, head, path) = proved();
        entry.leaf.push(' ');
        assert_eq!(check(&entry, &head, &path), Checked::LeafChanged);
        // Whoever edits the hash with it is found by the tree.
        entry.leaf_hash = leaf_hash(entry.leaf.as_bytes());
        assert_eq!(check(&entry, &head, &path), Checked::NotInTree);
    }

    #[test]
    fn a_tampered_hash_path_place_or_root_is_found() {
        let (entry, head, path) = proved();
        let mut wrong = entry.clone();
        wrong.leaf_hash[0] ^= 1;
        assert_eq!(check(&wrong, &head, &path), Checked::LeafChanged);
        let wrong = LogEntry { index: Some(2), ..entry.clone() };
        assert_eq!(check(&wrong, &head, &path), Checked::NotInTree);
        let mut wrong = head;
        wrong.root[31] ^= 1;
        assert_eq!(check(&entry, &wrong, &path), Checked::NotInTree);
        assert_eq!(check(&entry, &head, &path[1..]), Checked::NotInTree);
        let mut wrong = path;
        wrong[0][0] ^= 1;
        assert_eq!(check(&entry, &head, &wrong), Checked::NotInTree);
    }

    #[test]
    fn what_has_no_place_waits() {
        let (entry, head, path) = proved();
        let waiting = LogEntry { index: None, ..entry };
        assert_eq!(check(&waiting, &head, &path), Checked::Waiting);
    }

    #[test]
    fn a_leaf_that_cannot_be_read_says_nothing() {
        assert_eq!(Leaf::read("{").sort(), "");
        let text =
            r#"{"actor":{"k":"user","p":"u-1"},"law":"x","subject":"order:o:1","typ":"timer/1"}"#;
        let leaf = Leaf::read(text);
        assert_eq!((leaf.sort(), leaf.subject()), ("timer", Some(("order", "o:1"))));
    }
}
