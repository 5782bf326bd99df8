//! What a leaf says of itself, for whoever has nothing but its bytes.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::EntryType;
use crate::id::{Kind, SubjectId};
use crate::merkle::Hash;
use crate::time::{ProofId, Timestamp};

/// The facts of a leaf that a store keeps in columns of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafFacts {
    /// The origin of the log that it belongs to.
    pub log: String,
    /// The external evidence number.
    pub id: ProofId,
    /// The registered type and its version, as in `transition/1`.
    pub type_: String,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// About which subject of the log's tenant.
    pub subject: Option<(Kind, SubjectId)>,
    /// The subject's revision after it.
    pub revision: Option<u64>,
    /// The name of each part, and the salted commitment to it.
    pub parts: Vec<(String, Hash)>,
}

impl LeafFacts {
    /// Reads the bytes of a leaf; none when they are no leaf.
    #[must_use]
    pub fn parse(leaf: &[u8]) -> Option<Self> {
        let fields: Fields<'_> = serde_json::from_slice(leaf).ok()?;
        let subject = match fields.subject {
            None => None,
            Some(text) => {
                let (kind, id) = text.split_once(':')?;
                Some((Kind::new(kind).ok()?, SubjectId::new(id).ok()?))
            }
        };
        let part = |bound: Bound<'_>| {
            let commitment = URL_SAFE_NO_PAD.decode(bound.c.as_bytes()).ok()?;
            Some((bound.n.into_owned(), commitment.try_into().ok()?))
        };
        Some(Self {
            log: fields.log.into_owned(),
            id: fields.id,
            type_: fields.typ.into_owned(),
            recorded_at: fields.at,
            subject,
            revision: fields.revision,
            parts: fields.prt.into_iter().map(part).collect::<Option<_>>()?,
        })
    }

    /// Whether such an entry raises its subject's revision; see [`EntryType::moves`].
    #[must_use]
    pub fn moves(&self) -> bool {
        let moving =
            [EntryType::Opened, EntryType::Adopted, EntryType::Transition, EntryType::Timer];
        moving.iter().any(|type_| type_.as_str() == self.type_)
    }
}

#[derive(Deserialize)]
struct Fields<'a> {
    at: Timestamp,
    id: ProofId,
    #[serde(borrow)]
    log: Cow<'a, str>,
    #[serde(default, borrow)]
    prt: Vec<Bound<'a>>,
    revision: Option<u64>,
    #[serde(borrow)]
    subject: Option<Cow<'a, str>>,
    #[serde(borrow)]
    typ: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Bound<'a> {
    #[serde(borrow)]
    c: Cow<'a, str>,
    #[serde(borrow)]
    n: Cow<'a, str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_tells_what_its_columns_hold() {
        let (at, id) = ("2026-11-21T09:00:00.000001Z", "0195f0c0-0000-7000-8000-000000000001");
        let parts = format!("[{{\"c\":\"{}\",\"n\":\"input\"}}]", "A".repeat(43));
        let leaf = format!(
            "{{\"at\":\"{at}\",\"id\":\"{id}\",\"log\":\"d/w/a/t/b/main\",\"prt\":{parts},\
             \"revision\":3,\"subject\":\"order:a:b\",\"typ\":\"transition/1\",\"v\":1}}"
        );
        let facts = LeafFacts::parse(leaf.as_bytes()).unwrap();
        assert_eq!((facts.log.as_str(), facts.revision), ("d/w/a/t/b/main", Some(3)));
        let (kind, id) = facts.subject.clone().unwrap();
        assert_eq!((kind.as_str(), id.as_str()), ("order", "a:b"));
        assert_eq!(facts.parts, [("input".to_owned(), [0; 32])]);
        assert!(facts.moves());
        assert_eq!(LeafFacts::parse(&leaf.as_bytes()[1..]), None);
        assert_eq!(LeafFacts::parse(leaf.replace("order:", "Order:").as_bytes()), None);
    }
}
