//! A log whose second epoch an entry opened.

use hos_core::checkpoint::Checkpoint;
use hos_core::command::EpochOpening;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::prelude::*;
use hos_core::seal::LogName;

/// Opens the second epoch of the first firm's log, as after a restored backup.
pub(crate) async fn open_epoch(hos: &Hos) {
    let (world, firm) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    while hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let origin = hos.origin(&LogName::of(&world, &firm));
    let lost = Checkpoint::new(&origin, 99, [7; 32]).unwrap().to_text();
    let lost = SignedNote::new(&lost, vec![key.sign(&lost)]).unwrap().to_string();
    let root = Actor::user("root").unwrap();
    let opening = EpochOpening::new(&root, &world, &firm, &lost, "the disk was lost");
    hos.open_epoch(&opening.key("epoch-2"), &[key.verifier_key()]).await.unwrap();
}

/// What nobody may do to an epoch, and how it is refused.
pub(crate) const REFUSED: [(&str, &str); 6] = [
    ("UPDATE hos_log_epoch SET number = number + 1", "hos:epoch is immutable"),
    ("UPDATE hos_log_epoch SET recorded_in = 0", "hos:epoch is immutable"),
    ("DELETE FROM hos_log_epoch", "hos:epoch is immutable"),
    (
        "INSERT INTO hos_log_epoch SELECT scope, number, recorded_in, entry FROM hos_log_epoch",
        "hos:epoch stands elsewhere",
    ),
    (
        "INSERT INTO hos_log_epoch SELECT scope + 1, number, recorded_in, entry FROM hos_log_epoch",
        "hos:epoch without proof",
    ),
    (
        "INSERT INTO hos_log_epoch SELECT scope, 3, recorded_in,
        (SELECT id FROM hos_entry WHERE type <> 'epoch/1' LIMIT 1) FROM hos_log_epoch",
        "hos:epoch without proof",
    ),
];
