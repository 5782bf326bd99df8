//! What every vault does.

pub(super) mod copy;

use hos_core::cipher::{KeyId, SecretKey};
use hos_core::id::{Name, Tenant};
use hos_core::time::{IdSource as _, ProofId, Timestamp};
use hos_core::vault::{Closed, Held, KeyState, Person, StoredKey, Vault, Wrapped};

use crate::case::cases;
use crate::stage::{NEIGHBOUR, Stage, firm, tenant, world};
use crate::vaulted::{master, person};

cases!(
    "vault",
    [
        vault_keeps_the_first_key_of_an_epoch,
        vault_finds_keys_of_one_tenant_only,
        vault_persons_are_compared_byte_for_byte,
        vault_epoch_ends_once_for_a_generation,
        vault_epoch_ends_again_when_its_generation_comes_again,
        vault_destroys_every_key_up_to_an_epoch,
        vault_never_revives_a_destroyed_key,
        vault_destroys_keys_of_a_person_it_never_closed,
        vault_held_person_has_no_epoch_ended,
        vault_hold_is_for_one_matter_and_ends_by_its_own,
        vault_hold_placed_anew_is_another_one,
        vault_pages_are_in_the_order_of_the_numbers,
        vault_rewraps_what_is_as_it_was_read,
        vault_keeps_nothing_of_a_destroyed_key,
        vault_remembers_how_much_of_a_log_was_walked,
    ]
);

fn key(stage: &Stage, person: &Person, epoch: u32) -> StoredKey {
    let id = KeyId::random(&*stage.ids);
    let bytes = SecretKey::random(&*stage.ids).as_bytes().to_vec();
    let state = KeyState::Live(Wrapped { master: "2026".to_owned(), bytes });
    StoredKey { id, person: person.clone(), epoch, state }
}

fn entry(stage: &Stage) -> ProofId {
    stage.ids.proof_id(Timestamp::EPOCH)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

async fn found(vault: &dyn Vault, key: &StoredKey) -> Option<StoredKey> {
    vault.find(&world(), &firm(), &[key.id]).await.unwrap().pop()
}

async fn vault_keeps_the_first_key_of_an_epoch(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let nothing = vault.keys(&person).await.unwrap();
    assert_eq!((nothing.epoch, nothing.since), (1, 0));
    assert_eq!((nothing.newest, nothing.before, nothing.held), (None, None, None));
    let (first, second) = (key(&stage, &person, 1), key(&stage, &person, 1));
    vault.add(&first).await.unwrap();
    vault.add(&second).await.unwrap();
    vault.add(&first).await.unwrap();
    assert_eq!(vault.keys(&person).await.unwrap().newest, Some(first));
    assert_eq!(found(&*vault, &second).await, None);
}

async fn vault_finds_keys_of_one_tenant_only(stage: Stage) {
    let vault = stage.ground.vault().await;
    let own = key(&stage, &person("u-1"), 1);
    let there = Person { tenant: tenant(NEIGHBOUR), ..person("u-1") };
    let other = key(&stage, &there, 1);
    let above = Person { tenant: Tenant::world(), ..person("u-1") };
    let of_world = key(&stage, &above, 1);
    for key in [&own, &other, &of_world] {
        vault.add(key).await.unwrap();
    }
    let ids = [own.id, other.id, of_world.id, KeyId::random(&*stage.ids)];
    assert_eq!(vault.find(&world(), &firm(), &ids).await.unwrap(), [own]);
    assert_eq!(vault.find(&world(), &tenant(NEIGHBOUR), &ids).await.unwrap(), [other]);
    assert_eq!(vault.find(&world(), &Tenant::world(), &ids).await.unwrap(), [of_world]);
    assert_eq!(vault.find(&world(), &firm(), &[]).await.unwrap(), []);
}

async fn vault_persons_are_compared_byte_for_byte(stage: Stage) {
    let vault = stage.ground.vault().await;
    for id in ["u", "U", "u ", "ü", "u\u{308}"] {
        vault.add(&key(&stage, &person(id), 1)).await.unwrap();
        let kept = vault.keys(&person(id)).await.unwrap().newest.expect("a key of its own");
        assert_eq!(kept.person, person(id));
    }
    assert_eq!(vault.page(None, 100).await.unwrap().len(), 5);
}

async fn vault_epoch_ends_once_for_a_generation(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let first = key(&stage, &person, 1);
    vault.add(&first).await.unwrap();
    for _ in 0..2 {
        assert_eq!(vault.close(&person, 7).await.unwrap(), Closed::Through(1));
    }
    let kept = vault.keys(&person).await.unwrap();
    assert_eq!((kept.epoch, kept.since, kept.newest), (2, 7, None));
    assert_eq!(kept.before, Some(first));
    assert_eq!(vault.close(&person, 9).await.unwrap(), Closed::Through(2));
    assert_eq!(vault.close(&person, 8).await.unwrap(), Closed::Through(3), "it was restored");
}

async fn vault_epoch_ends_again_when_its_generation_comes_again(stage: Stage) {
    let vault = stage.ground.vault().await;
    let erased = person("u-1");
    vault.add(&key(&stage, &erased, 1)).await.unwrap();
    assert_eq!(vault.close(&erased, 7).await.unwrap(), Closed::Through(1));
    vault.destroy(&erased, 1, entry(&stage), at(1)).await.unwrap();
    // The law was restored: generation 7 comes again, and whoever is judged before it takes the
    // second epoch, whose key may be made at any time.
    assert_eq!(vault.close(&erased, 7).await.unwrap(), Closed::Through(2));
    let since = vault.keys(&erased).await.unwrap();
    assert_eq!((since.epoch, since.since), (3, 7));
    let used = person("u-2");
    assert_eq!(vault.close(&used, 7).await.unwrap(), Closed::Through(1));
    vault.add(&key(&stage, &used, 2)).await.unwrap();
    assert_eq!(vault.close(&used, 7).await.unwrap(), Closed::Through(2));
    assert_eq!(vault.close(&used, 7).await.unwrap(), Closed::Through(2), "a repeat again");
    assert_eq!(vault.destroy(&used, 2, entry(&stage), at(1)).await.unwrap(), 1);
}

async fn vault_destroys_every_key_up_to_an_epoch(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let mut keys = Vec::new();
    for epoch in 1..=3 {
        keys.push(key(&stage, &person, epoch));
        vault.add(&keys[keys.len() - 1]).await.unwrap();
        vault.close(&person, 10 + u64::from(epoch)).await.unwrap();
    }
    let other = key(&stage, &crate::vaulted::person("u-2"), 1);
    vault.add(&other).await.unwrap();
    let (entry, when) = (entry(&stage), at(1_700_000_000_123_456));
    assert_eq!(vault.destroy(&person, 2, entry, when).await.unwrap(), 2);
    assert_eq!(vault.destroy(&person, 2, entry, at(5)).await.unwrap(), 0, "once");
    for gone in &keys[..2] {
        let state = KeyState::Destroyed { entry, at: when };
        assert_eq!(found(&*vault, gone).await, Some(StoredKey { state, ..gone.clone() }));
    }
    assert_eq!(found(&*vault, &keys[2]).await.as_ref(), Some(&keys[2]));
    assert_eq!(found(&*vault, &other).await, Some(other));
}

async fn vault_never_revives_a_destroyed_key(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let first = key(&stage, &person, 1);
    vault.add(&first).await.unwrap();
    vault.close(&person, 1).await.unwrap();
    vault.destroy(&person, 1, entry(&stage), at(1)).await.unwrap();
    vault.add(&first).await.unwrap();
    vault.add(&key(&stage, &person, 1)).await.unwrap();
    let KeyState::Live(wrapped) = first.state.clone() else { panic!("it was live") };
    assert!(!vault.rewrap(first.id, &wrapped, &wrapped).await.unwrap());
    let page = vault.page(None, 10).await.unwrap();
    assert_eq!(page.len(), 1);
    assert!(matches!(page[0].state, KeyState::Destroyed { .. }), "{page:?}");
}

async fn vault_destroys_keys_of_a_person_it_never_closed(stage: Stage) {
    let (vault, restored) = (stage.ground.vault().await, person("u-1"));
    vault.add(&key(&stage, &restored, 1)).await.unwrap();
    assert_eq!(vault.destroy(&restored, 4, entry(&stage), at(1)).await.unwrap(), 1);
    assert_eq!(vault.keys(&restored).await.unwrap().epoch, 5);
    let unknown = person("u-2");
    assert_eq!(vault.destroy(&unknown, 1, entry(&stage), at(1)).await.unwrap(), 0);
    assert_eq!(vault.keys(&unknown).await.unwrap().epoch, 2);
}

async fn vault_held_person_has_no_epoch_ended(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let matter = Name::new("case_17").unwrap();
    assert_eq!(vault.hold(&person, &matter, at(5)).await.unwrap(), matter);
    assert_eq!(vault.close(&person, 3).await.unwrap(), Closed::Held(matter.clone()));
    let kept = vault.keys(&person).await.unwrap();
    assert_eq!(
        (kept.epoch, kept.since, kept.held),
        (1, 0, Some(Held { matter: matter.clone(), at: at(5) }))
    );
    vault.release(&person, &matter, at(5)).await.unwrap();
    assert_eq!(vault.close(&person, 3).await.unwrap(), Closed::Through(1));
}

async fn vault_hold_is_for_one_matter_and_ends_by_its_own(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let (one, other) = (Name::new("one").unwrap(), Name::new("other").unwrap());
    vault.release(&person, &one, at(9)).await.unwrap();
    vault.hold(&person, &one, at(5)).await.unwrap();
    assert_eq!(vault.hold(&person, &other, at(6)).await.unwrap(), one);
    assert_eq!(vault.held(&world(), &firm()).await.unwrap(), Some(one.clone()));
    for elsewhere in [tenant(NEIGHBOUR), Tenant::world()] {
        assert_eq!(vault.held(&world(), &elsewhere).await.unwrap(), None);
    }
    vault.release(&person, &other, at(9)).await.unwrap();
    vault.release(&person, &one, at(4)).await.unwrap();
    let held = Some(Held { matter: one.clone(), at: at(5) });
    assert_eq!(vault.keys(&person).await.unwrap().held, held);
    vault.release(&person, &one, at(5)).await.unwrap();
    assert_eq!(vault.keys(&person).await.unwrap().held, None);
    assert_eq!(vault.held(&world(), &firm()).await.unwrap(), None);
}

async fn vault_hold_placed_anew_is_another_one(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let matter = Name::new("one").unwrap();
    let held = async || vault.keys(&person).await.unwrap().held.map(|held| held.at);
    // Also by a clock that stands still, or is behind.
    for (placed, seen) in [(5, 5), (9, 9), (9, 10), (3, 11)] {
        assert_eq!(vault.hold(&person, &matter, at(placed)).await.unwrap(), matter);
        vault.release(&person, &matter, at(seen - 1)).await.unwrap();
        assert_eq!(held().await, Some(at(seen)));
    }
    vault.release(&person, &matter, at(11)).await.unwrap();
    assert_eq!(held().await, None);
}

async fn vault_pages_are_in_the_order_of_the_numbers(stage: Stage) {
    let vault = stage.ground.vault().await;
    let mut ids = Vec::new();
    for at in 0..7 {
        let key = key(&stage, &person(&format!("u-{at}")), 1);
        ids.push(key.id);
        vault.add(&key).await.unwrap();
    }
    ids.sort_unstable();
    let mut paged: Vec<KeyId> = Vec::new();
    loop {
        let page = vault.page(paged.last().copied(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        paged.extend(page.iter().map(|key| key.id));
    }
    assert_eq!(paged, ids);
}

async fn vault_rewraps_what_is_as_it_was_read(stage: Stage) {
    let vault = stage.ground.vault().await;
    let key = key(&stage, &person("u-1"), 1);
    vault.add(&key).await.unwrap();
    let KeyState::Live(old) = key.state.clone() else { panic!("it is live") };
    let fresh = master().wrap(&SecretKey::random(&*stage.ids), b"bound").await.unwrap();
    assert!(!vault.rewrap(key.id, &fresh, &old).await.unwrap());
    assert!(vault.rewrap(key.id, &old, &fresh).await.unwrap());
    assert!(!vault.rewrap(key.id, &old, &fresh).await.unwrap());
    let state = KeyState::Live(fresh);
    assert_eq!(found(&*vault, &key).await, Some(StoredKey { state, ..key }));
}

async fn vault_keeps_nothing_of_a_destroyed_key(stage: Stage) {
    let (vault, person) = (stage.ground.vault().await, person("u-1"));
    let first = key(&stage, &person, 1);
    vault.add(&first).await.unwrap();
    let KeyState::Live(wrapped) = &first.state else { panic!("it is live") };
    vault.destroy(&person, 1, entry(&stage), at(1)).await.unwrap();
    let kept = vault.keys(&person).await.unwrap();
    let told =
        format!("{:?} {:?} {:?}", kept, vault.page(None, 9).await, found(&*vault, &first).await);
    assert!(!told.contains(&wrapped.master), "{told}");
}

async fn vault_remembers_how_much_of_a_log_was_walked(stage: Stage) {
    let vault = stage.ground.vault().await;
    let walked = async |tenant: &Tenant| vault.walked(&world(), tenant).await.unwrap();
    assert_eq!(walked(&firm()).await, 0);
    for size in [0, 7, 1 << 40, 3] {
        vault.walk_to(&world(), &firm(), size).await.unwrap();
        assert_eq!(walked(&firm()).await, size);
    }
    assert_eq!(walked(&tenant(NEIGHBOUR)).await, 0);
    assert_eq!(walked(&Tenant::world()).await, 0);
}
