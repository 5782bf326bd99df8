//! An application in the names of the program.

use hos_core::typed::{Machine, Untyped};

hos_core::names! {
    /// Where an application is.
    pub enum ApplicationState {
        Pending = "pending",
        Accepted = "accepted",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
    }
}

hos_core::names! {
    /// What is done to an application.
    pub enum ApplicationAction {
        Accept = "accept",
        Reject = "reject",
        Close = "close",
        Withdraw = "withdraw",
        StepDown = "step_down",
    }
}

hos_core::acts! {
    /// What is done to an application, and what the world knows of it then.
    pub enum ApplicationAct for ApplicationAction {
        Accept {} facts { with_post: bool },
        Reject {},
        Close {},
        Withdraw {},
        StepDown {} facts { with_post: bool },
    }
}

/// Applications, as the law has them.
#[derive(Debug, Clone, Copy)]
pub struct Application;

impl Machine for Application {
    type State = ApplicationState;
    type Action = ApplicationAction;
    type Attribute = Untyped;
    type Act = ApplicationAct;
    const WORLD: &'static str = "chat";
    const KIND: &'static str = "application";
}
