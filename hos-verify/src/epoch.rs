//! Epochs: how a log that came back from an older backup goes on, and what its entry says of it.

use crate::checkpoint::Checkpoint;
use crate::json::Value;
use crate::leaf::Leaf;
use crate::note::SignedNote;
use crate::text::decimal;

/// The type of the entry that opens an epoch.
pub const EPOCH_TYPE: &str = "epoch/1";

/// What an entry `epoch/1` says: so many entries came back, and this is the last note that was
/// known of what was before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields of a version of a leaf")]
pub struct Opening {
    /// Which epoch begins: 2 is the first that an entry opens.
    pub number: u64,
    /// How many entries at least came back as they were signed.
    pub size: u64,
    /// The last note that was known of an earlier epoch.
    pub note: String,
    /// What that note says; its origin tells whose epoch it is.
    pub known: Checkpoint,
}

impl Opening {
    /// Reads the leaf of an `epoch/1`; none for another leaf, and for one that contradicts itself.
    #[must_use]
    pub fn of(leaf: &Leaf) -> Option<Self> {
        let said = leaf.value.get("epoch").filter(|_| leaf.type_ == EPOCH_TYPE)?;
        let number = |key| said.get(key).and_then(Value::as_u64);
        let (epoch, size) = (number("n")?, number("size")?);
        let note = said.get("note")?.as_str()?.to_owned();
        let signed = SignedNote::parse(note.as_bytes()).ok()?;
        let known = Checkpoint::parse(signed.text()).ok()?;
        let is_sound = epoch > split(known.origin()).1 && size <= known.size();
        is_sound.then_some(Self { number: epoch, size, note, known })
    }

    /// The origin of the log whose epoch it is, without one.
    #[must_use]
    pub fn log(&self) -> &str {
        split(self.known.origin()).0
    }

    /// The epoch of the note that it names.
    #[must_use]
    pub fn known_epoch(&self) -> u64 {
        split(self.known.origin()).1
    }
}

/// What the entries that open epochs say about a checkpoint of an earlier one.
///
/// Exhaustive: this is all that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all that can be said")]
pub enum Said<'e> {
    /// Nothing.
    Nothing,
    /// All that it is over came back: it has to be found in the log.
    CameBack,
    /// This entry says that what it is over was lost.
    Lost(u64, &'e Opening),
    /// It is over more than any of them names: they do not name the last note.
    Unnamed(&'e Opening),
}

/// What entries that open epochs, each with its index and in the order of these, say about a
/// checkpoint that is known from elsewhere.
#[must_use]
pub fn said<'e>(openings: &'e [(u64, Opening)], known: &Checkpoint) -> Said<'e> {
    let (log, epoch) = split(known.origin());
    let later = openings.iter().filter(|(_, of)| of.log() == log && of.number > epoch);
    let mut later = later.peekable();
    let Some((_, first)) = later.peek() else { return Said::Nothing };
    if known.size() <= first.size {
        return Said::CameBack;
    }
    let names = |(_, of): &&(u64, Opening)| {
        let is_it = known.size() < of.known.size()
            || (known.size() == of.known.size() && known.root() == of.known.root());
        // Where epochs were lost, the last note is of a later one.
        let is_named = of.known_epoch() > epoch || (of.known_epoch() == epoch && is_it);
        of.size < known.size() && is_named
    };
    match later.find(names) {
        Some((index, opening)) => Said::Lost(*index, opening),
        None => Said::Unnamed(first),
    }
}

/// The origin of a log without its epoch, and the epoch: `../main/e2` is the second of `../main`,
/// which is the first itself.
#[must_use]
pub fn split(origin: &str) -> (&str, u64) {
    let epoch = origin.rsplit_once("/e").and_then(|(base, epoch)| Some((base, decimal(epoch)?)));
    epoch.filter(|(_, epoch)| *epoch > 1).unwrap_or((origin, 1))
}

/// The origin of a log in an epoch: what [`split`] takes apart.
#[must_use]
pub fn join(log: &str, epoch: u64) -> String {
    if epoch > 1 { format!("{log}/e{epoch}") } else { log.to_owned() }
}

/// Whether a leaf or checkpoint of one origin is part of the tree of another: of the same log, and
/// of no later epoch. A log that was restored from a backup goes on as `<origin>/e2`.
pub(crate) fn belongs(log: &str, origin: &str) -> bool {
    let ((base, epoch), (tree, last)) = (split(log), split(origin));
    base == tree && epoch <= last
}

/// The origin of the log that takes the checkpoints of this one, `<deployment>/w/<world>/t/..`:
/// `<deployment>/deployment`. Read from the end, because a world or a tenant may be called `w`.
pub(crate) fn deployment_origin(origin: &str) -> Option<String> {
    let (base, _) = split(origin);
    let parts: Vec<&str> = base.rsplitn(6, '/').collect();
    match parts.as_slice() {
        [_stream, _tenant, "t", _world, "w", deployment] => {
            Some(format!("{deployment}/deployment"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_covers_itself_and_those_before() {
        let log = "d/w/x/t/y/main";
        let epochs = [log.to_owned(), format!("{log}/e2"), format!("{log}/e3")];
        for (at, one) in epochs.iter().enumerate() {
            for (last, other) in epochs.iter().enumerate() {
                assert_eq!(belongs(one, other), at <= last, "{one} in {other}");
                let (base, epoch) = split(one);
                assert_eq!((base, join(base, epoch).as_str()), (log, one.as_str()));
            }
        }
        for other in ["d/w/x/t/z/main", "d/w/x/t/y/main/e1", "d/w/x/t/y/main/e02", "d/w/x/t/y"] {
            assert!(!belongs(log, other) && !belongs(other, log), "{other}");
        }
    }

    #[test]
    fn a_deployment_is_found_whatever_worlds_and_tenants_are_called() {
        for origin in ["d/w/x/t/y/main", "d/w/w/t/w/main", "d/w/x/t/y/main/e7"] {
            assert_eq!(deployment_origin(origin).as_deref(), Some("d/deployment"), "{origin}");
        }
        let nested = deployment_origin("a.example/w/b/w/x/t/y/main");
        assert_eq!(nested.as_deref(), Some("a.example/w/b/deployment"));
        for origin in ["", "d/deployment", "d/x/t/y/main", "w/x/t/y/main", "d/w/x/t/y/main/more"] {
            assert_eq!(deployment_origin(origin), None, "{origin}");
        }
    }
}
