//! Parts under a person's key, and what is left of them when the person is erased.

pub(super) mod keys;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::actor::Actor;
use hos_core::command::{Erasure, Opening, Record, StandingCommand};
use hos_core::digest::commitment;
use hos_core::error::Error;
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Tenant};
use hos_core::laws::{Contracts as _, Proofs as _, Registry as _};
use hos_core::merkle::{leaf_hash, root_of};
use hos_core::proof::{LogEntry, Withholding};

use crate::case::cases;
use crate::stage::{
    NEIGHBOUR, Stage, act, ban, clerk, code, customer, firm, leaf, log_of, owner, root, stranger,
    subject, tenant, world,
};
use crate::vaulted::{erase, find, said, say, told};

cases!(
    "erasure",
    [
        erasure_seals_what_persons_say_and_opens_it_again,
        erasure_leaves_what_programs_say_in_the_clear,
        erasure_of_a_person_takes_what_was_said_and_no_proof,
        erasure_leaves_what_others_said,
        erasure_leaves_what_is_said_later,
        erasure_is_recorded_with_codes_only,
        erasure_is_replayed_by_its_key,
        erasure_may_be_repeated_by_another_key,
        erasure_of_a_person_who_said_nothing_is_recorded,
        erasure_is_of_one_tenant,
        erasure_in_the_whole_world_is_of_the_worlds_log,
        erasure_takes_the_one_whom_a_command_names,
        erasure_takes_the_reason_of_a_ban,
        erasure_takes_what_was_said_in_a_batch,
        erasure_goes_on_in_a_closed_world,
        erasure_is_denied_with_evidence,
        erasure_of_ill_formed_codes_is_refused,
    ]
);

/// Every leaf hashes to what was stored, every part that can be read is the one that was committed
/// to, and the head is that of these leaves.
pub(super) async fn verify(hos: &Hos, tenant: &Tenant) -> Vec<LogEntry> {
    let log = log_of(hos, &world(), tenant).await;
    for entry in &log {
        assert_eq!(leaf_hash(entry.leaf.as_bytes()), entry.leaf_hash);
        let bound = leaf(entry);
        let bound = bound["prt"].as_array().cloned().unwrap_or_default();
        for part in &entry.parts {
            let opened = commitment(&part.salt, entry.id, &part.name, part.body.as_bytes());
            let opened = URL_SAFE_NO_PAD.encode(opened.as_bytes());
            let of = |bound: &&serde_json::Value| bound["n"] == part.name.as_str();
            assert_eq!(bound.iter().find(of).expect("it is bound")["c"], opened.as_str());
        }
    }
    let head = hos.head(&world(), tenant).await.unwrap();
    assert_eq!(head.size, u64::try_from(log.len()).unwrap());
    assert_eq!(head.root, root_of(log.iter().map(|entry| entry.leaf_hash)));
    log
}

/// Which erasure took the parts of an entry.
async fn taken(hos: &Hos, entry: hos_core::time::ProofId) -> hos_core::time::ProofId {
    let entry = find(hos, entry).await;
    assert_eq!(entry.parts, [], "{entry:?}");
    let [withheld] = &*entry.withheld else { panic!("one part: {entry:?}") };
    match withheld.why {
        Withholding::Erased { entry, .. } => entry,
        ref other => panic!("erased: {other:?}"),
    }
}

async fn erasure_seals_what_persons_say_and_opens_it_again(stage: Stage) {
    let hos = stage.vaulted().await;
    let order = subject("order", "o");
    let opening = Opening::new(&customer(), &order).attribute("customer", "customer-1");
    hos.open(&opening.key("k1")).await.unwrap();
    let touch = act(&owner(), &order, "touch", "k2").input("note", "çay \"demli\" \u{1f600}");
    hos.transition(&touch).await.unwrap();
    let log = verify(&hos, &firm()).await;
    let bodies: Vec<&str> =
        log.iter().flat_map(|entry| &entry.parts).map(|part| part.body.as_str()).collect();
    let note = "{\"note\":\"çay \\\"demli\\\" \u{1f600}\"}";
    assert_eq!(bodies, ["{\"customer\":\"customer-1\"}", note, note]);
    assert!(log.iter().all(|entry| entry.withheld.is_empty()));
    for entry in stage.backend().page(&world(), &firm(), 0, 100).await.unwrap() {
        assert_eq!(entry.parts, [], "nothing is kept in the clear");
        assert!(entry.rows().iter().all(|row| !row.body.contains("demli")), "{entry:?}");
    }
    assert_eq!(hos.history(&order, 0, 9).await.unwrap().len(), 2);
    assert_eq!(hos.history(&order, 1, 9).await.unwrap()[0].parts[0].body, note);
}

async fn erasure_leaves_what_programs_say_in_the_clear(stage: Stage) {
    let hos = stage.vaulted().await;
    let change = crate::stage::member("feed", &["owner"]);
    let command = StandingCommand::new(&root(), &world(), &firm(), change).key("k");
    hos.change_standing(&command).await.unwrap();
    let id = say(&hos, &Actor::service("feed").unwrap(), "stock").await;
    let kept = stage.backend().find(&world(), &firm(), id).await.unwrap().unwrap();
    assert_eq!(kept.parts[0].body, "{\"said\":\"stock\"}");
}

async fn erasure_of_a_person_takes_what_was_said_and_no_proof(stage: Stage) {
    let hos = stage.vaulted().await;
    let ids = [say(&hos, &owner(), "one").await, say(&hos, &owner(), "two").await];
    let before = verify(&hos, &firm()).await;
    let erased = hos.erase(&erase("owner-1", "k")).await.unwrap();
    assert!(!erased.replayed);
    for id in ids {
        assert_eq!(taken(&hos, id).await, erased.proof_id);
    }
    let after = verify(&hos, &firm()).await;
    assert_eq!(after.len(), before.len() + 1);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!((&before.leaf, before.leaf_hash), (&after.leaf, after.leaf_hash));
    }
    assert_eq!(after.last().unwrap().id, erased.proof_id);
}

async fn erasure_leaves_what_others_said(stage: Stage) {
    let hos = stage.vaulted().await;
    say(&hos, &owner(), "mine").await;
    let other =
        said(&hos, Record::new(&owner(), &world(), &firm(), "note").person(clerk().id()), "theirs");
    let other = other.await;
    hos.erase(&erase("owner-1", "k")).await.unwrap();
    assert_eq!(told(&hos, other).await.as_deref(), Some("{\"said\":\"theirs\"}"));
}

async fn erasure_leaves_what_is_said_later(stage: Stage) {
    let hos = stage.vaulted().await;
    let before = say(&hos, &owner(), "before").await;
    let erased = hos.erase(&erase("owner-1", "k")).await.unwrap();
    let later = say(&hos, &owner(), "later").await;
    assert_eq!(told(&hos, later).await.as_deref(), Some("{\"said\":\"later\"}"));
    let again = hos.erase(&erase("owner-1", "k2")).await.unwrap();
    assert_eq!(taken(&hos, before).await, erased.proof_id, "the first erasure took it");
    assert_eq!(taken(&hos, later).await, again.proof_id);
}

async fn erasure_is_recorded_with_codes_only(stage: Stage) {
    let hos = stage.vaulted().await;
    say(&hos, &owner(), "something").await;
    let erased = hos.erase(&erase("owner-1", "k")).await.unwrap();
    let entry = find(&hos, erased.proof_id).await;
    let leaf = leaf(&entry);
    let wanted = [
        ("typ", "erasure/1"),
        ("action", "erase"),
        ("target", "owner-1"),
        ("basis", "consent_withdrawn"),
        ("requester", "subject"),
        ("method", "key_destroyed"),
    ];
    for (key, value) in wanted {
        assert_eq!(leaf[key], value, "{key}");
    }
    assert_eq!(leaf["through"], 1);
    assert_eq!(leaf["actor"]["p"], "root");
    assert_eq!((leaf.get("prt"), entry.parts.len()), (None, 0));
    assert_eq!(erased.action, "erase");
}

async fn erasure_is_replayed_by_its_key(stage: Stage) {
    let hos = stage.vaulted().await;
    let said = say(&hos, &owner(), "before").await;
    let first = hos.erase(&erase("owner-1", "k")).await.unwrap();
    let size = stage.size().await;
    let later = say(&hos, &owner(), "later").await;
    let second = hos.erase(&erase("owner-1", "k")).await.unwrap();
    assert!(second.replayed);
    assert_eq!((second.proof_id, stage.size().await), (first.proof_id, size + 1));
    assert_eq!(taken(&hos, said).await, first.proof_id);
    assert!(told(&hos, later).await.is_some(), "a replay erases nothing else");
    assert_eq!(code(hos.erase(&erase("clerk-1", "k")).await), "key_reused");
}

async fn erasure_may_be_repeated_by_another_key(stage: Stage) {
    let hos = stage.vaulted().await;
    let said = say(&hos, &owner(), "before").await;
    let first = hos.erase(&erase("owner-1", "k1")).await.unwrap();
    hos.erase(&erase("owner-1", "k2")).await.unwrap();
    assert_eq!(taken(&hos, said).await, first.proof_id);
    verify(&hos, &firm()).await;
}

async fn erasure_of_a_person_who_said_nothing_is_recorded(stage: Stage) {
    let hos = stage.vaulted().await;
    let erased = hos.erase(&erase("nobody-1", "k")).await.unwrap();
    assert_eq!(leaf(&find(&hos, erased.proof_id).await)["target"], "nobody-1");
    verify(&hos, &firm()).await;
}

async fn erasure_is_of_one_tenant(stage: Stage) {
    let hos = stage.vaulted().await;
    let there = tenant(NEIGHBOUR);
    let record = Record::new(&root(), &world(), &there, "note").payload("said", "there");
    let there_said = hos.record(&record.key("k")).await.unwrap().proof_id;
    let here_said = say(&hos, &root(), "here").await;
    hos.erase(&erase("root", "k")).await.unwrap();
    assert_eq!(told(&hos, here_said).await, None);
    let kept = hos.find(&world(), &there, there_said).await.unwrap().unwrap();
    assert_eq!(kept.parts[0].body, "{\"said\":\"there\"}");
    let id = ActorId::new("root").unwrap();
    let nowhere = Erasure::person(&root(), &world(), &tenant("firm-9"), &id, "consent_withdrawn");
    assert_eq!(code(hos.erase(&nowhere.key("k")).await), "not_found");
}

async fn erasure_in_the_whole_world_is_of_the_worlds_log(stage: Stage) {
    let hos = stage.vaulted().await;
    let world_wide = Tenant::world();
    let ban = |key: &str| {
        StandingCommand::new(&root(), &world(), &world_wide, ban("customer-1")).key(key)
    };
    let banned = hos.change_standing(&ban("k1")).await.unwrap().proof_id;
    let in_firm = said(
        &hos,
        Record::new(&owner(), &world(), &firm(), "note").person(customer().id()),
        "in the firm",
    );
    let in_firm = in_firm.await;
    let id = ActorId::new("customer-1").unwrap();
    let erasure = Erasure::person(&root(), &world(), &world_wide, &id, "consent_withdrawn");
    hos.erase(&erasure.key("e")).await.unwrap();
    let later = hos.change_standing(&ban("k2")).await.unwrap().proof_id;
    let open = async |id| hos.find(&world(), &world_wide, id).await.unwrap().unwrap().parts.len();
    assert_eq!((open(banned).await, open(later).await), (0, 1));
    assert!(told(&hos, in_firm).await.is_some(), "a tenant's log is erased by itself");
    verify(&hos, &world_wide).await;
}

async fn erasure_takes_the_one_whom_a_command_names(stage: Stage) {
    let hos = stage.vaulted().await;
    let person = ActorId::new("customer-1").unwrap();
    let order = subject("order", "o");
    let opening = Opening::new(&owner(), &order).attribute("customer", "customer-1");
    let opened = hos.open(&opening.person(&person).key("k1")).await.unwrap();
    let touch = act(&owner(), &order, "touch", "k2").input("note", "ring twice").person(&person);
    let touched = hos.transition(&touch).await.unwrap();
    let erased = hos.erase(&erase("customer-1", "k")).await.unwrap();
    assert_eq!(taken(&hos, opened.proof_id).await, erased.proof_id);
    let touched = find(&hos, touched.proof_id).await;
    assert_eq!((touched.parts.len(), touched.withheld.len()), (0, 2), "{touched:?}");
}

async fn erasure_takes_the_reason_of_a_ban(stage: Stage) {
    let hos = stage.vaulted().await;
    let command = StandingCommand::new(&owner(), &world(), &firm(), ban("customer-1")).key("k");
    let banned = hos.change_standing(&command).await.unwrap();
    assert!(told(&hos, banned.proof_id).await.is_some());
    let erased = hos.erase(&erase("customer-1", "k2")).await.unwrap();
    assert_eq!(taken(&hos, banned.proof_id).await, erased.proof_id);
}

async fn erasure_takes_what_was_said_in_a_batch(stage: Stage) {
    let hos = stage.vaulted().await;
    let order = stage.order("o").await;
    let touch = |at: usize| {
        let person = if at.is_multiple_of(2) { clerk() } else { owner() };
        act(&person, &order, "touch", &format!("t{at}")).input("note", format!("note {at}"))
    };
    let commands: Vec<_> = (0..8).map(touch).collect();
    let answers = hos.transition_all(&commands).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().proof_id).collect();
    let erased = hos.erase(&erase("clerk-1", "k")).await.unwrap();
    for (at, id) in ids.into_iter().enumerate() {
        let entry = find(&hos, id).await;
        if at.is_multiple_of(2) {
            let by = |withheld: &hos_core::proof::Withheld| match withheld.why {
                Withholding::Erased { entry, .. } => entry,
                ref other => panic!("erased: {other:?}"),
            };
            assert_eq!(entry.withheld.iter().map(by).collect::<Vec<_>>(), [erased.proof_id; 2]);
        } else {
            assert_eq!(entry.parts[0].body, format!("{{\"note\":\"note {at}\"}}"));
        }
    }
    verify(&hos, &firm()).await;
}

async fn erasure_goes_on_in_a_closed_world(stage: Stage) {
    let hos = stage.vaulted().await;
    let said = say(&hos, &owner(), "before").await;
    let status = hos_core::standing::WorldStatus::Closed;
    stage.change_world(hos_core::command::StandingChange::SetWorld { status }, "close").await;
    let erased = hos.erase(&erase("owner-1", "k")).await.unwrap();
    assert_eq!(taken(&hos, said).await, erased.proof_id);
}

async fn erasure_is_denied_with_evidence(stage: Stage) {
    let hos = stage.vaulted().await;
    let said = say(&hos, &owner(), "before").await;
    let size = stage.size().await;
    let by = |actor: Actor| {
        let person = ActorId::new("owner-1").unwrap();
        Erasure::person(&actor, &world(), &firm(), &person, "consent_withdrawn")
    };
    for _ in 0..2 {
        assert_eq!(code(hos.erase(&by(owner()).key("k1")).await), "denied");
        assert_eq!(code(hos.erase(&by(stranger()).key("k2")).await), "not_found");
    }
    assert_eq!(stage.size().await, size + 2, "once per key");
    let log = verify(&hos, &firm()).await;
    let last = leaf(log.last().unwrap());
    assert_eq!((&last["typ"], &last["ability"]), (&"denial/1".into(), &"hos.erase".into()));
    assert_eq!(last["target"], "owner-1");
    assert!(told(&hos, said).await.is_some());
    assert_eq!(code(hos.erase(&by(root())).await), "missing_key");
}

async fn erasure_of_ill_formed_codes_is_refused(stage: Stage) {
    let hos = stage.vaulted().await;
    let person = ActorId::new("owner-1").unwrap();
    let erasure = Erasure::person(&root(), &world(), &firm(), &person, "She asked for it");
    let erasure = erasure.requester("").key("k");
    match hos.erase(&erasure).await {
        Err(Error::Refused(hos_core::error::Refusal::InvalidInput(faults))) => {
            let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
            assert_eq!(fields, ["basis", "requester"]);
        }
        other => panic!("both are refused at once: {other:?}"),
    }
    let none = Erasure::parts(&root(), &world(), &firm(), [], "mistake").key("k2");
    assert_eq!(code(hos.erase(&none).await), "invalid_input");
}
