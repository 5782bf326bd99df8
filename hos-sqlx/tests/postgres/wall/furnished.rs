//! Two firms with the same rows, and a world elsewhere with a firm of the same name.

use hos_core::hos::Sealer;
use hos_core::note::SigningKey;
use hos_core::prelude::*;
use hos_core::seal::{Keys, MemoryKeeper};

use crate::shop::{FIRMS, Shop, elsewhere, law, member};

/// Of the orders that are migrated, one in each round.
pub(super) const MIGRATED_MAX: usize = 320;

/// The same rows in both firms, those of the second one marked.
pub(super) async fn furnish(shop: &Shop) {
    furnish_elsewhere(shop).await;
    // Theirs first, so that whoever takes the first of all rows takes theirs.
    for name in FIRMS.into_iter().rev() {
        let note = format!("secret of {name}");
        for id in ["o-1", "o-2", "o-3", "o-4", "o-5", "o-6"] {
            shop.open_order(name, id, &note).await;
        }
        for id in ["o-2", "o-6"] {
            shop.hos.transition(&shop.paid(name, id)).await.unwrap();
        }
        shop.act(name, "o-3", "cancel").await;
        for number in 0..MIGRATED_MAX {
            shop.open_order(name, &format!("n-{number:03}"), &note).await;
        }
        shop.change(name, member(&format!("clerk-of-{name}"), &["owner"]), "clerk").await;
    }
    // Whom the second firm alone knows.
    shop.change(FIRMS[1], member("spy", &["owner"]), "spy").await;
    let ban = StandingChange::Ban {
        target: ActorId::new("owner-of-firm-1").unwrap(),
        reason: "theirs alone".to_owned(),
    };
    shop.change(FIRMS[1], ban, "ban").await;
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let sealer = sealer(&shop.hos);
    assert_eq!(sealer.seal_pending(100).await.unwrap().refused.len(), 0);
    // The second firm's last checkpoint waits for its anchor.
    sealer.anchor_round(100).await.unwrap();
    for name in FIRMS {
        shop.act(name, "o-2", "cancel").await;
    }
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    assert_eq!(sealer.seal_pending(100).await.unwrap().refused.len(), 0);
    // As if: nothing of it was let go of.
    for statement in [
        "ALTER TABLE hos_archive DISABLE TRIGGER USER",
        "INSERT INTO hos_archive
            (scope, first_index, turn, end_index, entry, digest, least_id, greatest_id)
        SELECT
            number, 0, 0, 256, gen_random_uuid(), sha256(''), gen_random_uuid(),
            gen_random_uuid()
        FROM hos_scope WHERE tenant = 'firm-2'",
        "ALTER TABLE hos_archive ENABLE TRIGGER USER",
    ] {
        shop.run(statement).await.unwrap();
    }
}

/// A world that differs in its name alone, whose firm is called as the first one is.
async fn furnish_elsewhere(shop: &Shop) {
    let mut definition = law().definition().clone();
    definition.world = elsewhere().to_string();
    let law = Law::new(&definition).unwrap();
    let hos = Hos::open([law], shop.store.clone()).await.unwrap();
    let role = Role::new("super_admin").unwrap();
    hos.bootstrap(&elsewhere(), &ActorId::new("root").unwrap(), &role, b"boot").await.unwrap();
    let (root, spy) = (Actor::user("root").unwrap(), Actor::user("spy").unwrap());
    let firm = Tenant::new(FIRMS[0]).unwrap();
    for (key, change) in [
        ("tenant", StandingChange::AddTenant),
        ("spy", member("spy", &["owner"])),
        ("clerk", member("clerk-of-firm-1", &["owner"])),
    ] {
        let command = StandingCommand::new(&root, &elsewhere(), &firm, change).key(key);
        hos.change_standing(&command).await.unwrap();
    }
    for id in ["o-1", "o-2", "o-4", "o-5"] {
        let order = Subject::new(elsewhere().as_str(), FIRMS[0], "order", id).unwrap();
        let opening = Opening::new(&spy, &order).key(format!("open-{id}"));
        let opening = opening.attribute("note", "secret of firm-2, elsewhere");
        hos.open(&opening).await.unwrap();
        let touched = Command::new(&spy, &order, "touch").key(format!("touch-{id}"));
        hos.transition(&touched).await.unwrap();
    }
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
}

pub(super) fn sealer(hos: &Hos) -> Sealer {
    hos.sealer(Keys::new(signing_key()), MemoryKeeper::default()).unwrap()
}

pub(super) fn signing_key() -> SigningKey {
    SigningKey::from_seed("hos.local", &[7; 32]).unwrap()
}

/// A digest of every row of theirs: of the second firm, and of the world elsewhere.
pub(super) async fn theirs(shop: &Shop) -> String {
    let tables = [
        "hos_entry",
        "hos_part",
        "hos_pending",
        "hos_leaf",
        "hos_log",
        "hos_dedup",
        "hos_subject",
        "hos_receipt",
        "hos_outbox",
        "hos_timer",
        "hos_member",
        "hos_ban",
        "hos_grant",
        "hos_mode",
        "hos_tile",
        "hos_checkpoint",
        "hos_unsealed",
        "hos_unanchored",
        "hos_deployment",
        "hos_quarantine",
        "hos_archive",
        "hos_log_epoch",
    ];
    let scopes = "SELECT number FROM hos_scope WHERE tenant = 'firm-2' OR world = 'elsewhere'";
    let mut digests = String::new();
    for table in tables {
        let all = format!(
            "SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} AS t \
             WHERE scope IN ({scopes})"
        );
        digests.push_str(&shop.read(&all).await.unwrap_or_default());
    }
    let own = format!(
        "SELECT md5(string_agg(t::text, ' ' ORDER BY number)) FROM hos_scope AS t \
         WHERE number IN ({scopes})"
    );
    digests + &shop.read(&own).await.unwrap()
}
