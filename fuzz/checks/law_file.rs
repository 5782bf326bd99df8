//! Any text: it is refused with its faults, or it is one law, however often it is written and read.

use hos_core::actor::Actor;
use hos_core::law::{Law, LawDefinition};
use hos_core::policy::Question;
use hos_core::standing::{ActorStanding, Modes};
use hos_core::time::Timestamp;
use hos_core::value::Attributes;

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let law = match Law::from_json(text) {
        Ok(law) => law,
        Err(error) => {
            assert!(!error.faults().is_empty() && !error.to_string().is_empty());
            return;
        }
    };
    let definition: LawDefinition = serde_json::from_str(text).expect("it was read before");
    let written = serde_json::to_string(&definition).expect("a definition is written");
    let again = Law::from_json(&written).expect("a written law is read");
    assert_eq!(again.digest(), law.digest(), "{written}");
    let (actor, nothing) = (Actor::user("u-1").expect("an id"), Attributes::new());
    for ability in law.rules().abilities() {
        let question = Question {
            actor: &actor,
            ability: ability.as_str(),
            subject: &nothing,
            context: &nothing,
            standing: &ActorStanding::default(),
            modes: &Modes::default(),
            now: Timestamp::EPOCH,
        };
        let answer = law.rules().answer(&question).expect("the law knows its abilities");
        let explained = law.rules().explain(&question).map(|(answer, _)| answer);
        assert_eq!(explained, Some(answer), "reasons change no answer");
        assert_eq!(again.rules().answer(&question), Some(answer), "same bytes, same decisions");
    }
}
