//! A command that is judged again after a conflict is one command: weighed, recorded and counted
//! once, as what it came to at last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hos_core::candidate::{Candidate, DivergenceCount};
use hos_core::command::{Command, StandingChange};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::hos::{Hos, HosOptions};
use hos_core::id::{ActorId, Role};
use hos_core::law::Law;
use hos_core::laws::Contracts as _;
use hos_core::memory::MemoryStore;
use hos_core::recording::Recorder;
use hos_core::time::{Clock, Timestamp};

use crate::desk::{Desk, block_on, builder, order, user, world};

/// A clock between whose reading and the commit somebody changes the standing, so many times.
struct Intruder {
    desk: Arc<Desk>,
    left: Arc<AtomicU64>,
}

impl Clock for Intruder {
    fn now(&self) -> Timestamp {
        let taken =
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if let Ok(left) = taken {
            let member = ActorId::new(format!("guest-{left}")).unwrap();
            let roles = vec![Role::new("clerk").unwrap()];
            self.desk.change("firm-1", StandingChange::SetMember { member, roles });
        }
        self.desk.clock.now()
    }
}

fn law(version: &str, payers: &'static str) -> Law {
    let contract = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", hos_core::value::Type::String)
        .attribute("total", hos_core::value::Type::Integer)
        .open("order.create", [] as [&str; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("cancel", ["paid"], "cancelled", "order.cancel").critical())
        .build()
        .unwrap();
    builder(version).contract(contract).allow("order.pay", [payers]).build().unwrap()
}

/// Another process over the same store, which conflicts as often as it is told.
struct Crowded {
    hos: Hos,
    recorder: Recorder,
    conflicts: Arc<AtomicU64>,
}

impl Crowded {
    fn new() -> Self {
        let store = MemoryStore::new();
        let desk = Arc::new(Desk::over(store.clone(), law("1", "clerk"), HosOptions::default()));
        for id in ["o", "p"] {
            desk.order(id, 5);
        }
        let (conflicts, recorder) = (Arc::default(), Recorder::one_in(1).unwrap());
        let intruder = Intruder { desk, left: Arc::clone(&conflicts) };
        let options = HosOptions::default().clock(intruder).recorder(&recorder);
        let hos = block_on(Hos::open_with([law("1", "clerk")], store, options)).unwrap();
        hos.set_candidate(&Candidate::new(law("2", "owner"))).unwrap();
        Self { hos, recorder, conflicts }
    }

    /// As if somebody came between `conflicts` times.
    fn does(&self, conflicts: u64, action: &str, orders: &[&str]) -> Vec<Result<(), &'static str>> {
        let clerk = user("clerk-1");
        let command =
            |id: &&str| Command::new(&clerk, &order(id), action).key(format!("{action} {id}"));
        let commands: Vec<Command> = orders.iter().map(command).collect();
        self.conflicts.store(conflicts, Ordering::SeqCst);
        let answers = match &*commands {
            [command] => vec![block_on(self.hos.transition(command))],
            commands => block_on(self.hos.transition_all(commands)),
        };
        assert_eq!(self.conflicts.load(Ordering::SeqCst), 0, "everybody came between");
        let code = |answer: Result<_, hos_core::error::Error>| {
            answer.map(drop).map_err(|error| error.refusal().unwrap().code())
        };
        answers.into_iter().map(code).collect()
    }

    fn outcomes(&self) -> Vec<String> {
        let records = self.recorder.take(100);
        records.into_iter().map(|record| record.attempt.unwrap().outcome).collect()
    }
}

fn losses(losses: u64) -> DivergenceCount {
    DivergenceCount { gains: 0, losses, others: 0 }
}

#[test]
fn a_commit_after_conflicts_is_one() {
    let crowded = Crowded::new();
    assert_eq!(crowded.does(2, "pay", &["o"]), [Ok(())]);
    let report = crowded.hos.divergences(&world()).unwrap();
    assert_eq!((report.judged, report.totals), (1, losses(1)));
    assert_eq!(crowded.outcomes(), ["moved"]);
}

#[test]
fn a_batch_after_conflicts_is_as_many_as_it_has_commands() {
    let crowded = Crowded::new();
    assert_eq!(crowded.does(3, "pay", &["o", "p"]), [Ok(()), Ok(())]);
    let report = crowded.hos.divergences(&world()).unwrap();
    assert_eq!((report.judged, report.totals), (2, losses(2)));
    assert_eq!(crowded.outcomes(), ["moved", "moved"]);
}

#[test]
fn a_denial_whose_evidence_met_a_conflict_is_counted_once() {
    for orders in [&["o"][..], &["o", "p"]] {
        let crowded = Crowded::new();
        let many = u64::try_from(orders.len()).unwrap();
        crowded.does(0, "pay", orders);
        let _paid = crowded.outcomes();
        assert_eq!(crowded.does(1, "cancel", orders), vec![Err("denied"); orders.len()]);
        let counts = crowded.hos.decision_counts(&world());
        assert_eq!(counts["order.cancel"].denied, many);
        assert_eq!(crowded.outcomes(), vec!["denied"; orders.len()]);
        assert_eq!(crowded.hos.divergences(&world()).unwrap().judged, 2 * many);
    }
}
