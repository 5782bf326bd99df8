//! A vault is copied to another one, and nothing that was erased comes back.

use std::sync::Arc;

use hos_core::error::FaultKind;
use hos_core::id::Name;
use hos_core::vault::{Closed, CopiedKeys, MemoryVault, Person, Vault, VaultCopy};

use super::{at, entry, key};
use crate::case::cases;
use crate::sealing::kind;
use crate::stage::{NEIGHBOUR, Stage, owner, tenant};
use crate::vaulted::{Cut, CutVault, erase, person, say, told};

cases!(
    "vault",
    [
        vault_copy_has_keys_epochs_and_holds,
        vault_copy_broken_off_goes_on,
        vault_copy_never_revives_a_destroyed_key,
        vault_copy_never_brings_a_key_of_an_ended_epoch,
        vault_copy_takes_over_what_was_destroyed,
        vault_copy_into_another_vault_is_refused,
        vault_copy_opens_what_the_old_one_did,
    ]
);

/// All of it; what it came to.
async fn copy(old: &dyn Vault, new: &dyn Vault) -> CopiedKeys {
    let (mut copy, mut all) = (VaultCopy::default(), CopiedKeys::default());
    while !copy.is_over() {
        let copied = copy.step(old, new).await.unwrap();
        all.persons += copied.persons;
        all.live += copied.live;
        all.destroyed += copied.destroyed;
        all.refused += copied.refused;
    }
    all
}

/// Three persons: one with a key, one who was erased and came back, one who is held next door.
async fn fill(stage: &Stage, vault: &dyn Vault) -> [Person; 3] {
    let held = Person { tenant: tenant(NEIGHBOUR), ..person("u-3") };
    let persons = [person("u-1"), person("u-2"), held];
    for person in &persons {
        vault.add(&key(stage, person, 1)).await.unwrap();
    }
    let [_, erased, held] = &persons;
    vault.close(erased, 7).await.unwrap();
    vault.destroy(erased, 1, entry(stage), at(3)).await.unwrap();
    vault.add(&key(stage, erased, 2)).await.unwrap();
    vault.hold(held, &Name::new("case_17").unwrap(), at(5)).await.unwrap();
    persons
}

async fn assert_same(old: &dyn Vault, new: &dyn Vault, persons: &[Person]) {
    assert_eq!(old.page(None, 100).await.unwrap(), new.page(None, 100).await.unwrap());
    for person in persons {
        assert_eq!(old.keys(person).await.unwrap(), new.keys(person).await.unwrap());
    }
}

async fn vault_copy_has_keys_epochs_and_holds(stage: Stage) {
    let (vault, other) = (stage.ground.vault().await, MemoryVault::new());
    let persons = fill(&stage, &*vault).await;
    let copied = copy(&*vault, &other).await;
    assert_eq!((copied.live, copied.destroyed, copied.refused), (3, 1, 0));
    assert_same(&*vault, &other, &persons).await;
    assert_eq!(copy(&*vault, &other).await, copied, "once more changes nothing");
    assert_same(&*vault, &other, &persons).await;
}

async fn vault_copy_broken_off_goes_on(stage: Stage) {
    let (old, vault) = (MemoryVault::new(), CutVault::new(stage.ground.vault().await));
    let persons = fill(&stage, &old).await;
    let mut copy = VaultCopy::default();
    for cut in [Cut::Before("adopt"), Cut::After("adopt"), Cut::After("add"), Cut::Before("find")] {
        vault.cut(cut);
        while copy.step(&old, &*vault).await.is_ok() {
            assert!(!copy.is_over(), "{cut:?} was not met");
        }
    }
    while !copy.is_over() {
        copy.step(&old, &*vault).await.unwrap();
    }
    assert_same(&old, &*vault, &persons).await;
}

async fn vault_copy_never_revives_a_destroyed_key(stage: Stage) {
    let (old, vault) = (MemoryVault::new(), stage.ground.vault().await);
    let persons = fill(&stage, &old).await;
    copy(&old, &*vault).await;
    vault.close(&persons[0], 9).await.unwrap();
    vault.destroy(&persons[0], 1, entry(&stage), at(8)).await.unwrap();
    let kept = vault.keys(&persons[0]).await.unwrap();
    let copied = copy(&old, &*vault).await;
    assert_eq!((copied.live, copied.destroyed, copied.refused), (2, 1, 1));
    assert_eq!(vault.keys(&persons[0]).await.unwrap(), kept);
}

async fn vault_copy_never_brings_a_key_of_an_ended_epoch(stage: Stage) {
    let (old, vault) = (MemoryVault::new(), stage.ground.vault().await);
    let erased = person("u-1");
    old.hold(&erased, &Name::new("one").unwrap(), at(1)).await.unwrap();
    old.release(&erased, &Name::new("one").unwrap(), at(1)).await.unwrap();
    old.add(&key(&stage, &erased, 1)).await.unwrap();
    let mut copy = VaultCopy::default();
    copy.step(&old, &*vault).await.unwrap();
    // Erased where the key has not come yet.
    vault.close(&erased, 9).await.unwrap();
    vault.destroy(&erased, 1, entry(&stage), at(8)).await.unwrap();
    let mut refused = 0;
    while !copy.is_over() {
        refused += copy.step(&old, &*vault).await.unwrap().refused;
    }
    assert_eq!(refused, 1);
    assert_eq!(vault.page(None, 10).await.unwrap(), []);
}

async fn vault_copy_takes_over_what_was_destroyed(stage: Stage) {
    let (old, vault) = (MemoryVault::new(), stage.ground.vault().await);
    let persons = fill(&stage, &old).await;
    copy(&old, &*vault).await;
    old.close(&persons[0], 9).await.unwrap();
    old.destroy(&persons[0], 1, entry(&stage), at(8)).await.unwrap();
    let copied = copy(&old, &*vault).await;
    assert_eq!((copied.live, copied.destroyed, copied.refused), (2, 2, 0));
    assert_same(&old, &*vault, &persons).await;
    let held = vault.close(&persons[2], 4).await.unwrap();
    assert_eq!(held, Closed::Held(Name::new("case_17").unwrap()));
}

async fn vault_copy_into_another_vault_is_refused(stage: Stage) {
    let (old, vault) = (MemoryVault::new(), stage.ground.vault().await);
    fill(&stage, &old).await;
    let own = key(&stage, &person("u-1"), 1);
    vault.add(&own).await.unwrap();
    let mut copy = VaultCopy::default();
    let refused = loop {
        match copy.step(&old, &*vault).await {
            Ok(_) => assert!(!copy.is_over(), "it is another vault"),
            Err(fault) => break Err::<(), _>(fault),
        }
    };
    assert_eq!(kind(refused), FaultKind::Foreign);
    assert_eq!(vault.keys(&person("u-1")).await.unwrap().newest, Some(own));
}

async fn vault_copy_opens_what_the_old_one_did(stage: Stage) {
    let hos = stage.vaulted().await;
    let gone = say(&hos, &owner(), "gone").await;
    hos.erase(&erase("owner-1", "e")).await.unwrap();
    let kept = say(&hos, &owner(), "kept").await;
    let new = MemoryVault::new();
    copy(&*stage.ground.vault().await, &new).await;
    let moved = stage.with_vault(Arc::new(new)).await;
    assert_eq!(told(&moved, gone).await, None);
    assert!(told(&moved, kept).await.is_some());
    let again = moved.erase(&erase("owner-1", "e2")).await.unwrap();
    assert!(!again.replayed);
    assert_eq!(told(&moved, kept).await, None);
}
