use std::collections::BTreeMap;

use super::{
    Bound, End, Named, POLICY_BYTES_MAX, POLICY_NAMES_MAX, Policy, PolicyFault, PolicyFaultKind,
    covers,
};
use crate::note::{Algorithm, NoteError, VerifierKey};
use crate::text::decimal;

/// Reads a trust file line by line and keeps every fault.
pub(super) fn policy(bytes: &[u8]) -> Result<Policy, Vec<PolicyFault>> {
    if bytes.len() > POLICY_BYTES_MAX {
        return Err(vec![PolicyFault { line: 0, kind: PolicyFaultKind::TooLong }]);
    }
    let mut lines = Lines::default();
    let mut faults = Vec::new();
    for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if let Err(kind) = lines.line(line) {
            faults.push(PolicyFault { line: at + 1, kind });
        }
    }
    if lines.quorums == 0 {
        faults.push(PolicyFault { line: 0, kind: PolicyFaultKind::Quorum });
    }
    if faults.is_empty() { Ok(lines.policy()) } else { Err(faults) }
}

/// What the lines so far say. Names are octets: two that only look alike are two.
#[derive(Default)]
struct Lines {
    logs: Vec<VerifierKey>,
    bounds: Vec<Bound>,
    witnesses: Vec<VerifierKey>,
    names: Vec<Named>,
    places: BTreeMap<Vec<u8>, usize>,
    /// Names that are a member of a group already.
    members: Vec<usize>,
    quorum: Option<usize>,
    quorums: usize,
}

impl Lines {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFaultKind> {
        let is_control = |byte: &u8| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f;
        if line.iter().any(is_control) {
            return Err(PolicyFaultKind::Characters);
        }
        let words = line.split(|byte| matches!(byte, b' ' | b'\t'));
        let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", key, more @ ..] => self.log(key, more),
            [b"witness", name, key] | [b"witness", name, key, _] => self.witness(name, key),
            [b"group", name, needed, members @ ..] if !members.is_empty() => {
                self.group(name, needed, members)
            }
            [b"quorum", name] => self.quorum(name),
            _ => Err(PolicyFaultKind::Form),
        }
    }

    /// Bounds come in threes, so that one word before them is a URL whatever it says.
    fn log(&mut self, text: &[u8], more: &[&[u8]]) -> Result<(), PolicyFaultKind> {
        let ((0, bounds) | (1, [_, bounds @ ..])) = (more.len() % 3, more) else {
            return Err(PolicyFaultKind::Form);
        };
        let key = key(text, Algorithm::Ed25519)?;
        let at = self.logs.len();
        let bound = |words: &[&[u8]]| bound(&key, at, words).ok_or(PolicyFaultKind::Bound);
        let bounds: Vec<Bound> = bounds.chunks(3).map(bound).collect::<Result<_, _>>()?;
        if self.bounds.len() + bounds.len() > POLICY_NAMES_MAX {
            return Err(PolicyFaultKind::TooMany);
        }
        add(&mut self.logs, key)?;
        self.bounds.extend(bounds);
        Ok(())
    }

    fn witness(&mut self, name: &[u8], text: &[u8]) -> Result<(), PolicyFaultKind> {
        let key = key(text, Algorithm::Cosignature)?;
        self.check_free(name)?;
        add(&mut self.witnesses, key)?;
        self.define(name, Named::Witness(self.witnesses.len() - 1))
    }

    fn group(
        &mut self,
        name: &[u8],
        needed: &[u8],
        members: &[&[u8]],
    ) -> Result<(), PolicyFaultKind> {
        self.check_free(name)?;
        let places: Vec<usize> =
            members.iter().map(|member| self.place(member)).collect::<Result<_, _>>()?;
        let needed = match needed {
            b"any" => 1,
            b"all" => places.len(),
            number => std::str::from_utf8(number)
                .ok()
                .and_then(decimal)
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| (1..=places.len()).contains(number))
                .ok_or(PolicyFaultKind::Threshold)?,
        };
        for (place, member) in places.iter().zip(members) {
            if self.members.contains(place) {
                return Err(PolicyFaultKind::RepeatedMember(lossy(member)));
            }
            self.members.push(*place);
        }
        self.define(name, Named::Group { needed, members: places })
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), PolicyFaultKind> {
        self.quorums += 1;
        if self.quorums > 1 {
            return Err(PolicyFaultKind::Quorum);
        }
        self.quorum = if name == NONE { None } else { Some(self.place(name)?) };
        Ok(())
    }

    fn place(&self, name: &[u8]) -> Result<usize, PolicyFaultKind> {
        let place = self.places.get(name).copied();
        place.ok_or_else(|| PolicyFaultKind::UnknownName(lossy(name)))
    }

    fn check_free(&self, name: &[u8]) -> Result<(), PolicyFaultKind> {
        let is_taken = name == NONE || self.places.contains_key(name);
        if is_taken { Err(PolicyFaultKind::RepeatedName) } else { Ok(()) }
    }

    fn define(&mut self, name: &[u8], named: Named) -> Result<(), PolicyFaultKind> {
        if self.names.len() >= 2 * POLICY_NAMES_MAX {
            return Err(PolicyFaultKind::TooMany);
        }
        self.places.insert(name.to_vec(), self.names.len());
        self.names.push(named);
        Ok(())
    }

    fn policy(self) -> Policy {
        let Self { logs, bounds, witnesses, names, quorum, .. } = self;
        Policy { logs, bounds, witnesses, names, quorum }
    }
}

/// The name that stands for nobody.
const NONE: &[u8] = b"none";

fn key(text: &[u8], algorithm: Algorithm) -> Result<VerifierKey, PolicyFaultKind> {
    let text = std::str::from_utf8(text).map_err(|_| PolicyFaultKind::Key(NoteError::Key))?;
    let key = VerifierKey::parse(text).map_err(PolicyFaultKind::Key)?;
    if key.algorithm() == algorithm {
        Ok(key)
    } else {
        let byte = key.algorithm().byte();
        Err(PolicyFaultKind::Key(NoteError::Algorithm { byte }))
    }
}

fn bound(key: &VerifierKey, at: usize, words: &[&[u8]]) -> Option<Bound> {
    let (end, size, origin) = match words {
        [b"from", size, origin] => (End::From, size, origin),
        [b"until", size, origin] => (End::Until, size, origin),
        _ => return None,
    };
    let size = decimal(std::str::from_utf8(size).ok()?)?;
    let origin = std::str::from_utf8(origin).ok()?;
    covers(key.name(), origin).then(|| Bound::new(at, end, origin, size))
}

fn add(keys: &mut Vec<VerifierKey>, key: VerifierKey) -> Result<(), PolicyFaultKind> {
    if keys.iter().any(|known| known.public() == key.public()) {
        return Err(PolicyFaultKind::RepeatedKey);
    }
    if keys.len() >= POLICY_NAMES_MAX {
        return Err(PolicyFaultKind::TooMany);
    }
    keys.push(key);
    Ok(())
}

fn lossy(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
