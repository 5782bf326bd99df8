//! A log in memory, with keys that anybody can repeat.

use hos_verify::bundle::Claim;
use hos_verify::bundle::make::{Draft, DraftEntry, OpenedPart, make};
use hos_verify::checkpoint::Checkpoint;
use hos_verify::commitment::commit;
use hos_verify::json::Value;
use hos_verify::leaf::EntryId;
use hos_verify::merkle::{Hash, leaf_hash, root_of};
use hos_verify::note::{SignedNote, SigningKey};
use hos_verify::proof::Proof;
use hos_verify::tile;
use hos_verify::time::Time;

pub(crate) const DEPLOYMENT: &str = "evidence.example.com";
pub(crate) const ORIGIN: &str = "evidence.example.com/w/pazar/t/firm-1/main";
/// 2026-11-22T12:00:00Z.
pub(crate) const NOON: u64 = 1_795_348_800;

/// The leaves of a log and their hashes.
#[derive(Clone, Default)]
pub(crate) struct Log {
    pub(crate) leaves: Vec<String>,
    pub(crate) hashes: Vec<Hash>,
}

impl Log {
    pub(crate) fn push(&mut self, leaf: String) {
        self.hashes.push(leaf_hash(leaf.as_bytes()));
        self.leaves.push(leaf);
    }

    pub(crate) fn size(&self) -> u64 {
        u64::try_from(self.hashes.len()).unwrap()
    }

    pub(crate) fn read(&self, level: u8, index: u64) -> Result<Hash, String> {
        let index = usize::try_from(index).unwrap();
        let hash = match level {
            0 => self.hashes.get(index).copied(),
            1 => {
                let tile = self.hashes.get(256 * index..256 * index + 256);
                tile.map(|tile| root_of(tile.iter().copied()))
            }
            _ => None,
        };
        hash.ok_or_else(|| format!("no hash {index} at level {level}"))
    }

    pub(crate) fn checkpoint(&self, origin: &str, size: u64) -> Checkpoint {
        let root = tile::root(size, |level, index| self.read(level, index)).unwrap();
        Checkpoint::new(origin, size, root).unwrap()
    }

    /// The note of the first so many entries, signed by the deployment's key.
    pub(crate) fn note(&self, size: u64) -> String {
        let text = self.checkpoint(ORIGIN, size).to_text();
        SignedNote::new(&text, vec![log_key().sign(&text)]).unwrap().to_string()
    }

    pub(crate) fn entry(&self, index: u64) -> DraftEntry {
        let leaf = self.leaves[usize::try_from(index).unwrap()].clone();
        DraftEntry { index, leaf, opened: Vec::new(), erased: Vec::new() }
    }

    pub(crate) fn draft(&self, indexes: impl IntoIterator<Item = u64>, claim: Claim) -> Draft {
        Draft {
            created: Time::from_seconds(NOON).unwrap(),
            checkpoint: self.note(self.size()),
            claims: vec![claim],
            entries: indexes.into_iter().map(|index| self.entry(index)).collect(),
            others: Vec::new(),
            anchor: None,
            tokens: Vec::new(),
            keys: None,
            has_pages: false,
        }
    }

    pub(crate) fn make(&self, draft: &Draft) -> Vec<u8> {
        make(draft, |level, index| self.read(level, index)).unwrap()
    }
}

/// The key of all the deployment's logs.
pub(crate) fn log_key() -> SigningKey {
    SigningKey::from_seed(DEPLOYMENT, &[1; 32]).unwrap()
}

pub(crate) fn witness(number: u8) -> SigningKey {
    SigningKey::from_seed(&format!("witness-{number}.example"), &[100 + number; 32]).unwrap()
}

/// The trust file of whoever trusts the deployment, with a quorum.
pub(crate) fn policy(quorum: &str) -> String {
    let [one, two] = [1, 2].map(|number| witness(number).cosigner_key());
    format!(
        "# trusted by nobody but tests\nlog {}\nwitness one {one}\nwitness two {two} https://two\n\
         group both all one two\nquorum {quorum}\n",
        log_key().verifier_key()
    )
}

/// The id of the entry at an index.
pub(crate) fn id(index: u64) -> EntryId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&index.to_be_bytes());
    bytes[6] = 0x70;
    bytes[8] = 0x80;
    EntryId::from_bytes(bytes)
}

pub(crate) fn at(index: u64) -> Time {
    Time::from_seconds(NOON - 3_600 + index).unwrap()
}

/// The body of the part that every transition has, and its salt.
pub(crate) fn input(index: u64) -> OpenedPart {
    let body = format!("{{\"note\":\"çay & <şeker> {index}\"}}").into_bytes();
    let salt = [u8::try_from(index % 251).unwrap(); 32];
    OpenedPart { name: "input".to_owned(), salt, body }
}

/// A leaf's fields; the caller adds what its type has.
pub(crate) fn leaf(index: u64, type_: &str, more: Vec<(&'static str, Value)>) -> String {
    let actor = Value::object([("k", Value::string("user")), ("p", Value::string("u-1"))]);
    let mut fields = vec![
        ("actor", actor),
        ("at", Value::string(at(index).to_string())),
        ("id", Value::string(id(index).to_string())),
        ("law", Value::string("ab".repeat(32))),
        ("log", Value::string(ORIGIN)),
        ("typ", Value::string(type_)),
        ("v", Value::Integer(1)),
    ];
    fields.extend(more);
    Value::object(fields).encode()
}

pub(crate) fn transition(index: u64, subject: &str, revision: i64) -> String {
    let part = input(index);
    let bound = commit(&part.salt, id(index).as_bytes(), &part.name, &part.body);
    let part = Value::object([("c", Value::string(url(&bound))), ("n", Value::string("input"))]);
    let (type_, action) =
        if revision == 1 { ("opened/1", "open") } else { ("transition/1", "pay") };
    let more = vec![
        ("action", Value::string(action)),
        ("from", Value::string("new")),
        ("prt", Value::Array(vec![part])),
        ("revision", Value::Integer(revision)),
        ("subject", Value::string(subject)),
        ("to", Value::string("paid")),
    ];
    leaf(index, type_, more)
}

pub(crate) fn erasure(index: u64, more: Vec<(&'static str, Value)>) -> String {
    let basis = ("basis", Value::string("kvkk-7"));
    leaf(index, "erasure/1", [vec![basis], more].concat())
}

fn url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Twenty entries: two subjects in turn, a denial, and two erasures at the end.
pub(crate) fn shop() -> Log {
    let mut log = Log::default();
    for index in 0..16 {
        let revision = i64::try_from(index / 2 + 1).unwrap();
        log.push(transition(
            index,
            ["order:7f", "order:80"][usize::from(index % 2 == 1)],
            revision,
        ));
    }
    let subject = ("subject", Value::string("order:7f"));
    log.push(leaf(16, "denial/1", vec![subject, ("revision", Value::Integer(8))]));
    let named =
        Value::object([("id", Value::string(id(2).to_string())), ("n", Value::string("input"))]);
    log.push(erasure(17, vec![("erased", Value::Array(vec![named]))]));
    log.push(erasure(18, vec![("target", Value::string("u-1"))]));
    log.push(erasure(19, vec![("target", Value::string("u-2"))]));
    log
}

/// The proof that a note is a leaf of the deployment's log, whose checkpoint these witnesses saw.
pub(crate) fn anchor(note: &str, witnesses: &[(u8, u64)]) -> Proof {
    let mut log = Log::default();
    log.push("another tenant's checkpoint\n".to_owned());
    log.push(note.to_owned());
    log.push("a third one's\n".to_owned());
    let text = log.checkpoint(&format!("{DEPLOYMENT}/deployment"), 3).to_text();
    let mut signatures = vec![log_key().sign(&text)];
    signatures.extend(witnesses.iter().map(|(number, time)| witness(*number).cosign(*time, &text)));
    let checkpoint = SignedNote::new(&text, signatures).unwrap().to_string();
    let hashes = tile::inclusion_proof(3, 1, |level, index| log.read(level, index)).unwrap();
    Proof { index: 1, hashes, checkpoint, extra: None }
}
