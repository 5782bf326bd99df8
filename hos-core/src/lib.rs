#![doc = include_str!("../README.md")]

pub mod actor;
pub mod candidate;
pub mod cipher;
pub mod command;
pub mod commit;
pub mod condition;
pub mod contract;
pub mod digest;
mod encoding;
pub mod error;
pub mod hos;
pub mod id;
pub mod judge;
pub mod law;
pub mod laws;
pub mod memory;
pub mod policy;
pub mod proof;
pub mod receipt;
pub mod recording;
mod sampling;
pub mod seal;
pub mod standing;
pub mod store;
pub mod subject;
pub mod time;
pub mod typed;
pub mod value;
pub mod vault;
#[doc(hidden)]
pub mod weave;

pub use hos_verify::{checkpoint, epoch, merkle, note};

/// The paved path, for `use hos_core::prelude::*`.
pub mod prelude {
    pub use crate::actor::{Actor, ActorKind};
    pub use crate::command::{Command, Opening, Record, StandingChange, StandingCommand};
    pub use crate::contract::{ActionDefinition, Contract};
    pub use crate::error::{Error, Fault, Refusal};
    pub use crate::hos::{Hos, HosOptions, Within};
    pub use crate::id::{ActorId, Role, Tenant, World};
    pub use crate::law::Law;
    pub use crate::laws::{Contracts, Policy, Proofs, Query, Registry};
    pub use crate::policy::RoleDefinition;
    pub use crate::receipt::{Effect, Receipt};
    pub use crate::subject::Subject;
    pub use crate::value::{Attributes, Type};
}
