//! Every interleaving of concurrent commands, at the grain of store calls, run one by one.
//!
//! Ground rule 9: a role revoked, an actor banned, a grant ended, a mode changed or a world closed
//! between judging and committing is never overtaken by the commit. Ground rule 5: of parallel
//! one-shot transitions one moves.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::id::Ability;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_core::proof::EntryType;
use hos_core::standing::{AbilityPattern, Mode, Standing, WorldStatus};
use hos_core::store::{Ask, Store};

type Task<'a> = Pin<Box<dyn Future<Output = Result<Receipt, Error>> + 'a>>;

/// Yields once before each call, so that a scheduler may run somebody else there.
struct Stepping {
    store: MemoryStore,
    committed: Arc<Mutex<Vec<EntryType>>>,
}

#[async_trait]
impl Store for Stepping {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        yield_once().await;
        self.store.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        yield_once().await;
        let outcomes = self.store.commit_all(commits).await;
        for (commit, outcome) in commits.iter().zip(&outcomes) {
            if matches!(outcome, Ok(Outcome::Committed)) {
                let types = commit.entries().iter().map(hos_core::proof::Entry::type_);
                self.committed.lock().unwrap().extend(types);
            }
        }
        outcomes
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// Runs the tasks under one schedule: at each step the next choice names who goes on. Returns the
/// answers, and at each step how many could have gone on.
fn run(mut tasks: Vec<Task<'_>>, schedule: &[usize]) -> (Vec<Result<Receipt, Error>>, Vec<usize>) {
    let mut answers: Vec<Option<Result<Receipt, Error>>> = tasks.iter().map(|_| None).collect();
    let mut widths = Vec::new();
    let mut context = Context::from_waker(Waker::noop());
    loop {
        let ready: Vec<usize> = (0..tasks.len()).filter(|at| answers[*at].is_none()).collect();
        if ready.is_empty() {
            break;
        }
        let choice = schedule.get(widths.len()).copied().unwrap_or(0);
        widths.push(ready.len());
        let at = ready[choice];
        if let Poll::Ready(answer) = tasks[at].as_mut().poll(&mut context) {
            answers[at] = Some(answer);
        }
    }
    (answers.into_iter().map(Option::unwrap).collect(), widths)
}

/// Tries every schedule, depth first; says how many there were.
fn every_schedule(mut try_one: impl FnMut(&[usize]) -> Vec<usize>) -> usize {
    let mut schedule: Vec<usize> = Vec::new();
    let mut runs = 0;
    loop {
        let widths = try_one(&schedule);
        runs += 1;
        schedule.resize(widths.len(), 0);
        while let Some(last) = schedule.pop() {
            if last + 1 < widths[schedule.len()] {
                schedule.push(last + 1);
                break;
            }
        }
        if schedule.is_empty() {
            return runs;
        }
    }
}

fn law() -> Law {
    let job = Contract::builder("job", "1")
        .states(["waiting", "running", "done"])
        .initial("waiting")
        .terminal(["done"])
        .open("job.open", Vec::<String>::new())
        .action(ActionDefinition::new("start", ["waiting"], "running", "job.start"))
        .action(ActionDefinition::new("finish", ["running"], "done", "job.finish"))
        .build()
        .unwrap();
    Law::builder("port", "1")
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("crew")])
        .allow("job.*", ["crew"])
        .contract(job)
        .build()
        .unwrap()
}

struct Stage {
    hos: Hos,
    store: MemoryStore,
    world: World,
    tenant: Tenant,
    root: Actor,
    job: Subject,
}

impl Stage {
    async fn new() -> Self {
        let store = MemoryStore::new();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        let world = World::new("port").unwrap();
        let role = Role::new("root").unwrap();
        hos.bootstrap(&world, &ActorId::new("root-1").unwrap(), &role, b"boot").await.unwrap();
        let stage = Self {
            hos,
            store,
            world,
            tenant: Tenant::new("pier-1").unwrap(),
            root: Actor::user("root-1").unwrap(),
            job: Subject::new("port", "pier-1", "job", "j-1").unwrap(),
        };
        stage.change(StandingChange::AddTenant, "tenant").await;
        stage.hos.open(&Opening::new(&stage.root, &stage.job).key("open")).await.unwrap();
        stage
    }

    fn command(&self, change: StandingChange, key: &str) -> StandingCommand {
        let scope = match change {
            StandingChange::SetWorld { .. } => Tenant::world(),
            _ => self.tenant.clone(),
        };
        StandingCommand::new(&self.root, &self.world, &scope, change).key(key)
    }

    async fn change(&self, change: StandingChange, key: &str) -> Receipt {
        self.hos.change_standing(&self.command(change, key)).await.unwrap()
    }
}

/// Races one transition of an actor against a change that takes its permission away.
///
/// The change is made by a second `Hos` over the same store, as another process would.
fn never_overtaken(
    grant: &StandingChange,
    revoke: impl Fn(&Receipt) -> StandingChange,
    revoked: EntryType,
) {
    let runs = every_schedule(|schedule| {
        let stage = block_on(Stage::new());
        let granted = block_on(stage.change(grant.clone(), "grant"));
        let committed = Arc::new(Mutex::new(Vec::new()));
        let stepping = || Stepping { store: stage.store.clone(), committed: committed.clone() };
        let worker = Actor::user("crew-1").unwrap();
        let start = Command::new(&worker, &stage.job, "start").key("start");
        let revoke = stage.command(revoke(&granted), "revoke");
        let (mover, changer) = (stage.hos.over(stepping()), Stand(&stage.hos, stepping()));
        let tasks: Vec<Task<'_>> =
            vec![Box::pin(async { mover.transition(&start).await }), Box::pin(changer.go(&revoke))];
        let (answers, widths) = run(tasks, schedule);
        let order = committed.lock().unwrap().clone();
        let at = |type_| order.iter().position(|entry| *entry == type_);
        answers[1].as_ref().unwrap();
        match &answers[0] {
            Ok(_) => assert!(at(EntryType::Transition) < at(revoked), "{schedule:?}: {order:?}"),
            Err(_) => assert_eq!(at(EntryType::Transition), None, "{schedule:?}: {order:?}"),
        }
        widths
    });
    assert!(runs >= 6, "only {runs} schedules");
}

/// Changes standing through a store of its own, with the usual retries.
struct Stand<'a>(&'a Hos, Stepping);

impl Stand<'_> {
    async fn go(&self, command: &StandingCommand) -> Result<Receipt, Error> {
        // A change of standing retries inside; its loads and commits are one step here.
        yield_once().await;
        let receipt = self.0.change_standing(command).await?;
        let entry = match command.change() {
            StandingChange::SetMember { .. } => EntryType::Member,
            StandingChange::Ban { .. } => EntryType::Ban,
            StandingChange::RevokeGrant { .. } => EntryType::Grant,
            StandingChange::SetMode { .. } => EntryType::Mode,
            _ => EntryType::World,
        };
        self.1.committed.lock().unwrap().push(entry);
        Ok(receipt)
    }
}

fn crew() -> StandingChange {
    let member = ActorId::new("crew-1").unwrap();
    StandingChange::SetMember { member, roles: vec![Role::new("crew").unwrap()] }
}

#[test]
fn a_revoked_role_is_never_overtaken() {
    let member = ActorId::new("crew-1").unwrap();
    let revoke = |_: &Receipt| StandingChange::SetMember { member: member.clone(), roles: vec![] };
    never_overtaken(&crew(), revoke, EntryType::Member);
}

#[test]
fn a_ban_is_never_overtaken() {
    let target = ActorId::new("crew-1").unwrap();
    let ban = |_: &Receipt| StandingChange::Ban { target: target.clone(), reason: "x".into() };
    never_overtaken(&crew(), ban, EntryType::Ban);
}

#[test]
fn an_ended_grant_is_never_overtaken() {
    let target = ActorId::new("crew-1").unwrap();
    let grant = StandingChange::Grant {
        target: target.clone(),
        pattern: AbilityPattern::parse("job.start").unwrap(),
        duration: Duration::from_secs(60),
        reason: "night shift".into(),
    };
    let revoke = |granted: &Receipt| StandingChange::RevokeGrant {
        target: target.clone(),
        grant: granted.proof_id,
    };
    never_overtaken(&grant, revoke, EntryType::Grant);
}

#[test]
fn a_mode_is_never_overtaken() {
    let ability = Some(Ability::new("job.start").unwrap());
    let off = StandingChange::SetMode { ability: ability.clone(), mode: Some(Mode::Off) };
    let enforce = |_: &Receipt| StandingChange::SetMode { ability: ability.clone(), mode: None };
    never_overtaken(&off, enforce, EntryType::Mode);
}

#[test]
fn a_closed_world_is_never_overtaken() {
    let close = |_: &Receipt| StandingChange::SetWorld { status: WorldStatus::Closed };
    never_overtaken(&crew(), close, EntryType::World);
}

#[test]
fn of_parallel_one_shot_transitions_one_moves() {
    let runs = every_schedule(|schedule| {
        let stage = block_on(Stage::new());
        let committed = Arc::new(Mutex::new(Vec::new()));
        let stepping = || Stepping { store: stage.store.clone(), committed: committed.clone() };
        let commands: Vec<Command> = (0..3)
            .map(|n| Command::new(&stage.root, &stage.job, "start").key(format!("k-{n}")))
            .collect();
        let movers: Vec<_> = commands.iter().map(|_| stage.hos.over(stepping())).collect();
        let tasks = movers.iter().zip(&commands);
        let tasks: Vec<Task<'_>> =
            tasks.map(|(mover, command)| mover.transition(command)).map(|task| task as _).collect();
        let (answers, widths) = run(tasks, schedule);
        let moved = answers.iter().flatten().filter(|answer| answer.effect == Effect::Moved);
        assert_eq!(moved.count(), 1, "{schedule:?}");
        let losers = answers.iter().filter_map(|answer| answer.as_ref().err());
        assert!(losers.flat_map(Error::refusal).all(|refusal| *refusal == Refusal::Conflict));
        assert_eq!(committed.lock().unwrap().len(), 1, "{schedule:?}: one proof");
        widths
    });
    assert!(runs >= 90, "only {runs} schedules");
}
