//! Commands from a seed: many that fit, some that do not.

use std::time::Duration;

use hos_core::actor::Actor;
use hos_core::command::{Adoption, Command, Opening, Record, StandingChange, StandingCommand};
use hos_core::id::{Ability, ActorId, Role, Tenant, World};
use hos_core::laws::Query;
use hos_core::standing::{AbilityPattern, Mode, WorldStatus};
use hos_core::subject::Subject;

use crate::law::{OTHER_WORLD, WORLD};
use crate::random::Random;

const WORLDS: [&str; 5] = [WORLD, WORLD, WORLD, WORLD, OTHER_WORLD];
const FIRMS: [&str; 4] = ["firm-1", "firm-1", "Firm-1", "firm-1 "];
const KINDS: [&str; 6] = ["order", "order", "lamp", "lamp", "payment", "task"];
const IDS: [&str; 6] = ["a", "A", "a ", "é", "e\u{301}", "%"];
const ACTORS: [&str; 8] = ["root", "ann", "ann", "ann", "Ann", "bob", "bob ", "cem"];
const ACTIONS: [&str; 10] =
    ["pay", "ship", "deliver", "touch", "cancel", "light", "dim", "smash", "settle", "finish"];
const ROLES: [&str; 5] = ["owner", "clerk", "foreman", "viewer", "auditor"];
const ABILITIES: [&str; 5] =
    ["order.pay", "order.cancel", "lamp.switch", "payment.settle", "order.read"];
const TEXTS: [&str; 5] = ["", "held", "çay \"demli\"", "x\u{0}y", "\u{1f600}"];

/// One thing that both backends are asked to do.
#[derive(Debug)]
pub(super) enum Step {
    Bootstrap(&'static str),
    Open(Opening),
    Adopt(Adoption),
    Transition(Command),
    Batch(Vec<Command>),
    Record(Record),
    Standing(StandingCommand),
    Ask((Actor, Query), Subject),
    Fire,
    Sweep,
    Advance(u64),
    Reopen,
}

pub(super) struct Generator {
    random: Random,
    made: usize,
    keys: u64,
}

impl Generator {
    pub(super) fn new(random: Random) -> Self {
        Self { random, made: 0, keys: 0 }
    }

    /// First the cast, so that most of what follows is permitted; then anything.
    pub(super) fn step(&mut self) -> Step {
        let at = self.made;
        self.made += 1;
        match at {
            0 => Step::Bootstrap(WORLD),
            1 => Step::Bootstrap(OTHER_WORLD),
            2..8 => {
                let firm = Tenant::new(["firm-1", "Firm-1", "firm-1 "][(at - 2) % 3]).unwrap();
                let world = World::new([WORLD, OTHER_WORLD][(at - 2) / 3]).unwrap();
                let root = Actor::user("root").unwrap();
                let add = StandingChange::AddTenant;
                Step::Standing(StandingCommand::new(&root, &world, &firm, add).key(self.key()))
            }
            8..14 => {
                let firm = Tenant::new(["firm-1", "Firm-1", "firm-1 "][(at - 8) % 3]).unwrap();
                let world = World::new([WORLD, OTHER_WORLD][(at - 8) / 3]).unwrap();
                let root = Actor::user("root").unwrap();
                let roles = vec![Role::new("owner").unwrap()];
                let change =
                    StandingChange::SetMember { member: ActorId::new("ann").unwrap(), roles };
                Step::Standing(StandingCommand::new(&root, &world, &firm, change).key(self.key()))
            }
            _ => self.any(),
        }
    }

    fn any(&mut self) -> Step {
        match self.random.below(100) {
            0..18 => Step::Open(self.opening()),
            18..21 => {
                let state = *self.random.one_of(&["paid", "on", "settled", "cancelled", "lost"]);
                let reason = *self.random.one_of(&["before", "before", ""]);
                Step::Adopt(Adoption::new(self.opening(), state, reason))
            }
            21..58 => Step::Transition(self.command()),
            58..68 => {
                let count = self.random.below(12);
                Step::Batch((0..count).map(|_| self.command()).collect())
            }
            68..74 => Step::Record(self.record()),
            74..86 => Step::Standing(self.standing()),
            86..91 => {
                let (actor, subject) = (self.actor(), self.subject());
                let ability = *self.random.one_of(&ABILITIES);
                let query = Query::new(&actor, ability, &subject);
                Step::Ask((actor, query), subject)
            }
            91..94 => Step::Fire,
            94 => Step::Sweep,
            95..98 => {
                let choices = [1, 60, 3_600, 7_200, 86_400, 7 * 86_400];
                Step::Advance(*self.random.one_of(&choices))
            }
            _ => Step::Reopen,
        }
    }

    /// Mostly fresh; sometimes one that was used before.
    fn key(&mut self) -> Vec<u8> {
        let used = self.keys > 0 && self.random.below(8) == 0;
        let number = if used {
            self.random.below(self.keys)
        } else {
            self.keys += 1;
            self.keys
        };
        [b"key\0".as_slice(), &number.to_be_bytes()].concat()
    }

    fn actor(&mut self) -> Actor {
        let id = *self.random.one_of(&ACTORS);
        match self.random.below(12) {
            0 => Actor::service(id).unwrap(),
            1 => Actor::job(id).unwrap(),
            _ => Actor::user(id).unwrap(),
        }
    }

    fn subject(&mut self) -> Subject {
        let (world, firm) = (*self.random.one_of(&WORLDS), *self.random.one_of(&FIRMS));
        let (kind, id) = (*self.random.one_of(&KINDS), *self.random.one_of(&IDS));
        let id = format!("{id}{}", self.random.below(4));
        Subject::new(world, firm, kind, &id).unwrap()
    }

    fn opening(&mut self) -> Opening {
        let (actor, subject) = (self.actor(), self.subject());
        let opening = Opening::new(&actor, &subject).key(self.key());
        if subject.kind != "order" {
            return opening;
        }
        let opening = opening.attribute("customer", *self.random.one_of(&["ann", "cem", "x"]));
        match self.random.below(3) {
            0 => opening,
            1 => opening.attribute("total", i64::try_from(self.random.below(200)).unwrap()),
            _ => opening.attribute("note", *self.random.one_of(&TEXTS)).attribute("urgent", true),
        }
    }

    fn command(&mut self) -> Command {
        let (actor, subject) = (self.actor(), self.subject());
        let mut command = if self.random.below(6) == 0 {
            let states = ["paid", "cancelled", "waiting", "on", "off", "broken", "settled", "done"];
            let state = *self.random.one_of(&states);
            Command::to(&actor, &subject, state)
        } else {
            let action = *self.random.one_of(actions(subject.kind.as_str()));
            let command = Command::new(&actor, &subject, action);
            let carrier = *self.random.one_of(&["post", "x", "held"]);
            match action {
                "ship" => command.input("carrier", carrier).fact("stock", 2),
                "touch" => command.input("note", *self.random.one_of(&TEXTS)),
                _ => command,
            }
        };
        if self.random.below(5) == 0 {
            command = command.seen(self.random.below(5));
        }
        if self.random.below(5) == 0 {
            let mut other = self.subject();
            other.world = subject.world.clone();
            other.tenant = subject.tenant.clone();
            let action = *self.random.one_of(actions(other.kind.as_str()));
            command = command.and(&other, action);
        }
        if self.random.below(4) == 0 {
            command = command.traceparent("00-1-2-01");
        }
        command.key(self.key())
    }

    fn record(&mut self) -> Record {
        let (actor, subject) = (self.actor(), self.subject());
        let record = if self.random.below(2) == 0 {
            Record::about(&actor, &subject, "call")
        } else {
            Record::new(&actor, &subject.world, &subject.tenant, "audit_done")
        };
        record.payload("text", *self.random.one_of(&TEXTS)).key(self.key())
    }

    fn standing(&mut self) -> StandingCommand {
        let Subject { world, tenant, .. } = self.subject();
        let in_world = self.random.below(5) == 0;
        let tenant = if in_world { Tenant::world() } else { tenant };
        let by_root = self.random.below(3) == 0;
        let actor = if by_root { Actor::user("root").unwrap() } else { self.actor() };
        let change = self.change();
        StandingCommand::new(&actor, &world, &tenant, change).key(self.key())
    }

    fn change(&mut self) -> StandingChange {
        let target = ActorId::new(self.random.one_of(&ACTORS[1..])).unwrap();
        let reason = "for a reason".to_owned();
        let duration = Duration::from_secs(60 * (1 + self.random.below(100)));
        match self.random.below(12) {
            0..5 => {
                let count = self.random.below(3);
                let mut roles: Vec<Role> =
                    (0..count).map(|_| Role::new(self.random.one_of(&ROLES)).unwrap()).collect();
                roles.push(Role::new("owner").unwrap());
                roles.sort();
                roles.dedup();
                StandingChange::SetMember { member: target, roles }
            }
            5 => StandingChange::Ban { target, reason },
            6 | 7 => StandingChange::Unban { target },
            8 => {
                let patterns = ["order.pay", "lamp.*", "*"];
                let pattern = *self.random.one_of(&patterns);
                let pattern = AbilityPattern::parse(pattern).unwrap();
                StandingChange::Grant { target, pattern, duration, reason }
            }
            9 => StandingChange::BreakGlass { duration, reason },
            10 => {
                let ability = Ability::new(self.random.one_of(&ABILITIES)).unwrap();
                let ability = (self.random.below(3) > 0).then_some(ability);
                let modes = [None, None, Some(Mode::Enforce), Some(Mode::Shadow), Some(Mode::Off)];
                StandingChange::SetMode { ability, mode: *self.random.one_of(&modes) }
            }
            _ => {
                let statuses = [WorldStatus::Open, WorldStatus::Open, WorldStatus::Closed];
                StandingChange::SetWorld { status: *self.random.one_of(&statuses) }
            }
        }
    }
}

/// What a kind knows, and now and then what it does not.
fn actions(kind: &str) -> &'static [&'static str] {
    match kind {
        "order" => &["pay", "pay", "ship", "deliver", "touch", "touch", "cancel", "expire"],
        "lamp" => &["light", "light", "light", "dim", "dim", "dim", "smash"],
        "payment" => &["settle", "fail", "settle"],
        "task" => &["finish"],
        _ => &ACTIONS,
    }
}
