//! The world over the store in memory: posts, applications, messages, and who may touch them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chat::law::{OTHERS_MAX, accept, application_id, law, step_down};
use chat::post::{Ability, Post, PostAct, PostAction, PostAttribute, PostState, Role, typed};
use hos_core::actor::Actor;
use hos_core::command::{Command, Opening, STEPS_MAX, StandingChange, StandingCommand};
use hos_core::error::{Error, Refusal};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::receipt::{Effect, Receipt};
use hos_core::subject::Subject;
use hos_core::time::{Clock, ManualClock, SeededIds, Timestamp};
use hos_core::typed::{Machine as _, Names as _};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-12-01T12:00:00Z").unwrap()
}

/// The story's clock: shared with the law, so that it can be moved on.
#[derive(Clone)]
struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

struct Chat {
    hos: Hos,
    clock: Hands,
    keys: AtomicU64,
}

const TENANT: &str = "bar";

fn subject(kind: &str, id: &str) -> Subject {
    Subject::new("chat", TENANT, kind, id).unwrap()
}

fn lawyer(id: &str) -> Actor {
    Actor::user(id).unwrap().claim("verified", true).unwrap()
}

impl Chat {
    async fn new(lawyers: &[&str]) -> Self {
        let clock = Hands(Arc::new(ManualClock::at(noon())));
        let (law, options) = typed().unwrap();
        let options = options.clock(clock.clone()).ids(SeededIds::new(3));
        let hos = Hos::open_with([law], MemoryStore::new(), options).await.unwrap();
        let (world, tenant) = (World::new("chat").unwrap(), Tenant::new(TENANT).unwrap());
        let root = Actor::user("root").unwrap();
        hos.bootstrap(&world, root.id(), &"super_admin".parse().unwrap(), b"boot").await.unwrap();
        let chat = Self { hos, clock, keys: AtomicU64::new(0) };
        let change = |change| StandingCommand::new(&root, &world, &tenant, change).key(chat.key());
        chat.hos.change_standing(&change(StandingChange::AddTenant)).await.unwrap();
        let all = lawyers.iter().map(|id| (*id, Role::Lawyer));
        for (id, role) in all.chain([("stajyer", Role::Trainee), ("yonetici", Role::Admin)]) {
            let (member, roles) = (id.parse().unwrap(), vec![role.name().parse().unwrap()]);
            chat.hos
                .change_standing(&change(StandingChange::SetMember { member, roles }))
                .await
                .unwrap();
        }
        chat
    }

    fn key(&self) -> String {
        format!("k-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    async fn does(&self, command: Command) -> Result<Receipt, Error> {
        self.hos.transition(&command.key(self.key())).await
    }

    async fn post(&self, author: &Actor, id: &str) -> Subject {
        let post = subject("post", id);
        let opening = Opening::new(author, &post)
            .attribute(PostAttribute::Author.name(), author.id().as_str())
            .attribute(PostAttribute::City.name(), "Bursa")
            .attribute(PostAttribute::Digest.name(), "0".repeat(64))
            .key(self.key());
        self.hos.open(&opening).await.unwrap();
        post
    }

    async fn apply(&self, actor: &Actor, post: &Subject, author: &str) -> Result<Subject, Error> {
        let application = subject("application", &application_id(post, actor.id()));
        let opening = self.application(actor, post, author, &application);
        self.hos.open(&opening).await.map(|_| application)
    }

    fn application(&self, actor: &Actor, post: &Subject, author: &str, own: &Subject) -> Opening {
        Opening::new(actor, own)
            .attribute("applicant", actor.id().as_str())
            .attribute("author", author)
            .attribute("post", post.id.as_str())
            .attribute("post_state", "active")
            .attribute("post_expires_at", noon().after(Duration::from_secs(60)))
            .key(self.key())
    }

    async fn post_state(&self, post: &Subject) -> PostState {
        Post::state(&self.hos.situation(post).await.unwrap().unwrap().snapshot).unwrap()
    }

    async fn buttons(&self, actor: &Actor, post: &Subject) -> Vec<&'static str> {
        let allowed = self.hos.allowed_actions(actor, post).await.unwrap();
        Post::actions(&allowed).unwrap().into_iter().filter_map(PostAction::button).collect()
    }

    async fn state(&self, subject: &Subject) -> String {
        self.hos.situation(subject).await.unwrap().unwrap().snapshot.state.to_string()
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> String {
    refused_with(&answer.unwrap_err())
}

fn refused_with(error: &Error) -> String {
    error.refusal().unwrap().code().to_owned()
}

/// Every pair of states that some action joins, self-loops apart.
fn edges(kind: &str) -> Vec<String> {
    let law = law().unwrap();
    let contract = law.contract(kind).unwrap();
    let edges = contract.actions().iter().flat_map(|action| {
        let others = action.from().iter().filter(|from| *from != action.to());
        others.map(move |from| format!("{from}>{}", action.to()))
    });
    let mut edges: Vec<String> = edges.collect();
    edges.sort();
    edges.dedup();
    edges
}

#[test]
fn the_machines_have_exactly_the_pairs_of_the_acceptance_list() {
    assert_eq!(
        edges("post"),
        [
            "active>assigned",
            "active>cancelled",
            "assigned>active",
            "assigned>cancelled",
            "assigned>completed",
        ]
    );
    assert_eq!(
        edges("application"),
        ["accepted>withdrawn", "pending>accepted", "pending>rejected", "pending>withdrawn"]
    );
    assert_eq!(
        edges("message"),
        ["delivered>deleted", "delivered>read", "read>deleted", "sent>deleted", "sent>delivered",]
    );
}

#[test]
fn a_post_is_accepted_released_accepted_again_and_completed() {
    block_on(async {
        let chat = Chat::new(&["ayla", "bora", "can", "deniz"]).await;
        let (ayla, bora, can) = (lawyer("ayla"), lawyer("bora"), lawyer("can"));
        let post = chat.post(&ayla, "p-1").await;
        let first = chat.apply(&bora, &post, "ayla").await.unwrap();
        let second = chat.apply(&can, &post, "ayla").await.unwrap();
        assert_eq!(code(chat.apply(&can, &post, "ayla").await), "invalid_transition", "once each");

        let accepting = accept(&ayla, (&post, 1), (&first, bora.id()), &[]);
        let receipt = chat.does(accepting).await.unwrap();
        assert_eq!((receipt.effect, receipt.also.len()), (Effect::Moved, 1));
        assert_eq!(chat.state(&post).await, "assigned");
        let again = accept(&ayla, (&post, 1), (&second, can.id()), &[]);
        assert_eq!(code(chat.does(again).await), "stale_revision");
        assert_eq!(chat.state(&second).await, "pending", "nothing of the refused act stayed");

        let alone = Command::new(&ayla, &second, "accept").fact("with_post", false);
        assert_eq!(code(chat.does(alone).await), "guard_failed", "never without the post");
        let rejected = Command::new(&ayla, &first, "reject");
        assert_eq!(code(chat.does(rejected).await), "invalid_transition", "accepted is accepted");
        assert_eq!(code(chat.does(step_down(&can, (&post, 2), &first)).await), "denied");
        chat.does(step_down(&bora, (&post, 2), &first)).await.unwrap();
        assert_eq!(
            (&*chat.state(&post).await, &*chat.state(&first).await),
            ("active", "withdrawn")
        );

        let third = chat.apply(&lawyer("deniz"), &post, "ayla").await.unwrap();
        let chosen = accept(&ayla, (&post, 3), (&second, can.id()), std::slice::from_ref(&third));
        chat.does(chosen).await.unwrap();
        assert_eq!(chat.state(&third).await, "rejected");
        for (reader, sees) in [("ayla", true), ("can", true), ("bora", false), ("deniz", false)] {
            let query = Query::new(&lawyer(reader), Ability::ReadDocument.name(), &post);
            assert_eq!(chat.hos.can(&query).await.unwrap().permits(), sees, "{reader}");
            let rate = Query::new(&lawyer(reader), Ability::RatePost.name(), &post);
            assert!(!chat.hos.can(&rate).await.unwrap().permits(), "not before it is completed");
        }
        chat.does(Post::act(&ayla, &post, PostAct::Complete {})).await.unwrap();
        let rate = Query::new(&can, Ability::RatePost.name(), &post);
        assert!(chat.hos.can(&rate).await.unwrap().permits());
        let revived = Command::new(&Actor::user("root").unwrap(), &post, "release");
        assert_eq!(code(chat.does(revived).await), "terminal_state");
        let moves = chat.hos.history(&post, 0, 100).await.unwrap();
        assert_eq!(moves.len(), 5, "opened, accept, release, accept, complete");
    });
}

#[test]
fn a_page_is_drawn_from_enums() {
    block_on(async {
        let chat = Chat::new(&["ayla", "bora"]).await;
        let (ayla, bora) = (lawyer("ayla"), lawyer("bora"));
        let post = chat.post(&ayla, "p-1").await;
        assert_eq!(chat.post_state(&post).await, PostState::Active);
        assert_eq!(chat.buttons(&ayla, &post).await, ["Accept", "Call it off"]);
        assert_eq!(chat.buttons(&bora, &post).await, [""; 0]);
        let application = chat.apply(&bora, &post, "ayla").await.unwrap();
        let accepted = accept(&ayla, (&post, 1), (&application, bora.id()), &[]);
        let receipt = chat.does(accepted).await.unwrap();
        let moved = Post::moved(&receipt).unwrap();
        assert_eq!((moved.from, moved.to), (Some(PostState::Active), PostState::Assigned));
        assert_eq!(moved.action, Some(PostAction::Accept));
        assert_eq!(chat.post_state(&post).await.words(), "somebody goes");
        assert_eq!(chat.buttons(&bora, &post).await, ["I cannot go"]);
        assert!(PostState::ALL.iter().all(|state| !state.words().is_empty()));
    });
}

#[test]
fn one_acceptance_moves_up_to_sixteen_subjects_in_one_commit() {
    block_on(async {
        let names: Vec<String> = (0..20).map(|n| format!("lawyer-{n}")).collect();
        let chat = Chat::new(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let author = lawyer("lawyer-0");
        let post = chat.post(&author, "p-1").await;
        let mut applications = Vec::new();
        for name in names.iter().skip(1) {
            applications.push(chat.apply(&lawyer(name), &post, "lawyer-0").await.unwrap());
        }
        let (chosen, others) = applications.split_first().unwrap();
        let applicant = names[1].parse().unwrap();
        let command = accept(&author, (&post, 1), (chosen, &applicant), others);
        assert_eq!(command.steps().len(), STEPS_MAX);
        let receipt = chat.does(command).await.unwrap();
        assert_eq!(receipt.also.len(), OTHERS_MAX + 1);
        for (at, other) in others.iter().enumerate() {
            let expected = if at < OTHERS_MAX { "rejected" } else { "pending" };
            assert_eq!(chat.state(other).await, expected, "{other}");
        }
        let system = Actor::job("closer").unwrap();
        for other in others.iter().skip(OTHERS_MAX) {
            chat.does(Command::new(&system, other, "close")).await.unwrap();
        }
        assert_eq!(
            code(chat.does(Command::new(&system, chosen, "close")).await),
            "invalid_transition"
        );
    });
}

#[test]
fn of_64_acceptances_of_one_post_one_moves() {
    block_on(async {
        let names: Vec<String> = (0..65).map(|n| format!("lawyer-{n}")).collect();
        let chat = Chat::new(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let author = lawyer("lawyer-0");
        let post = chat.post(&author, "p-1").await;
        let mut commands = Vec::new();
        for name in names.iter().skip(1) {
            let own = chat.apply(&lawyer(name), &post, "lawyer-0").await.unwrap();
            let applicant = name.parse().unwrap();
            commands.push(accept(&author, (&post, 1), (&own, &applicant), &[]).key(chat.key()));
        }
        let answers = chat.hos.transition_all(&commands).await;
        let moved = answers.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!((moved, answers.len()), (1, 64));
        for answer in answers.into_iter().filter(Result::is_err) {
            assert_eq!(code(answer), "stale_revision");
        }
        let mut accepted = 0;
        for name in names.iter().skip(1) {
            let own = subject("application", &application_id(&post, &name.parse().unwrap()));
            accepted += usize::from(chat.state(&own).await == "accepted");
        }
        assert_eq!(accepted, 1);
    });
}

#[test]
fn only_a_verified_lawyer_applies_and_never_to_the_own_post() {
    block_on(async {
        let chat = Chat::new(&["ayla", "bora"]).await;
        let post = chat.post(&lawyer("ayla"), "p-1").await;
        let apply = |actor: Actor| {
            let chat = &chat;
            let post = &post;
            async move {
                let answer = chat.apply(&actor, post, "ayla").await;
                answer.as_ref().map_or_else(refused_with, |_| "applied".to_owned())
            }
        };
        assert_eq!(apply(Actor::user("bora").unwrap()).await, "denied", "not verified");
        let unverified = Actor::user("bora").unwrap().claim("verified", false).unwrap();
        assert_eq!(apply(unverified).await, "denied");
        assert_eq!(apply(lawyer("stajyer")).await, "denied", "a trainee");
        assert_eq!(apply(lawyer("nobody")).await, "denied", "no member");
        assert_eq!(apply(lawyer("ayla")).await, "denied", "the own post");
        assert_eq!(apply(Actor::user("root").unwrap()).await, "applied", "a superuser may");
    });
}

#[test]
fn nobody_applies_to_a_post_that_is_gone_or_over() {
    block_on(async {
        let chat = Chat::new(&["ayla", "bora"]).await;
        let (post, bora) = (chat.post(&lawyer("ayla"), "p-1").await, lawyer("bora"));
        let own = subject("application", &application_id(&post, bora.id()));
        let late = chat.application(&bora, &post, "ayla", &own);
        let gone = late.clone().attribute("post_state", "assigned").key(chat.key());
        chat.clock.0.advance(Duration::from_secs(60));
        match chat.hos.open(&gone).await.unwrap_err().refusal().unwrap() {
            Refusal::GuardFailed(codes) => assert_eq!(codes, &["post_not_active", "post_expired"]),
            other => panic!("{other}"),
        }
        assert_eq!(code(chat.hos.open(&late).await), "guard_failed");
    });
}

#[test]
fn a_post_expires_by_its_timer_once() {
    block_on(async {
        let chat = Chat::new(&["ayla"]).await;
        let post = chat.post(&lawyer("ayla"), "p-1").await;
        let due = noon().after(chat::law::POST_DURATION);
        let early = due.before(Duration::from_micros(1));
        assert_eq!(chat.hos.fire_due(early, 10).await.unwrap().len(), 0);
        chat.clock.0.set(due);
        let fired = chat.hos.fire_due(due, 10).await.unwrap();
        assert_eq!(fired[0].outcome.as_ref().unwrap().effect, Effect::Moved);
        assert_eq!(chat.state(&post).await, "cancelled");
        assert_eq!(chat.hos.fire_due(due, 10).await.unwrap().len(), 0);
    });
}

#[test]
fn a_message_goes_forward_by_its_receiver_and_is_edited_by_its_sender_for_a_while() {
    block_on(async {
        let chat = Chat::new(&["ayla", "bora", "can"]).await;
        let (ayla, bora, can) = (lawyer("ayla"), lawyer("bora"), lawyer("can"));
        let message = subject("message", "m-1");
        let send = |to: &str, bytes: u32| {
            Opening::new(&ayla, &message)
                .attribute("sender", "ayla")
                .attribute("receiver", to)
                .attribute("digest", "1".repeat(64))
                .attribute("bytes", bytes)
                .attribute("editable_until", noon().after(Duration::from_secs(900)))
                .key(format!("client-id {to} {bytes}"))
        };
        assert_eq!(code(chat.hos.open(&send("ayla", 5)).await), "denied", "to oneself");
        assert_eq!(code(chat.hos.open(&send("bora", 0)).await), "guard_failed");
        assert_eq!(code(chat.hos.open(&send("bora", 4_001)).await), "guard_failed");
        let sent = chat.hos.open(&send("bora", 4_000)).await.unwrap();
        let again = chat.hos.open(&send("bora", 4_000)).await.unwrap();
        assert!(again.replayed && again.proof_id == sent.proof_id, "one message, one id");

        let act = |actor: &Actor, action: &str| Command::new(actor, &message, action);
        assert_eq!(code(chat.does(act(&bora, "read")).await), "invalid_transition", "in order");
        assert_eq!(code(chat.does(act(&ayla, "deliver")).await), "denied", "not by the sender");
        assert_eq!(code(chat.does(act(&can, "deliver")).await), "denied", "no third");
        chat.does(act(&bora, "deliver")).await.unwrap();
        let edited = act(&ayla, "edit").input("digest", "2".repeat(64));
        assert_eq!(chat.does(edited.clone()).await.unwrap().effect, Effect::Moved, "a self-loop");
        let theirs = act(&bora, "edit").input("digest", "3".repeat(64));
        assert_eq!(code(chat.does(theirs).await), "denied");
        chat.does(act(&bora, "read")).await.unwrap();
        let twice = chat.does(act(&bora, "read")).await.unwrap();
        assert_eq!(twice.effect, Effect::Unchanged, "read once");
        assert_eq!(code(chat.does(act(&bora, "deliver")).await), "invalid_transition", "forward");
        chat.clock.0.advance(Duration::from_secs(901));
        assert_eq!(code(chat.does(edited).await), "guard_failed", "the window is over");
        assert_eq!(code(chat.does(act(&ayla, "delete")).await), "guard_failed");

        let history = chat.hos.history(&message, 0, 10).await.unwrap();
        assert_eq!(history.len(), 4);
        let first = &history[0].parts[0].body;
        assert!(first.contains(&"1".repeat(64)), "the first digest stays in the log");
        for (reader, sees) in [(&ayla, true), (&bora, true), (&can, false)] {
            let query = Query::new(reader, Ability::ReadMessage.name(), &message);
            assert_eq!(chat.hos.can(&query).await.unwrap().permits(), sees);
        }
    });
}
