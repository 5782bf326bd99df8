//! The second wall: with the tenant's predicate taken out of each statement in turn, no row of a
//! tenant outside the list is read or written.

use std::collections::BTreeSet;

use hos_core::command::Migration;
use hos_core::hos::Sealer;
use hos_core::note::SigningKey;
use hos_core::prelude::*;
use hos_core::seal::{Keys, LogName, MemoryKeeper, TILE_HASHES, Tile};
use hos_core::store::{
    Archive as _, Ask, Ledger as _, Migrations as _, PinnedAsk, Segments as _, Store as _,
};
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::Value;
use hos_sqlx::WithinExt as _;

use crate::shop::{FIRMS, Shop, firm, later, member, order, owner, server, world};

/// Everything that compares a row with the tenant that it must be of.
const PREDICATES: [&str; 17] = [
    " = own",
    " = above",
    " = numbers[line.own]",
    " = numbers[step.own]",
    " = line.scope",
    " = hos_commit_move.tenant",
    " = hos_commit_move.world",
    " = bound[line.own]",
    " = bound[2]",
    " = numbers[2]",
    " = named.tenant",
    " = named.world",
    " = hos_load_one.tenant",
    " = hos_commit_one.tenant",
    " = hos_commit_special.tenant",
    " = number AND",
    " = own_subject",
];

/// Functions that concern every tenant and say so by binding themselves to all of them.
const FOR_ALL: [&str; 15] = [
    "hos_tenants",
    "hos_pins",
    "hos_due_timers",
    "hos_sweep_receipts",
    "hos_waiting",
    "hos_done",
    "hos_pending_page",
    "hos_sequence",
    "hos_state",
    "hos_unsealed_logs",
    "hos_unanchored_logs",
    "hos_anchor",
    "hos_anchors",
    "hos_attest",
    "hos_attestations",
];

/// One function with one predicate taken out.
struct Mutant {
    name: String,
    original: String,
    text: String,
}

async fn mutants(shop: &Shop) -> Vec<Mutant> {
    let all = "SELECT string_agg(proname || E'\\x01' || pg_get_functiondef(oid), E'\\x02') \
               FROM pg_proc WHERE proname LIKE 'hos\\_%' AND prokind = 'f'";
    let all = shop.read(all).await.unwrap();
    let mut mutants = Vec::new();
    for function in all.split('\u{2}') {
        let (name, original) = function.split_once('\u{1}').unwrap();
        if FOR_ALL.contains(&name) {
            continue;
        }
        for predicate in PREDICATES {
            for (at, _) in original.match_indices(predicate) {
                let (before, rest) = original.split_at(at);
                let rest = rest.strip_prefix(predicate).unwrap();
                if rest.starts_with(|next: char| next.is_alphanumeric() || next == '_') {
                    continue;
                }
                // `column = tenant's` becomes true for every row that has the column.
                let suffix = if predicate.ends_with(" AND") { " AND" } else { "" };
                let text = format!("{before} IS NOT NULL{suffix}{rest}");
                let (name, original) = (name.to_owned(), original.to_owned());
                mutants.push(Mutant { name, original, text });
            }
        }
    }
    mutants
}

/// Of the orders that are migrated, one in each round.
const MIGRATED_MAX: usize = 150;

/// The same rows in both firms, those of the second one marked.
async fn furnish(shop: &Shop) {
    for name in FIRMS {
        let note = format!("secret of {name}");
        for id in ["o-1", "o-2", "o-3", "o-4", "o-5"] {
            shop.open_order(name, id, &note).await;
        }
        shop.act(name, "o-2", "pay").await;
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

fn sealer(hos: &Hos) -> Sealer {
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    hos.sealer(Keys::new(key), MemoryKeeper::default()).unwrap()
}

/// Every row of the second firm.
async fn theirs(shop: &Shop) -> String {
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
    let mut rows = String::new();
    let number = "SELECT number FROM hos_scope WHERE tenant = 'firm-2'";
    for table in tables {
        let all = format!(
            "SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM {table} AS t \
             WHERE scope = ({number})"
        );
        rows.push_str(&shop.read(&all).await.unwrap_or_default());
    }
    let scope = "SELECT t::text FROM hos_scope AS t WHERE tenant = 'firm-2'";
    rows + &shop.read(scope).await.unwrap()
}

/// Does everything in the first firm; answers what of it told of the second. Whatever a mutant
/// makes of a call otherwise, a refusal, a fault, is as good as any.
async fn play(shop: &Shop, round: usize) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    let mut tell = |what: &str, text: String| {
        if text.contains("firm-2") || text.contains("spy") {
            told.insert(what.to_owned());
        }
    };
    // A law that remembers nothing of earlier rounds, over the same connections.
    let hos = Hos::open([later()], shop.store.clone()).await;
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
    tell("compound", {
        let command = act("o-4", "touch").and(&order(FIRMS[0], "o-5"), "touch").key(key("both"));
        format!("{:?}", hos.transition(&command).await)
    });
    tell("replay", format!("{:?}", hos.transition(&shop.command(FIRMS[0], "o-2", "pay")).await));
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
    let spy = Actor::user("spy").unwrap();
    let asked = hos.can(&Query::new(&spy, "order.touch", &order(FIRMS[0], "o-1"))).await;
    if asked.is_ok_and(|decision| decision.permits()) {
        tell("can", "spy".to_owned());
    }
    let stolen = Command::new(&spy, &order(FIRMS[0], "o-1"), "touch").key(key("stolen"));
    if hos.transition(&stolen).await.is_ok() {
        tell("stolen", "spy".to_owned());
    }
    let critical = Command::new(&spy, &order(FIRMS[0], "o-1"), "cancel").key(key("denial"));
    tell("denial", format!("{:?}", hos.transition(&critical).await.is_ok()));
    let root = Actor::user("root").unwrap();
    for (what, change) in [
        ("member", member("clerk-of-firm-1", &["owner"])),
        ("unban", StandingChange::Unban { target: ActorId::new("owner-of-firm-1").unwrap() }),
    ] {
        let command = StandingCommand::new(&root, &world(), &us(), change).key(key(what));
        tell(what, format!("{:?}", hos.change_standing(&command).await));
    }
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
    tell("members", format!("{:?}", hos.members(&world(), &us(), None, 100).await));
    tell("page", format!("{:?}", hos.page(&world(), &us(), 0, 1_000).await));
    tell("history", format!("{:?}", hos.history(&order(FIRMS[0], "o-1"), 0, 1_000).await));
    let their_log =
        format!("{:?}", shop.store.leaf_hashes(&world(), &firm(FIRMS[1]), 0, 1_000).await);
    let our_log = shop.store.leaf_hashes(&world(), &us(), 0, 1_000).await.unwrap_or_default();
    if our_log.iter().any(|hash| their_log.contains(&format!("{hash:?}"))) {
        tell("leaf hashes", "firm-2".to_owned());
    }
    tell("head", format!("{:?}", shop.store.head(&world(), &us()).await.is_err()));
    let theirs = shop.read(
        "SELECT hos_entry.id::text FROM hos_entry JOIN hos_scope ON number = scope \
         WHERE tenant = 'firm-2' LIMIT 1",
    );
    if let Some(id) = theirs.await.and_then(|id| ProofId::parse(&id)) {
        tell("find", format!("{:?}", hos.find(&world(), &us(), id).await));
    }
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
            let later = timer.due_at.after(std::time::Duration::from_secs(1));
            drop(shop.store.postpone_timers(&[timer], later).await);
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
        actor: ActorId::new("spy").unwrap(),
        subjects: ["o-1", "o-2"].map(|id| order(FIRMS[0], id)).to_vec(),
        key: None,
    };
    tell(
        "load",
        match shop.store.load_all(&[ask]).await {
            Ok(standings) => format!(
                "{:?} {}",
                standings[0].subjects,
                if standings[0].actor.roles.is_empty() { "" } else { "spy" }
            ),
            Err(_) => String::new(),
        },
    );
    told
}

/// Plays with every mutant; answers those that told of the second firm or touched it.
async fn survivors(shop: &Shop) -> (usize, Vec<String>) {
    let mutants = mutants(shop).await;
    let mut leaks = Vec::new();
    let mut before = theirs(shop).await;
    for (round, mutant) in mutants.iter().enumerate() {
        shop.run(&mutant.text).await.unwrap_or_else(|error| panic!("{}: {error}", mutant.text));
        let told = play(shop, round).await;
        shop.run(&mutant.original).await.unwrap();
        let after = theirs(shop).await;
        if !told.is_empty() || before != after {
            leaks.push(format!(
                "{} ({round}): told {told:?}, touched {}",
                mutant.name,
                before != after
            ));
        }
        before = after;
    }
    (mutants.len(), leaks)
}

#[tokio::test]
async fn no_missing_predicate_reads_or_writes_beyond_the_list() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    furnish(&shop).await;
    let (count, leaks) = survivors(&shop).await;
    assert!(count > 40, "{count} mutants");
    assert_eq!(leaks, [] as [String; 0]);
}

/// Else the test above would hold for want of a witness.
#[tokio::test]
async fn without_the_wall_missing_predicates_do_leak() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    furnish(&shop).await;
    shop.run(
        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT relname FROM pg_class WHERE relrowsecurity \
         LOOP EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', t); END LOOP; END $$",
    )
    .await
    .unwrap();
    let (count, leaks) = survivors(&shop).await;
    assert!(leaks.len() > 8, "{} of {count} mutants are seen: {leaks:?}", leaks.len());
}

#[tokio::test]
async fn whoever_is_bound_to_nobody_sees_nothing() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    furnish(&shop).await;
    let mut stranger = shop.stranger().await;
    // Partitions too, for whoever names one instead of its parent.
    shop.store.partition_ahead(Timestamp::EPOCH, 1).await.unwrap();
    let tables = "SELECT string_agg(relname, ',') FROM pg_class \
                  WHERE relname LIKE 'hos\\_%' AND relkind IN ('r', 'p') \
                  AND relname NOT IN ('hos_schema', 'hos_outbox_slot')";
    let tables = shop.read(tables).await.unwrap();
    assert!(tables.contains("hos_entry_197001") && tables.contains("hos_outbox_1"), "{tables}");
    for table in tables.split(',') {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut stranger).await.unwrap();
        assert_eq!(rows, 0, "{table}");
        let walled = format!(
            "SELECT (relrowsecurity AND relforcerowsecurity AND EXISTS \
             (SELECT FROM pg_policy WHERE polrelid = pg_class.oid))::text \
             FROM pg_class WHERE relname = '{table}'"
        );
        assert_eq!(shop.read(&walled).await.as_deref(), Some("true"), "{table}");
    }
}
