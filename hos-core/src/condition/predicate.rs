//! What a subject must be like, as a list asks it.
//!
//! The language has three outcomes: true, false, and an absent attribute. A [`Predicate`] has two,
//! and asks for one outcome alone; so there is one for "true" and one for "false", and neither is
//! the other's opposite. It has no negation: whatever an absent attribute touches does not hold,
//! as in SQL whatever NULL touches is not true.

use super::evaluate::{is_in, size, starts_with};
use super::{Comparison, Lookup, ValueRef};
use crate::id::Name;
use crate::value::{Type, Value};

/// What a subject must be like.
///
/// Exhaustive: whoever translates predicates must know every one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a translation is exact or refused")]
pub enum Predicate {
    /// Any subject will do.
    Always,
    /// None will.
    Never,
    /// All of two or more.
    All(Vec<Self>),
    /// One of two or more.
    Any(Vec<Self>),
    /// The attribute is there.
    Present(Attribute),
    /// It is not.
    Absent(Attribute),
    /// Both are there, and compare so.
    Compare {
        /// Before the operator.
        left: Term,
        /// How they are compared; order is defined for integers, strings (by bytes) and times.
        operator: Comparison,
        /// After it.
        right: Term,
    },
    /// Both are there, and the set has the member, or has it not.
    Member {
        /// What is looked for.
        needle: Term,
        /// Where.
        set: Term,
        /// Whether it must be found.
        found: bool,
    },
    /// Both are there, and the text starts so, or does not.
    Prefix {
        /// The text.
        text: Term,
        /// What it is to start with, byte for byte.
        prefix: Term,
        /// Whether it must.
        found: bool,
    },
}

/// One side of a comparison.
///
/// Exhaustive, as [`Predicate`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a translation is exact or refused")]
pub enum Term {
    /// What was known.
    Value(Value),
    /// What the subject says.
    Attribute(Attribute),
    /// The code points of a string, or the members of a set.
    Size(Attribute),
}

/// A subject's attribute: a declared one, or `id`, `state`, `revision`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its declared type; a value of another type counts as absent.
    pub type_: Type,
}

impl Predicate {
    /// All of these.
    #[must_use]
    pub fn all(predicates: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for predicate in predicates {
            match predicate {
                Self::Never => return Self::Never,
                Self::Always => {}
                Self::All(more) => all.extend(more),
                other => all.push(other),
            }
        }
        Self::of_several(all, Self::All).unwrap_or(Self::Always)
    }

    /// One of these.
    #[must_use]
    pub fn any(predicates: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for predicate in predicates {
            match predicate {
                Self::Always => return Self::Always,
                Self::Never => {}
                Self::Any(more) => any.extend(more),
                other => any.push(other),
            }
        }
        Self::of_several(any, Self::Any).unwrap_or(Self::Never)
    }

    /// A chain of one is no chain.
    fn of_several(mut several: Vec<Self>, chain: fn(Vec<Self>) -> Self) -> Option<Self> {
        if several.len() > 1 { Some(chain(several)) } else { several.pop() }
    }

    /// What it is made of, itself and all below it counted.
    pub(crate) fn nodes(&self) -> usize {
        match self {
            Self::All(all) | Self::Any(all) => 1 + all.iter().map(Self::nodes).sum::<usize>(),
            _ => 1,
        }
    }

    /// Whether it reads an attribute.
    pub(crate) fn reads(&self, name: &Name) -> bool {
        let is = |attribute: &Attribute| attribute.name == *name;
        let does = |term: &Term| match term {
            Term::Value(_) => false,
            Term::Attribute(attribute) | Term::Size(attribute) => is(attribute),
        };
        match self {
            Self::Always | Self::Never => false,
            Self::All(all) | Self::Any(all) => all.iter().any(|predicate| predicate.reads(name)),
            Self::Present(attribute) | Self::Absent(attribute) => is(attribute),
            Self::Compare { left, right, .. } => does(left) || does(right),
            Self::Member { needle, set, .. } => does(needle) || does(set),
            Self::Prefix { text, prefix, .. } => does(text) || does(prefix),
        }
    }

    /// Whether a subject is like this.
    #[must_use]
    pub fn holds(&self, subject: &dyn Lookup) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::All(all) => all.iter().all(|predicate| predicate.holds(subject)),
            Self::Any(any) => any.iter().any(|predicate| predicate.holds(subject)),
            Self::Present(attribute) => attribute.of(subject).is_some(),
            Self::Absent(attribute) => attribute.of(subject).is_none(),
            Self::Compare { left, operator, right } => {
                both(left, right, subject).is_some_and(|(left, right)| operator.holds(left, right))
            }
            Self::Member { needle, set, found } => {
                both(needle, set, subject).is_some_and(|(needle, set)| is_in(needle, set) == *found)
            }
            Self::Prefix { text, prefix, found } => both(text, prefix, subject)
                .is_some_and(|(text, prefix)| starts_with(text, prefix) == *found),
        }
    }
}

fn both<'v>(
    left: &'v Term,
    right: &'v Term,
    subject: &'v dyn Lookup,
) -> Option<(ValueRef<'v>, ValueRef<'v>)> {
    Some((left.of(subject)?, right.of(subject)?))
}

impl Term {
    fn of<'v>(&'v self, subject: &'v dyn Lookup) -> Option<ValueRef<'v>> {
        match self {
            Self::Value(value) => Some(ValueRef::from(value)),
            Self::Attribute(attribute) => attribute.of(subject),
            Self::Size(attribute) => attribute.of(subject).map(size),
        }
    }
}

impl Attribute {
    fn of<'v>(&self, subject: &'v dyn Lookup) -> Option<ValueRef<'v>> {
        subject.lookup(self.name.as_str()).filter(|value| value.is_of(self.type_))
    }
}
