//! Every case of the suite.

mod about;
mod activation;
mod anchor;
mod archive;
mod bad_input;
mod batch;
mod chain;
mod compound;
mod contract;
mod epoch;
mod erasing;
mod erasure;
mod export;
mod filter;
mod idempotency;
mod ids;
mod leaf;
mod limits;
pub(crate) mod migration;
mod mode;
mod outbox;
mod policy;
mod proof;
mod race;
mod registry;
mod rehearsal;
mod replay;
mod restart;
mod seal;
mod search;
mod standing;
mod survey;
mod tenant;
mod timer;
pub(crate) mod timers;
mod transition;
mod vault;
mod within;

use crate::case::Case;

/// Every case, by group.
#[must_use]
pub fn cases() -> Vec<Case> {
    let groups = [
        policy::CASES,
        filter::CASES,
        search::CASES,
        rehearsal::CASES,
        standing::CASES,
        race::CASES,
        contract::CASES,
        transition::CASES,
        idempotency::CASES,
        replay::CASES,
        compound::CASES,
        batch::CASES,
        chain::CASES,
        proof::CASES,
        about::CASES,
        archive::CASES,
        leaf::CASES,
        erasure::CASES,
        erasure::keys::CASES,
        erasing::CASES,
        erasing::holds::CASES,
        vault::CASES,
        vault::copy::CASES,
        outbox::CASES,
        timer::CASES,
        migration::CASES,
        timers::CASES,
        within::CASES,
        tenant::CASES,
        ids::CASES,
        limits::CASES,
        registry::CASES,
        activation::CASES,
        mode::CASES,
        restart::CASES,
        bad_input::CASES,
        anchor::CASES,
        export::CASES,
        epoch::CASES,
        survey::CASES,
    ];
    let mut cases = groups.concat();
    cases.extend(seal::all());
    cases
}
