//! A leaf as it is read again: what it says of a subject or of the standing.

use std::borrow::Cow;

use serde::Deserialize;

/// The members of a leaf that a check reads. Others may come to be there.
#[derive(Debug, Deserialize)]
pub(crate) struct Leaf<'a> {
    #[serde(borrow)]
    pub(crate) typ: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) at: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) log: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) actor: LeafActor<'a>,
    #[serde(borrow)]
    pub(crate) law: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) subject: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) revision: Option<u64>,
    #[serde(borrow, default)]
    pub(crate) action: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) from: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) to: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) contract: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) target: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    #[serde(borrow, default)]
    pub(crate) ability: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) mode: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) until: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) version: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "ref")]
    pub(crate) reference: Option<LeafReference<'a>>,
    #[serde(borrow, default)]
    pub(crate) migrated: Option<LeafMigrated<'a>>,
    #[serde(borrow, default)]
    pub(crate) prt: Vec<LeafPart<'a>>,
    #[serde(borrow, default)]
    pub(crate) erased: Vec<LeafErased<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LeafActor<'a> {
    #[serde(borrow)]
    pub(crate) p: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LeafReference<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LeafMigrated<'a> {
    #[serde(borrow)]
    pub(crate) contract: Cow<'a, str>,
    pub(crate) count: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LeafPart<'a> {
    /// The commitment: base64url without padding.
    #[serde(borrow)]
    pub(crate) c: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) n: Cow<'a, str>,
}

/// A part that was erased.
#[derive(Debug, Deserialize)]
pub(crate) struct LeafErased<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) n: Cow<'a, str>,
}

impl<'a> Leaf<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The registered type without its version.
    pub(crate) fn kind(&self) -> &str {
        self.typ.split('/').next().unwrap_or_default()
    }
}
