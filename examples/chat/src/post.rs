//! A post in the names of the program: what the compiler checks, and the law is held to.

use hos_core::error::LawError;
use hos_core::hos::HosOptions;
use hos_core::law::Law;
use hos_core::typed::Machine;

use crate::application::Application;

hos_core::names! {
    /// Where a post is.
    pub enum PostState {
        Active = "active",
        Assigned = "assigned",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

hos_core::names! {
    /// What is done to a post.
    pub enum PostAction {
        Accept = "accept",
        Complete = "complete",
        Cancel = "cancel",
        Release = "release",
        Expire = "expire",
    }
}

hos_core::names! {
    /// What is kept of a post.
    pub enum PostAttribute {
        Author = "author",
        Assignee = "assignee",
        City = "city",
        Digest = "digest",
    }
}

hos_core::acts! {
    /// What a person does to a post, and with what.
    pub enum PostAct for PostAction {
        Accept { applicant: String },
        Complete {},
        Cancel { reason: String },
        Release {},
    }
}

hos_core::names! {
    /// What pages ask for by themselves; actions ask for what the law says.
    pub enum Ability {
        ReadPost = "post.read",
        ReadDocument = "post.document",
        RatePost = "post.rate",
        ReadApplication = "application.read",
        ReadMessage = "message.read",
        VerifyAccount = "account.verify",
        ReadStatistics = "statistics.read",
    }
}

hos_core::names! {
    /// What a member of a bar may be.
    pub enum Role {
        Lawyer = "lawyer",
        Trainee = "trainee",
        Admin = "admin",
    }
}

/// Posts, as the law has them.
#[derive(Debug, Clone, Copy)]
pub struct Post;

impl Machine for Post {
    type State = PostState;
    type Action = PostAction;
    type Attribute = PostAttribute;
    type Act = PostAct;
    const WORLD: &'static str = "chat";
    const KIND: &'static str = "post";
}

impl PostState {
    /// What a list of posts says of one. A state that is added to the contract does not compile
    /// until it has its words here.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Active => "looking for a substitute",
            Self::Assigned => "somebody goes",
            Self::Completed => "done",
            Self::Cancelled => "called off",
        }
    }
}

impl PostAction {
    /// What its button says; none for what nobody presses.
    #[must_use]
    pub fn button(self) -> Option<&'static str> {
        match self {
            Self::Accept => Some("Accept"),
            Self::Complete => Some("It is done"),
            Self::Cancel => Some("Call it off"),
            Self::Release => Some("I cannot go"),
            Self::Expire => None,
        }
    }
}

/// The law of the world, and the options that hold it, and every later one, to these names.
///
/// # Errors
///
/// None, as for [`law`](crate::law::law).
pub fn typed() -> Result<(Law, HosOptions), LawError> {
    let options = HosOptions::default()
        .machine::<Post>()
        .machine::<Application>()
        .abilities::<Ability>(Post::WORLD)
        .roles::<Role>(Post::WORLD);
    Ok((crate::law::law()?, options))
}
