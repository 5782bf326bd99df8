//! The law of the chat world: posts, applications to them, and messages.

use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::{Command, STEPS_MAX};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::LawError;
use hos_core::id::ActorId;
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::subject::Subject;
use hos_core::typed::{Machine as _, Names};
use hos_core::value::Type;

use crate::application::{Application, ApplicationAct, ApplicationState};
use crate::post::{Post, PostAct, PostState};

/// How long a post stays active.
pub const POST_DURATION: Duration = Duration::from_secs(30 * 86_400);
/// The longest message, in bytes.
pub const MESSAGE_BYTES_MAX: u32 = 4_000;
/// The most other applications that one acceptance turns down; the rest are closed by the system.
pub const OTHERS_MAX: usize = STEPS_MAX - 2;

const AUTHOR: &str = "subject.author == actor.id";
const ASSIGNEE: &str = "has(subject.assignee) && subject.assignee == actor.id";
const EITHER: &str = "subject.author == actor.id \
     || has(subject.assignee) && subject.assignee == actor.id";
const APPLICANT: &str = "subject.applicant == actor.id";
const VERIFIED: &str = "has(actor.verified) && actor.verified && subject.applicant == actor.id";
const SENDER: &str = "subject.sender == actor.id";
const RECEIVER: &str = "subject.receiver == actor.id";

/// The law of the world.
///
/// # Errors
///
/// None: a test builds it. The type is that of every law.
pub fn law() -> Result<Law, LawError> {
    Law::builder("chat", "2026-12-01")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("member"),
            RoleDefinition::new("lawyer").inherits("member"),
            RoleDefinition::new("trainee").inherits("member"),
            RoleDefinition::new("admin").inherits("member"),
            RoleDefinition::implicit("system", ActorKind::Job),
        ])
        .claim("verified", Type::Bool)
        .allow("post.read", ["member"])
        .allow_if("post.create", ["member"], AUTHOR)
        .allow_if("post.accept", ["member"], AUTHOR)
        .allow_if("post.complete", ["member"], AUTHOR)
        .allow_if("post.cancel", ["member"], AUTHOR)
        .allow_if("post.release", ["member"], ASSIGNEE)
        .allow("post.expire", ["system"])
        // The document names both, and only both may have it: not before one was accepted.
        .allow_if("post.document", ["member"], EITHER)
        .forbid_if("post.document", [""; 0], r#"!(subject.state in ["assigned", "completed"])"#)
        .allow_if("post.rate", ["member"], EITHER)
        .forbid_if("post.rate", [""; 0], r#"subject.state != "completed""#)
        .allow_if("application.create", ["lawyer"], VERIFIED)
        .forbid_if("application.create", [""; 0], "subject.author == actor.id")
        .allow_if("application.read", ["member"], "subject.author == actor.id")
        .allow_if("application.read", ["member"], APPLICANT)
        .allow_if("application.decide", ["member"], AUTHOR)
        .allow("application.close", ["system"])
        .allow_if("application.close", ["member"], AUTHOR)
        .allow_if("application.withdraw", ["member"], APPLICANT)
        .allow_if("message.send", ["member"], SENDER)
        .forbid_if("message.send", [""; 0], "subject.sender == subject.receiver")
        .allow_if("message.read", ["member"], SENDER)
        .allow_if("message.read", ["member"], RECEIVER)
        .allow_if("message.receive", ["member"], RECEIVER)
        .allow_if("message.edit", ["member"], SENDER)
        .allow("account.verify", ["admin"])
        .allow("statistics.read", ["admin"])
        .allow("hos.record", ["member"])
        .critical(["post.accept", "application.decide", "account.verify"])
        .contract(post()?)
        .contract(application()?)
        .contract(message()?)
        .build()
}

/// A post: four states, five pairs of them.
///
/// # Errors
///
/// None, as for [`law`].
pub fn post() -> Result<Contract, LawError> {
    Contract::builder(Post::KIND, "1")
        .states(PostState::names())
        .initial(PostState::Active.name())
        .terminal([PostState::Completed, PostState::Cancelled].map(Names::name))
        .attribute("author", Type::String)
        .attribute("assignee", Type::String)
        .attribute("city", Type::String)
        .attribute("digest", Type::String)
        .open("post.create", ["author", "city", "digest"])
        .open_topic("post.opened")
        .action(
            ActionDefinition::new("accept", ["active"], "assigned", "post.accept")
                .input("applicant", Type::String)
                .guard("own_application", "input.applicant != subject.author")
                .set("assignee", "input.applicant")
                .topic("post.assigned"),
        )
        .action(ActionDefinition::new("complete", ["assigned"], "completed", "post.complete"))
        .action(
            ActionDefinition::new("cancel", ["active", "assigned"], "cancelled", "post.cancel")
                .input("reason", Type::String)
                .guard("reason_too_short", "size(input.reason) >= 10")
                .topic("post.cancelled"),
        )
        .action(
            ActionDefinition::new("release", ["assigned"], "active", "post.release")
                .set("assignee", r#""""#)
                .topic("post.released"),
        )
        .action(
            ActionDefinition::new("expire", ["active"], "cancelled", "post.expire")
                .topic("post.expired"),
        )
        .timer("active", POST_DURATION, "expire")
        .build()
}

/// An application to a post: four states, four pairs of them.
///
/// It is accepted, and stepped down from, only as one act with its post: the fact `with_post` is
/// given by [`accept`] and [`step_down`], and by nobody else.
///
/// # Errors
///
/// None, as for [`law`].
pub fn application() -> Result<Contract, LawError> {
    Contract::builder(Application::KIND, "1")
        .states(ApplicationState::names())
        .initial(ApplicationState::Pending.name())
        .terminal([ApplicationState::Rejected, ApplicationState::Withdrawn].map(Names::name))
        .attribute("applicant", Type::String)
        .attribute("author", Type::String)
        .attribute("post", Type::String)
        .attribute("post_state", Type::String)
        .attribute("post_expires_at", Type::Time)
        .open(
            "application.create",
            ["applicant", "author", "post", "post_state", "post_expires_at"],
        )
        .open_guard("post_not_active", r#"subject.post_state == "active""#)
        .open_guard("post_expired", "now < subject.post_expires_at")
        .action(
            ActionDefinition::new("accept", ["pending"], "accepted", "application.decide")
                .fact("with_post", Type::Bool)
                .guard("without_post", "facts.with_post")
                .topic("application.accepted"),
        )
        .action(
            ActionDefinition::new("reject", ["pending"], "rejected", "application.decide")
                .topic("application.rejected"),
        )
        .action(
            ActionDefinition::new("close", ["pending"], "rejected", "application.close")
                .topic("application.rejected"),
        )
        .action(ActionDefinition::new("withdraw", ["pending"], "withdrawn", "application.withdraw"))
        .action(
            ActionDefinition::new("step_down", ["accepted"], "withdrawn", "application.withdraw")
                .fact("with_post", Type::Bool)
                .guard("without_post", "facts.with_post"),
        )
        .build()
}

/// A message: forward only by its receiver, edited and deleted only by its sender, for a while.
///
/// # Errors
///
/// None, as for [`law`].
pub fn message() -> Result<Contract, LawError> {
    let edit = |state: &str| {
        ActionDefinition::new("edit", [state], state, "message.edit")
            .input("digest", Type::String)
            .guard("not_a_digest", "size(input.digest) == 64")
            .guard("window_over", "now <= subject.editable_until")
            .set("digest", "input.digest")
            .topic("message.edited")
    };
    Contract::builder("message", "1")
        .states(["sent", "delivered", "read", "deleted"])
        .initial("sent")
        .terminal(["deleted"])
        .attribute("sender", Type::String)
        .attribute("receiver", Type::String)
        .attribute("digest", Type::String)
        .attribute("bytes", Type::Integer)
        .attribute("editable_until", Type::Time)
        .open("message.send", ["sender", "receiver", "digest", "bytes", "editable_until"])
        .open_guard("not_a_digest", "size(subject.digest) == 64")
        .open_guard("empty", "subject.bytes >= 1")
        .open_guard("too_long", &format!("subject.bytes <= {MESSAGE_BYTES_MAX}"))
        .open_topic("message.sent")
        .action(
            ActionDefinition::new("deliver", ["sent"], "delivered", "message.receive")
                .topic("message.delivered"),
        )
        .action(
            ActionDefinition::new("read", ["delivered"], "read", "message.receive")
                .topic("message.read"),
        )
        .action(edit("sent"))
        .action(edit("delivered"))
        .action(edit("read"))
        .action(
            ActionDefinition::new(
                "delete",
                ["sent", "delivered", "read"],
                "deleted",
                "message.edit",
            )
            .guard("window_over", "now <= subject.editable_until")
            .topic("message.deleted"),
        )
        .build()
}

/// The id of an actor's application to a post: one per pair, whoever sends it how often.
#[must_use]
pub fn application_id(post: &Subject, applicant: &ActorId) -> String {
    format!("{}:{applicant}", post.id)
}

/// Accepts one application: the post is assigned, the application accepted, and the others, at
/// most [`OTHERS_MAX`], turned down, in one commit.
///
/// `seen` is the revision of the post that the author saw. It is not optional: a post that is
/// assigned already would be left unchanged, and a second application accepted beside the first.
pub fn accept(
    author: &Actor,
    (post, seen): (&Subject, u64),
    (chosen, applicant): (&Subject, &ActorId),
    others: &[Subject],
) -> Command {
    let command = Post::act(author, post, PostAct::Accept { applicant: applicant.to_string() });
    let command =
        Application::and(command.seen(seen), chosen, ApplicationAct::Accept { with_post: true });
    others
        .iter()
        .take(OTHERS_MAX)
        .fold(command, |command, other| Application::and(command, other, ApplicationAct::Close {}))
}

/// The assignee steps down: the post is active again and the application withdrawn, in one commit.
pub fn step_down(
    assignee: &Actor,
    (post, seen): (&Subject, u64),
    application: &Subject,
) -> Command {
    let command = Post::act(assignee, post, PostAct::Release {}).seen(seen);
    Application::and(command, application, ApplicationAct::StepDown { with_post: true })
}
