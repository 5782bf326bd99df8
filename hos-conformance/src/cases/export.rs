//! Bundles out of a store, judged as an outsider does: by the bytes and a trust file.

use std::sync::Arc;

use hos_core::command::Erasure;
use hos_core::error::FaultKind;
use hos_core::hos::{EXPORTED_MAX, Export, Sealer};
use hos_core::note::{SignedNote, SigningKey};
use hos_core::proof::PAGE_MAX;
use hos_core::time::ProofId;
use hos_verify::policy::Policy;
use hos_verify::verdict::{Exit, Verdict};
use hos_verify::verify::{Trust, verify};

use crate::case::cases;
use crate::sealing::{key, kind, published, sealer_over, signed};
use crate::stage::{NEIGHBOUR, Stage, act, firm, owner, root, subject, tenant, world};
use crate::vaulted::{erase, say};

cases!(
    "export",
    [
        export_of_an_entry_verifies,
        export_shows_what_is_disclosed_and_nothing_else,
        export_of_a_range_leaves_nothing_out,
        export_of_a_subject_is_its_whole_life,
        export_of_a_subject_ends_where_the_seal_does,
        export_of_another_tenant_is_none,
        export_before_the_seal_is_none,
        export_leads_from_what_the_receiver_holds,
        export_carries_the_anchor_and_its_witness,
        export_after_an_erasure_says_by_which_entry,
        export_after_a_parts_erasure_says_by_which_entry,
        export_of_two_keys_of_a_witness_has_both,
        export_of_an_anchor_is_the_one_with_the_most_witnesses,
        export_takes_no_more_witnesses_than_a_note_has_lines,
        export_has_a_limit,
    ]
);

/// Whose word counts.
fn policy(more: &str) -> Policy {
    let text = format!("log {}\n{more}", key(7).verifier_key());
    Policy::parse(text.as_bytes()).expect("a trust file")
}

fn judged(bundle: &[u8], policy: &Policy) -> Verdict {
    verify(bundle, &Trust { policy: Some(policy), ..Trust::default() })
}

fn assert_verified(bundle: &[u8]) -> Verdict {
    let verdict = judged(bundle, &policy("quorum none\n"));
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
    let stranger = SigningKey::from_seed(key(7).name(), &[8; 32]).unwrap().verifier_key();
    let stranger = Policy::parse(format!("log {stranger}\nquorum none\n").as_bytes()).unwrap();
    assert_ne!(judged(bundle, &stranger).exit(), Exit::Verified, "anybody's key would do");
    verdict
}

async fn exported(stage: &Stage, export: &Export) -> Option<Vec<u8>> {
    stage.hos.export(&world(), &firm(), export).await.expect("a bundle")
}

/// A touched order, sealed: the number of the touch's entry.
async fn touched(stage: &Stage) -> ProofId {
    stage.order("o").await;
    stage.touched("o", 1, "touch").await;
    stage.sealed(&stage.sealer(&Arc::default())).await;
    stage.log().await.last().expect("an entry").id
}

async fn export_of_an_entry_verifies(stage: Stage) {
    let id = touched(&stage).await;
    let bundle = exported(&stage, &Export::entries([id])).await.unwrap();
    assert_verified(&bundle);
    assert!(bundle.len() < 6_144, "{} bytes without pages", bundle.len());
    let paged = exported(&stage, &Export::entries([id]).pages()).await.unwrap();
    assert_verified(&paged);
    assert!(paged.len() > bundle.len());
}

async fn export_shows_what_is_disclosed_and_nothing_else(stage: Stage) {
    let id = touched(&stage).await;
    let holds = |bundle: &[u8]| bundle.windows(5).any(|window| window == b"again");
    let withheld = exported(&stage, &Export::entries([id])).await.unwrap();
    assert!(!holds(&withheld));
    assert_verified(&withheld);
    let shown = exported(&stage, &Export::entries([id]).disclose(id, "input")).await.unwrap();
    assert!(holds(&shown));
    assert_verified(&shown);
    let other = exported(&stage, &Export::entries([id]).disclose(id, "facts")).await.unwrap();
    assert!(!holds(&other));
}

async fn export_of_a_range_leaves_nothing_out(stage: Stage) {
    stage.order("o").await;
    stage.touched("o", 300, "touch").await;
    let size = stage.sealed(&stage.sealer(&Arc::default())).await.size;
    for (from, to) in [(0, size), (1, 2), (250, 260), (255, 257), (size - 1, size)] {
        let bundle = exported(&stage, &Export::range(from, to)).await.unwrap();
        assert_verified(&bundle);
    }
    assert_eq!(exported(&stage, &Export::range(size - 1, size + 1)).await, None);
    assert_eq!(exported(&stage, &Export::range(4, 4)).await, None);
}

async fn export_of_a_subject_is_its_whole_life(stage: Stage) {
    let order = stage.order("o").await;
    stage.order("p").await;
    stage.touched("o", 4, "touch").await;
    stage.sealed(&stage.sealer(&Arc::default())).await;
    let verdict = assert_verified(&exported(&stage, &Export::subject(&order)).await.unwrap());
    let words = verdict.completeness.words.join(" ");
    assert!(words.contains("5"), "all five revisions: {words}");
}

async fn export_of_a_subject_ends_where_the_seal_does(stage: Stage) {
    let order = stage.order("o").await;
    stage.sealed(&stage.sealer(&Arc::default())).await;
    stage.touched("o", 2, "touch").await;
    let verdict = assert_verified(&exported(&stage, &Export::subject(&order)).await.unwrap());
    let words = verdict.completeness.words.join(" ");
    assert!(words.contains("1") && !words.contains("3"), "{words}");
}

async fn export_of_another_tenant_is_none(stage: Stage) {
    let id = touched(&stage).await;
    let neighbour = tenant(NEIGHBOUR);
    let order = subject("order", "o");
    for export in [Export::entries([id]), Export::subject(&order)] {
        let theirs = stage.hos.export(&world(), &neighbour, &export).await.unwrap();
        assert_eq!(theirs, None);
    }
}

async fn export_before_the_seal_is_none(stage: Stage) {
    stage.order("o").await;
    stage.settle().await;
    let id = stage.log().await.last().expect("an entry").id;
    assert_eq!(exported(&stage, &Export::entries([id])).await, None);
    stage.sealed(&stage.sealer(&Arc::default())).await;
    let receipt = stage.moved(&act(&owner(), &subject("order", "o"), "touch", "later")).await;
    assert_eq!(exported(&stage, &Export::entries([id, receipt.proof_id])).await, None);
    assert!(exported(&stage, &Export::entries([id])).await.is_some());
}

async fn export_leads_from_what_the_receiver_holds(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.order("o").await;
    let held = stage.sealed(&sealer).await;
    stage.touched("o", 20, "touch").await;
    stage.sealed(&sealer).await;
    let id = stage.log().await.last().expect("an entry").id;
    let bundle = exported(&stage, &Export::entries([id]).since(held.size)).await.unwrap();
    let (known, policy) = (signed(&held.note, &key(7)), policy("quorum none\n"));
    let trust = Trust { policy: Some(&policy), known: Some(&known), ..Trust::default() };
    assert_eq!(verify(&bundle, &trust).exit(), Exit::Verified);
    let beside = crate::sealing::forged(known.origin(), held.size, [7; 32]);
    let beside = signed(&beside, &key(7));
    let trust = Trust { known: Some(&beside), ..trust };
    assert_eq!(verify(&bundle, &trust).exit(), Exit::Contradicted);
    for size in [2, 500] {
        let never = Export::entries([id]).since(size);
        let never = stage.hos.export(&world(), &firm(), &never).await;
        assert_eq!(kind(never), FaultKind::Limit, "{size}");
    }
}

async fn export_carries_the_anchor_and_its_witness(stage: Stage) {
    let witness = SigningKey::from_seed("witness.example", &[9; 32]).unwrap();
    let id = touched(&stage).await;
    let sealer = stage.sealer(&Arc::default());
    let round = sealer.anchor_round(PAGE_MAX).await.unwrap();
    let note = SignedNote::parse(published(round.sealing).note.as_bytes()).unwrap();
    let mut signatures = note.signatures().to_vec();
    signatures.push(witness.cosign(1_795_251_600, note.text()));
    let note = SignedNote::new(note.text(), signatures).unwrap().to_string();
    stage.hos.cosigned(&note, &[witness.cosigner_key()]).await.unwrap();
    // Later checkpoints nobody has seen: the bundle leads to the one that was.
    stage.touched("o", 1, "later").await;
    stage.sealed(&sealer).await;
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    let bundle = exported(&stage, &Export::entries([id])).await.unwrap();
    let asked = policy(&format!("witness w {}\nquorum w\n", witness.cosigner_key()));
    let verdict = judged(&bundle, &asked);
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
    let nobody = SigningKey::from_seed("nobody.example", &[10; 32]).unwrap().cosigner_key();
    let asked = policy(&format!("witness w {nobody}\nquorum w\n"));
    assert_eq!(judged(&bundle, &asked).exit(), Exit::Unanchored);
}

async fn export_after_an_erasure_says_by_which_entry(stage: Stage) {
    let hos = stage.vaulted().await;
    let sealer = sealer_over(&hos, &Arc::default());
    let id = say(&hos, &owner(), "a secret").await;
    stage.sealed(&sealer).await;
    let export = Export::entries([id]).disclose_all();
    let before = hos.export(&world(), &firm(), &export).await.unwrap().unwrap();
    hos.erase(&erase("owner-1", "e")).await.unwrap();
    let unsealed = hos.export(&world(), &firm(), &export).await.unwrap().unwrap();
    stage.sealed(&sealer).await;
    let after = hos.export(&world(), &firm(), &export).await.unwrap().unwrap();
    assert_verified(&before);
    assert_verified(&unsealed);
    let verdict = judged(&after, &policy("quorum none\n"));
    assert_eq!(verdict.exit(), Exit::Incomplete, "{}", verdict.to_json());
    let words = verdict.disclosure.words.join(" ");
    assert!(words.contains("erased lawfully"), "{words}");
    let holds = |bundle: &[u8]| bundle.windows(8).any(|window| window == b"a secret");
    assert!(holds(&before) && !holds(&unsealed) && !holds(&after));
}

async fn export_after_a_parts_erasure_says_by_which_entry(stage: Stage) {
    let hos = stage.vaulted().await;
    let sealer = sealer_over(&hos, &Arc::default());
    let sealed = say(&hos, &owner(), "a secret").await;
    let plain = say(&stage.hos, &owner(), "in the clear").await;
    stage.sealed(&sealer).await;
    for id in [sealed, plain] {
        let export = Export::entries([id]).disclose_all();
        let before = hos.export(&world(), &firm(), &export).await.unwrap().unwrap();
        let parts = [(id, "payload".to_owned())];
        let erasure = Erasure::parts(&root(), &world(), &firm(), parts, "mistake");
        let erased = hos.erase(&erasure.key(id.to_string())).await.unwrap().proof_id;
        stage.sealed(&sealer).await;
        assert_verified(&before);
        for export in [export, Export::entries([id]), Export::range(0, stage.size().await)] {
            let after = hos.export(&world(), &firm(), &export).await.unwrap().unwrap();
            let verdict = judged(&after, &policy("quorum none\n"));
            assert_eq!(verdict.exit(), Exit::Incomplete, "{}", verdict.to_json());
            let words = verdict.disclosure.words.join(" ");
            assert!(words.contains("erased lawfully"), "{words}");
            assert!(after.windows(36).any(|window| window == erased.to_string().as_bytes()));
        }
    }
}

/// A checkpoint of the deployment's log that witnesses are to cosign.
async fn round(stage: &Stage, sealer: &Sealer) -> SignedNote {
    stage.sealed(sealer).await;
    let round = sealer.anchor_round(PAGE_MAX).await.unwrap();
    SignedNote::parse(published(round.sealing).note.as_bytes()).unwrap()
}

async fn cosign(stage: &Stage, note: &SignedNote, witnesses: &[SigningKey]) -> u32 {
    let cosigned = witnesses.iter().map(|witness| witness.cosign(1_795_251_600, note.text()));
    let note = SignedNote::new(note.text(), cosigned.collect()).unwrap().to_string();
    let keys: Vec<_> = witnesses.iter().map(SigningKey::cosigner_key).collect();
    stage.hos.cosigned(&note, &keys).await.unwrap()
}

fn witness(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, &[seed; 32]).unwrap()
}

/// A trust file that asks for all of these witnesses.
fn all_of(witnesses: &[SigningKey]) -> Policy {
    let name = |at: usize| format!("w{at}");
    let mut text = String::new();
    for (at, witness) in witnesses.iter().enumerate() {
        text += &format!("witness {} {}\n", name(at), witness.cosigner_key());
    }
    let names: Vec<String> = (0..witnesses.len()).map(name).collect();
    policy(&format!("{text}group all all {}\nquorum all\n", names.join(" ")))
}

async fn export_of_two_keys_of_a_witness_has_both(stage: Stage) {
    stage.order("o").await;
    let sealer = stage.sealer(&Arc::default());
    let note = round(&stage, &sealer).await;
    let witnesses = [witness("witness.example", 9), witness("witness.example", 10)];
    assert_eq!(cosign(&stage, &note, &witnesses).await, 2);
    let id = stage.log().await.last().expect("an entry").id;
    let bundle = exported(&stage, &Export::entries([id])).await.unwrap();
    let verdict = judged(&bundle, &all_of(&witnesses));
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
}

async fn export_of_an_anchor_is_the_one_with_the_most_witnesses(stage: Stage) {
    stage.order("o").await;
    let sealer = stage.sealer(&Arc::default());
    let first = round(&stage, &sealer).await;
    let id = stage.log().await.last().expect("an entry").id;
    let witnesses = [witness("one.example", 9), witness("two.example", 10)];
    cosign(&stage, &first, &witnesses).await;
    stage.touched("o", 1, "later").await;
    let later = round(&stage, &sealer).await;
    cosign(&stage, &later, &witnesses[..1]).await;
    let bundle = exported(&stage, &Export::entries([id])).await.unwrap();
    let verdict = judged(&bundle, &all_of(&witnesses));
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
}

async fn export_takes_no_more_witnesses_than_a_note_has_lines(stage: Stage) {
    stage.order("o").await;
    let sealer = stage.sealer(&Arc::default());
    let note = round(&stage, &sealer).await;
    let witnesses: Vec<_> = (20..90).map(|seed| witness(&format!("w{seed}"), seed)).collect();
    for witness in witnesses.chunks(1) {
        cosign(&stage, &note, witness).await;
    }
    let id = stage.log().await.last().expect("an entry").id;
    let bundle = exported(&stage, &Export::entries([id])).await.unwrap();
    let verdict = judged(&bundle, &all_of(&witnesses[..60]));
    assert_eq!(verdict.exit(), Exit::Verified, "{}", verdict.to_json());
}

async fn export_has_a_limit(stage: Stage) {
    touched(&stage).await;
    let ids =
        (0..=EXPORTED_MAX).map(|n| ProofId::from_bytes(u128::try_from(n).unwrap().to_be_bytes()));
    for export in [Export::entries(ids), Export::range(0, u64::MAX)] {
        assert_eq!(kind(stage.hos.export(&world(), &firm(), &export).await), FaultKind::Limit);
    }
}
