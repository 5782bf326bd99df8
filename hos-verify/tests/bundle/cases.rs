//! Bundles of every kind with the verdict that they must get, from both verifiers.

use hos_verify::bundle::Claim;
use hos_verify::bundle::make::make;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::merkle::{Hash, leaf_hash, root_of};
use hos_verify::note::SignedNote;
use hos_verify::policy::Policy;
use hos_verify::time::Time;
use hos_verify::verdict::Verdict;
use hos_verify::verify::{Trust, follow, verify};

use crate::log::{DEPLOYMENT, NOON, ORIGIN, anchor, id, input, log_key, policy, shop, witness};

/// A bundle, what whoever asks knows, and how each line must end.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bundle: Vec<u8>,
    pub(crate) policy: Option<String>,
    /// A checkpoint's note.
    pub(crate) known: Option<String>,
    /// The origin that was asked for.
    pub(crate) log: Option<String>,
    /// A bundle that announces a key.
    pub(crate) follow: Option<Vec<u8>>,
    pub(crate) now: u64,
    pub(crate) exit: u8,
}

impl Case {
    pub(crate) fn new(name: &str, bundle: Vec<u8>, exit: u8) -> Self {
        let policy = Some(policy("none"));
        Self {
            name: name.to_owned(),
            bundle,
            policy,
            known: None,
            log: None,
            follow: None,
            now: NOON + 60,
            exit,
        }
    }

    pub(crate) fn policy(self, policy: Option<String>) -> Self {
        Self { policy, ..self }
    }

    pub(crate) fn known(self, note: String) -> Self {
        Self { known: Some(note), ..self }
    }

    pub(crate) fn log(self, origin: &str) -> Self {
        Self { log: Some(origin.to_owned()), ..self }
    }

    pub(crate) fn follow(self, bundle: &[u8]) -> Self {
        Self { follow: Some(bundle.to_vec()), ..self }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let mut policy = self.policy.as_ref().map(|text| Policy::parse(text.as_bytes()).unwrap());
        let now = Time::from_seconds(self.now);
        if let Some(bundle) = &self.follow {
            policy = policy.map(|policy| follow(policy, bundle, now).unwrap());
        }
        let known = self.known.as_ref().map(|note| {
            Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap()
        });
        let (policy, known, log) = (policy.as_ref(), known.as_ref(), self.log.as_deref());
        verify(&self.bundle, &Trust { policy, known, log, now })
    }
}

pub(crate) fn subject(revisions: u64) -> Claim {
    Claim::Subject { subject: "order:7f".to_owned(), revisions }
}

/// Bundles that an honest maker makes.
pub(crate) fn honest() -> Vec<Case> {
    let log = shop();
    let single = log.draft([5], Claim::Entries);
    let one = log.make(&single);
    let mut opened = log.draft([4, 5, 9], Claim::Entries);
    opened.entries[1].opened = vec![input(5)];
    opened.has_pages = true;
    opened.keys = Some("evidence.example.com signs from size 0\n".to_owned());
    opened.tokens = vec![b"\x30\x03not a real token".to_vec()];
    let range = log.draft(4..12, Claim::Range { from: 4, to: 12 });
    let whole = log.draft(0..20, Claim::Range { from: 0, to: 20 });
    let holes = log.draft([4, 5, 11], Claim::Range { from: 4, to: 12 });
    let mut life = log.draft([0, 2, 4, 6, 8, 10, 12, 14, 16], subject(8));
    life.claims.push(Claim::Range { from: 14, to: 17 });
    life.entries.push(log.entry(15));
    let mut erased = log.draft([2, 17], Claim::Entries);
    erased.entries[0].erased = vec![("input".to_owned(), id(17))];
    let mut of_person = log.draft([2, 3, 18, 19], Claim::Entries);
    of_person.entries[0].erased = vec![("input".to_owned(), id(18))];
    of_person.entries[1].erased = vec![("input".to_owned(), id(19))];
    let mut grown = single.clone();
    grown.others = vec![log.note(1), log.note(8), log.note(13)];
    let mut anchored = single.clone();
    anchored.anchor = Some(anchor(&single.checkpoint, &[(1, NOON - 30), (2, NOON)]));
    let mut early = single;
    early.checkpoint = log.note(8);
    early.others = vec![log.note(20)];
    let quorum = |name: &str| Some(policy(name));
    let anchored = log.make(&anchored);
    vec![
        Case::new("one entry", one.clone(), 0),
        Case::new("one entry, of the log asked for", one.clone(), 0).log(ORIGIN),
        Case::new("one entry, no policy, another log", one.clone(), 40)
            .policy(None)
            .log("evidence.example.com/w/pazar/t/firm-2/main"),
        Case::new("one entry, another epoch", one.clone(), 40).log(&format!("{ORIGIN}/e2")),
        Case::new("one entry, asked for by a prefix", one.clone(), 40).log(DEPLOYMENT),
        Case::new("one entry, of no log", one.clone(), 40).log(""),
        Case::new("one entry, no policy", one.clone(), 10).policy(None),
        Case::new("one entry, no witness", one, 10).policy(quorum("one")),
        Case::new("opened, with pages", log.make(&opened), 0),
        Case::new("a range", log.make(&range), 0),
        Case::new("the whole log", log.make(&whole), 0),
        Case::new("a range with leaves withheld", log.make(&holes), 20),
        Case::new("a range withheld, no policy", log.make(&holes), 10).policy(None),
        Case::new("a subject's life", log.make(&life), 0),
        Case::new("one part erased", log.make(&erased), 20),
        Case::new("a person erased", log.make(&of_person), 20),
        Case::new("older checkpoints", log.make(&grown), 0),
        Case::new("a known older checkpoint", log.make(&grown), 0).known(log.note(8)),
        Case::new("a known checkpoint not here", log.make(&grown), 10).known(log.note(9)),
        Case::new("a newer checkpoint beside", log.make(&early), 0).known(log.note(20)),
        Case::new("anchored and witnessed", anchored.clone(), 0).policy(quorum("both")),
        Case::new("anchored, any witness", anchored, 0).policy(quorum("two")),
        Case::new("witnessed itself", log.make(&witnessed(NOON)), 0).policy(quorum("one")),
    ]
}

/// One entry under a checkpoint that a witness cosigned itself.
pub(crate) fn witnessed(time: u64) -> hos_verify::bundle::make::Draft {
    let log = shop();
    let mut draft = log.draft([5], Claim::Entries);
    let text = SignedNote::parse(draft.checkpoint.as_bytes()).unwrap().text().to_owned();
    let signatures = vec![log_key().sign(&text), witness(1).cosign(time, &text)];
    draft.checkpoint = SignedNote::new(&text, signatures).unwrap().to_string();
    draft
}

#[test]
fn honest_bundles_get_the_verdict_that_they_deserve() {
    for case in honest() {
        let verdict = case.verdict();
        assert_eq!(verdict.exit().code(), case.exit, "{}:\n{verdict}", case.name);
    }
}

#[test]
fn the_words_of_a_verdict_say_what_is_not_proved() {
    let words = |name: &str| {
        let case = honest().into_iter().find(|case| case.name == name);
        case.unwrap().verdict().to_string()
    };
    assert!(words("one entry").contains("nothing is said of those left out"));
    assert!(words("one entry, no policy").contains("anybody could have"));
    assert!(words("a subject's life").contains("whether a later one is among"));
    assert!(words("one part erased").contains("was erased lawfully by entry 17\n"));
    let person = words("a person erased");
    for entry in [18, 19] {
        let words = format!("by entry {entry}, which names a person; that the part was theirs is");
        assert!(person.contains(&words), "{person}");
    }
    assert!(words("anchored and witnessed").contains("witness-2.example saw it at 2026-11-22T12"));
    assert!(words("opened, with pages").contains("parts opened: 1, withheld: 2"));
}

/// The hashes of ten million entries, all alike but one.
fn ten_million(index: u64, leaf: &str) -> impl Fn(u8, u64) -> Result<Hash, String> {
    let mut others = vec![leaf_hash(b"another")];
    let mut own = vec![leaf_hash(leaf.as_bytes())];
    for level in 0..3 {
        let mut tile = [others[level]; 256];
        others.push(root_of(tile));
        tile[usize::try_from(index >> (8 * level) & 255).unwrap()] = own[level];
        own.push(root_of(tile));
    }
    move |level, at| {
        let hashes = if at == index >> (8 * u32::from(level)) { &own } else { &others };
        Ok(hashes[usize::from(level)])
    }
}

#[test]
fn one_entry_of_ten_million_without_pages_is_small() {
    const SIZE: u64 = 10_000_000;
    let log = shop();
    let mut draft = log.draft([5], Claim::Entries);
    draft.entries[0].index = 7_654_321;
    draft.entries[0].opened = vec![input(5)];
    let read = ten_million(7_654_321, &draft.entries[0].leaf);
    let root = hos_verify::tile::root(SIZE, &read).unwrap();
    let text = Checkpoint::new(ORIGIN, SIZE, root).unwrap().to_text();
    let note = SignedNote::new(&text, vec![log_key().sign(&text)]).unwrap();
    draft.checkpoint = note.to_string();
    draft.anchor = Some(anchor(&draft.checkpoint, &[(1, NOON)]));
    let case = Case::new("one of many", make(&draft, read).unwrap(), 0).policy(Some(policy("one")));
    assert_eq!(case.verdict().exit().code(), 0, "{}", case.verdict());
    assert!(case.bundle.len() < 6_144, "{} bytes", case.bundle.len());
}

#[test]
fn a_draft_that_does_not_hold_together_is_not_made() {
    use hos_verify::bundle::make::MakeError;
    let log = shop();
    let refused = |change: &dyn Fn(&mut hos_verify::bundle::make::Draft)| {
        let mut draft = log.draft([2, 17], Claim::Entries);
        change(&mut draft);
        let made = make(&draft, |level, index| log.read(level, index));
        assert!(matches!(made, Err(MakeError::Draft(_) | MakeError::Tree(_))), "{made:?}");
    };
    refused(&|draft| draft.entries[0].index = 3);
    refused(&|draft| draft.entries[0].index = 99);
    refused(&|draft| draft.entries.clear());
    refused(&|draft| draft.claims.clear());
    refused(&|draft| draft.claims = vec![subject(2)]);
    refused(&|draft| draft.checkpoint = "no note".to_owned());
    refused(&|draft| draft.entries[0].opened = vec![input(3)]);
    refused(&|draft| draft.entries[0].erased = vec![("input".to_owned(), id(18))]);
    refused(&|draft| draft.others = vec![shop().note(3).replace("/main", "/other")]);
    refused(&|draft| draft.anchor = Some(anchor("another note\n", &[])));
}
