//! Erasures that are raced, broken off, and done again.

pub(super) mod holds;

use std::collections::BTreeMap;
use std::sync::Arc;

use hos_core::command::{Erasure, Record};
use hos_core::hos::{ErasureWalk, Hos};
use hos_core::id::ActorId;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::proof::{LogEntry, Withholding};
use hos_core::time::ProofId;
use hos_core::vault::{KeyState, MemoryVault, Vault};

use super::erasure::verify;
use crate::case::cases;
use crate::forward::{Interposed, Owned, Trap};
use crate::law::law;
use crate::random::Random;
use crate::stage::{Stage, act, firm, leaf, owner, root, user, world};
use crate::vaulted::{Cut, CutVault, erase, find, master, say, told};

cases!(
    "erasure",
    [
        erasing_never_takes_what_is_committed_after_it,
        erasing_takes_what_is_committed_while_it_is_judged,
        erasing_waits_for_a_transaction_of_the_callers,
        erasing_reaches_another_process_that_remembers_the_key,
        erasing_cut_before_its_entry_erases_nothing,
        erasing_cut_after_its_entry_is_ended_by_its_key,
        erasing_cut_after_its_entry_is_ended_by_a_walk,
        erasing_is_repeated_on_a_restored_vault,
        erasing_is_repeated_from_where_the_last_walk_ended,
        erasing_of_parts_is_ended_by_a_walk,
        erasing_at_random_keeps_every_proof,
    ]
);

/// A law whose next commit lets something else happen first.
async fn raced(stage: &Stage, vault: Arc<dyn Vault>, first: impl AsyncHook) -> (Hos, Trap) {
    let trap = Trap::default();
    let backend = Interposed { inner: stage.backend(), trap: trap.clone() };
    let options = stage.options().vault(Arc::clone(&vault), master());
    let hos = Hos::open_with([law()], backend, options).await.unwrap();
    let other = stage.with_vault(vault).await;
    trap.set(Box::new(move || Box::pin(async move { first.run(other).await })));
    (hos, trap)
}

trait AsyncHook: Send + 'static {
    fn run(self, hos: Hos) -> impl Future<Output = ()> + Send;
}

impl<F: Future<Output = ()> + Send, T: FnOnce(Hos) -> F + Send + 'static> AsyncHook for T {
    fn run(self, hos: Hos) -> impl Future<Output = ()> + Send {
        self(hos)
    }
}

/// The erasure that took what an entry said; none where it can be read.
fn taker(entry: &LogEntry) -> Option<ProofId> {
    entry.withheld.first().map(|withheld| match &withheld.why {
        Withholding::Erased { entry, .. } => *entry,
        other => panic!("erased or open: {other:?}"),
    })
}

async fn erasing_never_takes_what_is_committed_after_it(stage: Stage) {
    let vault = stage.ground.vault().await;
    let first = |hos: Hos| async move {
        hos.erase(&erase("owner-1", "e")).await.expect("an erasure");
    };
    let (hos, trap) = raced(&stage, Arc::clone(&vault), first).await;
    let id = say(&hos, &owner(), "after all").await;
    assert!(trap.sprang());
    assert_eq!(told(&hos, id).await.as_deref(), Some("{\"said\":\"after all\"}"));
    let log = verify(&hos, &firm()).await;
    let place = |typ: &str| log.iter().position(|entry| leaf(entry)["typ"] == typ);
    assert!(place("erasure/1") < place("record/1"), "it was judged again, after the erasure");
}

async fn erasing_takes_what_is_committed_while_it_is_judged(stage: Stage) {
    let vault = stage.ground.vault().await;
    let first = |hos: Hos| async move {
        say(&hos, &owner(), "just in time").await;
    };
    let (hos, trap) = raced(&stage, vault, first).await;
    let erased = hos.erase(&erase("owner-1", "e")).await.unwrap();
    assert!(trap.sprang());
    let log = verify(&hos, &firm()).await;
    let said = log.iter().find(|entry| leaf(entry)["typ"] == "record/1").unwrap();
    assert!(said.index < find(&hos, erased.proof_id).await.index);
    assert_eq!(taker(said), Some(erased.proof_id));
}

async fn erasing_waits_for_a_transaction_of_the_callers(stage: Stage) {
    let hos = stage.vaulted().await;
    say(&hos, &owner(), "before").await;
    let mut transaction = stage.ground.begin().await;
    let receipt = {
        let within = hos.over(Owned(transaction.store()));
        let record = Record::new(&owner(), &world(), &firm(), "note").payload("said", "within");
        within.record(&record.key("within")).await.unwrap()
    };
    transaction.commit().await.unwrap();
    let erased = hos.erase(&erase("owner-1", "e")).await.unwrap();
    assert_eq!(taker(&find(&hos, receipt.proof_id).await), Some(erased.proof_id));
}

async fn erasing_reaches_another_process_that_remembers_the_key(stage: Stage) {
    let (here, there) = (stage.vaulted().await, stage.vaulted().await);
    let ids = [say(&here, &owner(), "here").await, say(&there, &owner(), "there").await];
    let erased = here.erase(&erase("owner-1", "e")).await.unwrap();
    for id in ids {
        assert_eq!(taker(&find(&there, id).await), Some(erased.proof_id));
    }
    let order = stage.order("o").await;
    let touch = act(&owner(), &order, "touch", "t").input("note", "later");
    let moved = there.transition(&touch).await.unwrap();
    assert_eq!(taker(&find(&here, moved.proof_id).await), None);
}

async fn erasing_cut_before_its_entry_erases_nothing(stage: Stage) {
    let vault = CutVault::new(stage.ground.vault().await);
    let hos = stage.with_vault(vault.clone()).await;
    let before = say(&hos, &owner(), "before").await;
    let size = stage.size().await;
    for (at, cut) in [Cut::Before("close"), Cut::After("close")].into_iter().enumerate() {
        vault.cut(cut);
        let answer = hos.erase(&erase("owner-1", "e")).await;
        assert!(answer.unwrap_err().is_retryable());
        let between = say(&hos, &owner(), &format!("between {at}")).await;
        for id in [before, between] {
            assert_eq!(taker(&find(&hos, id).await), None);
        }
        assert_eq!(walk(&hos).await, (0, 0));
    }
    assert_eq!(stage.size().await, size + 2);
    let erased = hos.erase(&erase("owner-1", "e")).await.unwrap();
    for entry in verify(&hos, &firm()).await {
        if leaf(&entry)["typ"] == "record/1" {
            assert_eq!(taker(&entry), Some(erased.proof_id), "the retry takes all of it");
        }
    }
}

async fn erasing_cut_after_its_entry_is_ended_by_its_key(stage: Stage) {
    let vault = CutVault::new(stage.ground.vault().await);
    let hos = stage.with_vault(vault.clone()).await;
    let cuts = [Cut::Before("destroy"), Cut::After("destroy")];
    for (at, cut) in cuts.into_iter().enumerate() {
        let before = say(&hos, &owner(), &format!("before {at}")).await;
        vault.cut(cut);
        let key = format!("e{at}");
        assert!(hos.erase(&erase("owner-1", &key)).await.unwrap_err().is_retryable());
        let later = say(&hos, &owner(), &format!("later {at}")).await;
        let erased = hos.erase(&erase("owner-1", &key)).await.unwrap();
        assert!(erased.replayed, "its entry was there");
        assert_eq!(taker(&find(&hos, before).await), Some(erased.proof_id));
        assert_eq!(taker(&find(&hos, later).await), None);
    }
    verify(&hos, &firm()).await;
}

async fn erasing_cut_after_its_entry_is_ended_by_a_walk(stage: Stage) {
    let vault = CutVault::new(stage.ground.vault().await);
    let hos = stage.with_vault(vault.clone()).await;
    let before = say(&hos, &owner(), "before").await;
    vault.cut(Cut::Before("destroy"));
    hos.erase(&erase("owner-1", "e")).await.unwrap_err();
    let later = say(&hos, &owner(), "later").await;
    assert_eq!(taker(&find(&hos, before).await), None, "its key is still there");
    assert_eq!(walk(&hos).await, (1, 0));
    assert_eq!(walk(&hos).await, (0, 0));
    assert!(taker(&find(&hos, before).await).is_some());
    assert_eq!(taker(&find(&hos, later).await), None);
}

/// Walks the whole log; answers how many keys and parts were there.
async fn walk(hos: &Hos) -> (u32, u32) {
    let (mut keys, mut parts) = (0, 0);
    let mut walk = ErasureWalk::new(&world(), &firm());
    while !walk.is_over() {
        let repeated = hos.repeat_erasures(&mut walk).await.unwrap();
        (keys, parts) = (keys + repeated.keys, parts + repeated.parts);
    }
    (keys, parts)
}

async fn erasing_is_repeated_on_a_restored_vault(stage: Stage) {
    let vault = MemoryVault::new();
    let hos = stage.with_vault(Arc::new(vault.clone())).await;
    let before = say(&hos, &owner(), "before").await;
    let other = say(&hos, &clerk_as_owner(&stage).await, "other").await;
    let backup = vault.backup();
    let erased = hos.erase(&erase("owner-1", "e")).await.unwrap();
    let restored = stage.with_vault(Arc::new(backup)).await;
    assert!(told(&restored, before).await.is_some(), "a backup brings the key back");
    assert_eq!(walk(&restored).await, (1, 0));
    assert_eq!(taker(&find(&restored, before).await), Some(erased.proof_id));
    assert!(told(&restored, other).await.is_some());
    let later = say(&restored, &owner(), "later").await;
    assert_eq!(walk(&restored).await, (0, 0));
    assert!(told(&restored, later).await.is_some());
}

async fn erasing_is_repeated_from_where_the_last_walk_ended(stage: Stage) {
    let vault = MemoryVault::new();
    let hos = stage.with_vault(Arc::new(vault.clone())).await;
    let again = async |vault: &MemoryVault| {
        let hos = stage.with_vault(Arc::new(vault.clone())).await;
        hos.repeat_new_erasures(&world(), &firm()).await.unwrap().keys
    };
    let walked = async |vault: &MemoryVault| vault.walked(&world(), &firm()).await.unwrap();
    say(&hos, &owner(), "first").await;
    let second = say(&hos, &clerk_as_owner(&stage).await, "second").await;
    let oldest = vault.backup();
    hos.erase(&erase("owner-1", "e-1")).await.unwrap();
    stage.settle().await;
    assert_eq!((again(&vault).await, walked(&vault).await), (0, stage.size().await));
    let backup = vault.backup();
    let erased = hos.erase(&erase("owner-9", "e-2")).await.unwrap();
    stage.settle().await;
    assert_eq!((again(&vault).await, walked(&vault).await), (0, stage.size().await));
    // A restored vault remembers less, and learns what it lost.
    let restored = stage.with_vault(Arc::new(backup.clone())).await;
    assert!(told(&restored, second).await.is_some());
    assert_eq!((again(&backup).await, walked(&backup).await), (1, stage.size().await));
    assert_eq!(taker(&find(&restored, second).await), Some(erased.proof_id));
    // What came before the last walk is not looked at, unless the log is shorter than it was.
    oldest.walk_to(&world(), &firm(), stage.size().await).await.unwrap();
    assert_eq!(again(&oldest).await, 0);
    oldest.walk_to(&world(), &firm(), stage.size().await + 1).await.unwrap();
    assert_eq!((again(&oldest).await, walked(&oldest).await), (2, stage.size().await));
}

/// Somebody else who may record.
async fn clerk_as_owner(stage: &Stage) -> hos_core::actor::Actor {
    stage.change(crate::stage::member("owner-9", &["owner"]), "member owner-9").await;
    user("owner-9")
}

async fn erasing_of_parts_is_ended_by_a_walk(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "mistaken").await;
    let row = stage.backend().find(&world(), &firm(), id).await.unwrap().unwrap();
    let parts = [(id, "payload".to_owned())];
    hos.erase(&Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key("e"))
        .await
        .unwrap();
    assert_eq!((told(&hos, id).await, row.parts.len()), (None, 0));
    assert!(taker(&find(&hos, id).await).is_some());
    assert_eq!(walk(&hos).await, (0, 0));
}

const PERSONS: [&str; 4] = ["p-0", "p-1", "p-2", "p-3"];
const CUTS: [Cut; 8] = [
    Cut::Before("keys"),
    Cut::After("add"),
    Cut::Before("add"),
    Cut::Before("close"),
    Cut::After("close"),
    Cut::Before("destroy"),
    Cut::After("destroy"),
    Cut::Before("find"),
];

/// Commands, erasures and crashes of two processes in any order: in the end exactly what was
/// recorded before an erasure is erased, the rest can be read, and every proof holds.
async fn erasing_at_random_keeps_every_proof(stage: Stage) {
    let vault = stage.ground.vault().await;
    for seed in 0..3 {
        let cut = CutVault::new(Arc::clone(&vault));
        let processes = [stage.with_vault(cut.clone()).await, stage.vaulted().await];
        let mut random = Random::new(seed);
        for step in 0..40 {
            let hos = &processes[usize::try_from(random.below(2)).unwrap()];
            let who = PERSONS[usize::try_from(random.below(4)).unwrap()];
            let key = format!("{seed} {step}");
            if random.below(3) == 0 {
                cut.cut(CUTS[usize::try_from(random.below(8)).unwrap()]);
            }
            let retries = 1 + random.below(2);
            for _ in 0..retries {
                let done = match random.below(4) {
                    0 => hos.erase(&erase(who, &format!("erase {key}"))).await.map(|_| ()),
                    _ => {
                        let person = ActorId::new(who).unwrap();
                        let record = Record::new(&owner(), &world(), &firm(), "note");
                        let record = record.person(&person).payload("said", &*key);
                        hos.record(&record.key(&key)).await.map(|_| ())
                    }
                };
                if done.is_ok() {
                    break;
                }
            }
        }
    }
    let hos = stage.vaulted().await;
    walk(&hos).await;
    let log = verify(&hos, &firm()).await;
    let mut erased: BTreeMap<String, Vec<ProofId>> = BTreeMap::new();
    let (mut open, mut gone) = (0, 0);
    // From the end, so that the erasures of each person that come later are known. One that was
    // broken off may be ended by a later one.
    for entry in log.iter().rev() {
        let said = leaf(entry);
        if said["typ"] == "erasure/1" {
            let target = said["target"].as_str().unwrap().to_owned();
            erased.entry(target).or_default().push(entry.id);
        }
        if said["typ"] == "record/1" {
            let whose = owner_of(&stage, &*vault, entry).await;
            let later = erased.get(&whose).map_or([].as_slice(), Vec::as_slice);
            match taker(entry) {
                Some(taker) => assert!(later.contains(&taker), "{entry:?}"),
                None => assert_eq!(later, [], "{entry:?}"),
            }
            *if taker(entry).is_some() { &mut gone } else { &mut open } += 1;
        }
    }
    assert!(open > 0 && gone > 10, "{open} {gone}");
    for key in vault.page(None, 1_000).await.unwrap() {
        let live = matches!(key.state, KeyState::Live(_));
        let keys = vault.keys(&key.person).await.unwrap();
        assert!(live || key.epoch < keys.epoch, "{key:?}");
    }
}

/// Whose key a part was sealed under.
async fn owner_of(stage: &Stage, vault: &dyn Vault, entry: &LogEntry) -> String {
    let kept = stage.backend().find(&world(), &firm(), entry.id).await.unwrap().unwrap();
    let Withholding::Sealed(sealed) = &kept.withheld[0].why else { panic!("sealed: {kept:?}") };
    let keys = vault.find(&world(), &firm(), &[sealed.key()]).await.unwrap();
    keys[0].person.id.to_string()
}
