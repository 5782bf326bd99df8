//! Facts about the tree that no compiler checks: who imports whom, how long things are, what the
//! texts say. One file for each kind of fact; each test names file, line and what to do.
#![expect(clippy::panic, reason = "an unreadable tree fails the test that reads it")]

mod tidy {
    mod changelog;
    mod contracts;
    mod crates;
    mod manifests;
    mod modules;
    mod ratchet;
    mod readme;
    mod report;
    mod source;
    mod sql;
    mod text;
    mod tree;
}
