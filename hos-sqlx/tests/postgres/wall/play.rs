//! Everything that the first firm can do.

use std::collections::BTreeSet;
use std::time::Duration;

use hos_core::checkpoint::Checkpoint;
use hos_core::command::{EpochOpening, Migration};
use hos_core::note::SignedNote;
use hos_core::prelude::*;
use hos_core::seal::{LogName, TILE_HASHES, Tile};
use hos_core::standing::{AbilityPattern, Mode, WorldStatus};
use hos_core::store::{
    Archive as _, Ask, Erasures as _, Ledger as _, Migrations as _, PinnedAsk, Segments as _,
    Store as _,
};
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::Value;
use hos_sqlx::WithinExt as _;
use sqlx::Connection as _;

use super::furnished::{sealer, signing_key};
use crate::shop::{FIRMS, Shop, firm, later_of, member, order, owner, world};

/// A stranger to the first firm, whom the second one and the firm elsewhere know.
const SPY: &str = "spy";

/// What nothing of the first firm's own says: of the second one, and of the world elsewhere.
const THEIRS: [&str; 2] = ["firm-2", "elsewhere"];

/// Does everything in the first firm; answers what of it told of the second. Whatever a mutant
/// makes of a call otherwise, a refusal, a fault, is as good as any.
pub(super) async fn play(shop: &Shop, round: usize) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    let mut tell = |what: &str, text: String| {
        if THEIRS.iter().any(|word| text.contains(word)) {
            told.insert(what.to_owned());
        }
    };
    // A law that remembers nothing of earlier rounds, over the same connections.
    let hos = Hos::open([later_of(round)], shop.store.clone()).await;
    let Ok(hos) = hos else { return told };
    let us = || firm(FIRMS[0]);
    let key = |what: &str| format!("{what}-{round}");
    let act = |id: &str, action: &str| {
        Command::new(&owner(FIRMS[0]), &order(FIRMS[0], id), action)
            .key(key(&format!("{action}{id}")))
    };
    tell("situation", format!("{:?}", hos.situation(&order(FIRMS[0], "o-1")).await));
    tell("touch", format!("{:?}", hos.transition(&act("o-1", "touch")).await));
    tell("batch", {
        let commands = [act("o-1", "touch"), act("o-4", "touch"), act("o-5", "touch")];
        format!("{:?}", hos.transition_all(&commands).await)
    });
    tell("moves", {
        let commands = ["o-1", "o-4"].map(|id| act(id, "touch").key(key(&format!("again {id}"))));
        format!("{:?}", hos.transition_all(&commands).await)
    });
    tell("compound", {
        let command = act("o-4", "touch").and(&order(FIRMS[0], "o-5"), "touch").key(key("both"));
        format!("{:?}", hos.transition(&command).await)
    });
    tell("replay", format!("{:?}", hos.transition(&shop.paid(FIRMS[0], "o-2")).await));
    let opening = Opening::new(&owner(FIRMS[0]), &order(FIRMS[0], &key("new")))
        .attribute("note", Value::from("ours"))
        .key(key("open"));
    tell("open", format!("{:?}", hos.open(&opening).await));
    let paid = act(&key("new"), "pay").input("note", "a part");
    tell("pay", format!("{:?}", hos.transition(&paid).await));
    let denied =
        Command::new(&Actor::user("clerk-of-firm-1").unwrap(), &order(FIRMS[0], "o-3"), "pay");
    tell("terminal", format!("{:?}", hos.transition(&denied.key(key("terminal"))).await));
    // A stranger to the first firm, whom the second one knows.
    let spy = Actor::user(SPY).unwrap();
    let asked = hos.can(&Query::new(&spy, "order.touch", &order(FIRMS[0], "o-1"))).await;
    if asked.is_ok_and(|decision| decision.permits()) {
        tell("can", THEIRS[0].to_owned());
    }
    let stolen = Command::new(&spy, &order(FIRMS[0], "o-1"), "touch").key(key("stolen"));
    if hos.transition(&stolen).await.is_ok() {
        tell("stolen", THEIRS[0].to_owned());
    }
    let critical = Command::new(&spy, &order(FIRMS[0], "o-1"), "cancel").key(key("denial"));
    tell("denial", format!("{:?}", hos.transition(&critical).await.is_ok()));
    let root = Actor::user("root").unwrap();
    for (what, change) in [
        ("member", member("clerk-of-firm-1", &["owner"])),
        ("unban", StandingChange::Unban { target: ActorId::new("owner-of-firm-1").unwrap() }),
        ("mode", StandingChange::SetMode { ability: None, mode: Some(Mode::Enforce) }),
        ("no mode", StandingChange::SetMode { ability: None, mode: None }),
        (
            "grant",
            StandingChange::Grant {
                target: ActorId::new("clerk-of-firm-1").unwrap(),
                pattern: AbilityPattern::parse("order.touch").unwrap(),
                duration: Duration::from_secs(60),
                reason: "ours".to_owned(),
            },
        ),
    ] {
        let command = StandingCommand::new(&root, &world(), &us(), change).key(key(what));
        tell(what, format!("{:?}", hos.change_standing(&command).await));
    }
    let guest = firm(&format!("guest-{round}"));
    for (tenant, key, change) in [
        (&guest, "guest", StandingChange::AddTenant),
        (&Tenant::world(), "status", StandingChange::SetWorld { status: WorldStatus::Open }),
    ] {
        let command = StandingCommand::new(&root, &world(), tenant, change);
        let command = command.key(format!("{key}-{round}"));
        tell(key, format!("{:?}", hos.change_standing(&command).await.is_err()));
    }
    let opening = EpochOpening::new(&root, &world(), &guest, &lost_note(&hos, &guest), "lost");
    let opened = hos.open_epoch(&opening.key(key("epoch")), &[signing_key().verifier_key()]).await;
    tell("epoch", format!("{opened:?}"));
    tell("epochs", format!("{:?}", hos.epochs(&LogName::of(&world(), &guest)).await));
    let ask = PinnedAsk {
        world: world(),
        tenant: us(),
        kind: "order".parse().unwrap(),
        version: "1".parse().unwrap(),
        after: None,
        limit: 1_000,
    };
    tell("pinned", format!("{:?}", shop.store.pinned(&ask).await));
    let walk = Migration::new(&root, &world(), &us(), "order", "1", "2");
    let walk = walk.after("n".parse().unwrap()).key(key("migrate"));
    tell("migrate", format!("{:?}", hos.migrate(&walk, 1).await));
    let members = format!("{:?}", hos.members(&world(), &us(), None, 100).await);
    tell("members", members.replace(SPY, THEIRS[0]));
    tell("page", format!("{:?}", hos.page(&world(), &us(), 0, 1_000).await));
    tell("history", format!("{:?}", hos.history(&order(FIRMS[0], "o-1"), 0, 1_000).await));
    tell("head", format!("{:?}", shop.store.head(&world(), &us()).await.is_err()));
    tell("grantees", format!("{:?}", shop.store.grantees(&world(), &us(), None, 100).await));
    let (theirs, part) = their_part(shop).await;
    tell("find", format!("{:?}", hos.find(&world(), &us(), theirs).await));
    drop(shop.store.delete_parts(&world(), &us(), &[(theirs, part)], theirs).await);
    drop(hos.sequence_pending(1_000).await);
    let sealer = sealer(&hos);
    tell("seal", format!("{:?}", sealer.seal(&world(), &us()).await.is_err()));
    let log = LogName::of(&world(), &us());
    tell("checkpoints", format!("{:?}", hos.checkpoints(&log, 0, 1_000).await));
    tell("anchor", format!("{:?}", hos.prove_anchor(&world(), &us(), 0).await));
    tell("quarantined", format!("{:?}", hos.quarantined(&world(), &us(), None, 9).await));
    let tile = Tile { level: 0, place: 9, root: [1; 32], hashes: vec![[1; 32]; TILE_HASHES] };
    drop(shop.store.seals().write_tiles(&log, &[tile]).await);
    if let Ok(state) = shop.store.seals().state(&log).await {
        tell("state", format!("{state:?}"));
    }
    // The second firm has a segment that is archived, the first one none.
    if shop.store.segments(&world(), &us(), 0, 9).await.is_ok_and(|found| !found.is_empty())
        || shop.store.refill(&world(), &us(), 0, &[]).await.is_ok_and(|archived| archived)
    {
        tell("segments", "firm-2".to_owned());
    }
    drop(shop.store.release(&world(), &us(), 0, 9).await);
    let due = shop.store.due_timers(&world(), Timestamp::from_micros(i64::MAX), 100).await;
    for timer in due.unwrap_or_default() {
        if timer.subject.tenant == us() {
            // The second firm has the same timer on the same subject's id.
            let later = timer.due_at.after(Duration::from_secs(1));
            drop(shop.store.postpone_timers(&[timer], later).await);
        }
    }
    for (what, statement) in FORBIDDEN {
        if do_forbidden(shop, statement).await.is_ok() {
            tell(what, "as firm-2 may".to_owned());
        }
    }
    // Bound to the first firm in a transaction of the caller's, with everything locked.
    if let Ok(mut transaction) = shop.store.begin().await {
        let within = hos.within(&mut transaction);
        tell(
            "within",
            format!("{:?}", within.transition(&act("o-5", "touch").key(key("in"))).await),
        );
        drop(within);
        drop(transaction.commit().await);
    }
    let ask = Ask {
        world: world(),
        tenant: us(),
        actor: ActorId::new(SPY).unwrap(),
        subjects: ["o-1", "o-2"].map(|id| order(FIRMS[0], id)).to_vec(),
        key: None,
    };
    tell(
        "load",
        match shop.store.load_all(&[ask]).await {
            Ok(standings) => format!(
                "{:?} {}",
                standings[0].subjects,
                if standings[0].actor.roles.is_empty() { "" } else { THEIRS[0] }
            ),
            Err(_) => String::new(),
        },
    );
    told
}

/// What the second firm's segment would let it do, of which the first one has none.
const FORBIDDEN: [(&str, &str); 3] = [
    ("leaf gone", "DELETE FROM hos_leaf WHERE leaf_index = 3"),
    ("entry gone", "DELETE FROM hos_entry WHERE revision = 1"),
    (
        "segment",
        "INSERT INTO hos_archive
            (scope, first_index, turn, end_index, entry, digest, least_id, greatest_id)
        SELECT
            scope, 0, 1, 256, gen_random_uuid(), sha256(''), gen_random_uuid(), gen_random_uuid()
        FROM hos_log",
    ),
];

async fn do_forbidden(shop: &Shop, statement: &'static str) -> Result<(), sqlx::Error> {
    let mut stranger = shop.stranger().await;
    let mut bound = stranger.begin().await?;
    let bind = "SELECT hos_bind(ARRAY['pazar'], ARRAY['firm-1'], false)";
    sqlx::raw_sql(bind).execute(&mut *bound).await?;
    sqlx::raw_sql(statement).execute(&mut *bound).await.map(drop)
}

/// A note of a log as it was before its database was lost.
fn lost_note(hos: &Hos, tenant: &Tenant) -> String {
    let origin = hos.origin(&LogName::of(&world(), tenant));
    let text = Checkpoint::new(&origin, 9, [7; 32]).unwrap().to_text();
    SignedNote::new(&text, vec![signing_key().sign(&text)]).unwrap().to_string()
}

/// An entry of the second firm and the name of a part of it.
async fn their_part(shop: &Shop) -> (ProofId, String) {
    let part = "SELECT entry::text || '/' || name FROM hos_part JOIN hos_scope ON number = scope \
                WHERE tenant = 'firm-2' LIMIT 1";
    let part = shop.read(part).await.unwrap();
    let (entry, name) = part.split_once('/').unwrap();
    (ProofId::parse(entry).unwrap(), name.to_owned())
}
