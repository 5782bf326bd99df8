//! Named cases, one for each fact.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::ground::Factory;

/// One fact that a backend must not break.
#[derive(Clone, Copy)]
pub struct Case {
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) run: for<'f> fn(&'f dyn Factory) -> BoxFuture<'f, ()>,
}

impl Case {
    /// The fact, as a sentence in snake case that begins with its group.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is about.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.group
    }

    /// Checks the fact on a fresh backend. Any executor will do.
    ///
    /// # Panics
    ///
    /// The future panics where the backend breaks the fact.
    #[must_use]
    pub fn run<'f>(&self, factory: &'f dyn Factory) -> BoxFuture<'f, ()> {
        (self.run)(factory)
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Lists the functions of one group as cases.
macro_rules! cases {
    ($group:literal, [$($name:ident),* $(,)?]) => {
        /// The cases of this group.
        pub(in crate::cases) const CASES: &[$crate::case::Case] = &[$($crate::case::Case {
            name: stringify!($name),
            group: $group,
            run: |factory| Box::pin(async move {
                $name($crate::stage::Stage::new(factory).await).await;
            }),
        }),*];
    };
}

pub(crate) use cases;
