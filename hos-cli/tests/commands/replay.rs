//! `hos replay`.

use hos_core::actor::ActorKind;
use hos_core::policy::DecisionEffect;
use hos_core::recording::DecisionRecord;
use hos_core::time::Timestamp;

use crate::program::{Desk, document, ends, hos};
use crate::shop::{LAW, law};

fn record(ability: &str, effect: DecisionEffect) -> DecisionRecord {
    let law = law();
    DecisionRecord {
        at: Timestamp::EPOCH,
        world: law.world().clone(),
        tenant: "firm-1".parse().unwrap(),
        policy_version: law.version().clone(),
        policy_digest: law.digest(),
        actor_kind: ActorKind::User,
        actor: Some("c-1".parse().unwrap()),
        claims: Default::default(),
        ability: ability.to_owned(),
        subject: None,
        context: Default::default(),
        roles: vec!["clerk".parse().unwrap()],
        world_roles: Vec::new(),
        grants: Vec::new(),
        banned: false,
        effect,
        redacted: Default::default(),
        attempt: None,
    }
}

#[test]
fn a_candidate_is_ready_when_everything_comes_out_as_expected() {
    let desk = Desk::new();
    let live = desk.put("live.json", LAW);
    let next = LAW
        .replace("[\"order.open\", ", "[")
        .replace("\"version\": \"1\",\n  \"r", "\"version\": \"2\",\n  \"r");
    let next = desk.put("next.json", next);
    let line = record("order.pay", DecisionEffect::Allow).to_json();
    let gone = record("order.open", DecisionEffect::Allow).to_json();
    let many = format!("{line}\n").repeat(998);
    let records = desk.put("records.jsonl", format!("{many}{gone}\n\n{line}"));
    let words = ["replay", &records, "--live", &live, "--candidate", &next];
    ends(&hos(&words), 6, &["not ready", "`order.open`", "--expect order.open", "loses: c-1"]);
    let expecting = [&words[..], &["--expect", "order.open"]].concat();
    ends(&hos(&expecting), 0, &["ready: 1000 decisions"]);
    let told = document(&words, 6);
    assert_eq!(
        (&told["report"]["would_deny"], &told["report"]["unchanged"]),
        (&1.into(), &999.into())
    );
    assert_eq!(told["ready"], false);
    let same = ["replay", &records, "--live", &live, "--candidate", &live];
    ends(&hos(&same), 0, &["ready"]);
    let misspelt = [&expecting[..], &["--expect", "order.opne"]].concat();
    ends(&hos(&misspelt), 6, &["not ready", "`--expect order.opne`: neither law knows it"]);
    let one = desk.put("one.jsonl", &line);
    let one = ["replay", &one, "--live", &live, "--candidate", &live];
    ends(&hos(&one), 6, &["not ready", "1 records can be weighed"]);
}

#[test]
fn what_the_candidate_changes_is_seen_before_it_is_ready() {
    let desk = Desk::new();
    let live = desk.put("live.json", LAW);
    let next = LAW
        .replace("subject.total <= 100", "subject.total <= 99")
        .replace("\"version\": \"1\",\n  \"r", "\"version\": \"2\",\n  \"r");
    let next = desk.put("next.json", next);
    let pay = record("order.pay", DecisionEffect::Allow).to_json();
    let close = record("order.close", DecisionEffect::Deny).to_json();
    let pays = format!("{pay}\n").repeat(1_000);
    let replay = |closes: usize| {
        let name = format!("{closes}.jsonl");
        desk.put(&name, format!("{pays}{}", format!("{close}\n").repeat(closes)))
    };
    for weighed in [0, 29, 30] {
        let records = replay(weighed);
        let words = ["replay", &records, "--live", &live, "--candidate", &next];
        let told = document(&words, if weighed < 30 { 6 } else { 0 });
        assert_eq!(told["report"]["evidence"], serde_json::json!({ "order.close": weighed }));
        let blocked = format!(
            "`order.close` differs and was weighed {weighed} times; let a `Recorder` keep 30, or \
             `--expect order.close`"
        );
        let blockers = if weighed < 30 { vec![blocked.clone()] } else { Vec::new() };
        assert_eq!(told["blockers"], serde_json::json!(blockers));
        if weighed < 30 {
            ends(&hos(&words), 6, &["not ready", &blocked]);
            ends(&hos(&[&words[..], &["--expect", "order.close"]].concat()), 0, &["ready"]);
        }
    }
}

#[test]
fn lines_that_are_no_records_are_counted() {
    let desk = Desk::new();
    let live = desk.put("live.json", LAW);
    let replay = |content: Vec<u8>| {
        let records = desk.put("records.jsonl", content);
        document(&["replay", &records, "--live", &live, "--candidate", &live], 6)
    };
    let line = record("order.pay", DecisionEffect::Allow).to_json();
    let mut content = format!("{line}\nno json\n").into_bytes();
    content.extend([0xff, b'\n']);
    content.extend(vec![b'x'; 10 << 20]);
    content.extend(format!("\n{line}\n").into_bytes());
    let told = replay(content);
    assert_eq!((&told["records"], &told["report"]["unchanged"]), (&5.into(), &2.into()));
    assert_eq!(replay(Vec::new())["records"], 0);
    let missing = ["replay", "none", "--live", &live, "--candidate", &live];
    ends(&hos(&missing), 4, &["cannot be read"]);
}
