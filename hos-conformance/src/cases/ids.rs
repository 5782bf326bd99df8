//! Ids are compared byte for byte.

use hos_core::command::{Command, Opening, StandingChange, StandingCommand};
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::subject::Subject;

use crate::case::cases;
use crate::law::WORLD;
use crate::stage::{
    FIRM, Stage, act, ban, code, firm, member, owner, root, subject, tenant, user, world,
};

/// Ids that a collation, a trim or a normalisation would take for one another.
const ALIKE: [&str; 12] = [
    "case",
    "Case",
    "CASE",
    "case ",
    " case",
    "casé",
    "case\u{301}",
    "caſe",
    "ｃase",
    "case\u{200b}",
    "cas%",
    "cas_",
];

cases!(
    "ids",
    [
        ids_of_subjects_are_compared_byte_for_byte,
        ids_of_tenants_are_compared_byte_for_byte,
        ids_of_actors_are_compared_byte_for_byte,
        ids_of_banned_actors_are_compared_byte_for_byte,
        ids_of_granted_actors_are_compared_byte_for_byte,
        ids_of_keys_are_compared_byte_for_byte,
        ids_of_kinds_are_apart,
        ids_are_sorted_by_their_bytes,
        ids_of_a_subject_with_separators_are_apart,
        ids_with_quotes_and_wildcards_are_kept,
    ]
);

async fn ids_of_subjects_are_compared_byte_for_byte(stage: Stage) {
    for id in ALIKE {
        stage.subject("lamp", id).await;
    }
    stage.moved(&act(&owner(), &subject("lamp", "Case"), "light", "k")).await;
    for id in ALIKE {
        let expected = if id == "Case" { "on" } else { "off" };
        assert_eq!(stage.at(&subject("lamp", id)).await.0, expected, "`{id}`");
    }
}

async fn ids_of_tenants_are_compared_byte_for_byte(stage: Stage) {
    for id in ALIKE {
        let add = StandingChange::AddTenant;
        let command = StandingCommand::new(&root(), &world(), &tenant(id), add).key("k1");
        assert!(!stage.hos.change_standing(&command).await.unwrap().replayed, "`{id}`");
        let change = member(id, &["owner"]);
        let command = StandingCommand::new(&root(), &world(), &tenant(id), change).key("k2");
        stage.hos.change_standing(&command).await.unwrap();
    }
    for id in ALIKE {
        let lamp = Subject::new(WORLD, id, "lamp", "l").unwrap();
        stage.hos.open(&Opening::new(&user(id), &lamp).key("k3")).await.unwrap();
        let other = user(if id == "case" { "CASE" } else { "case" });
        assert_eq!(code(stage.send(&act(&other, &lamp, "light", "k4")).await), "not_found");
    }
    assert_eq!(stage.hos.tenants(&world(), None, 100).await.unwrap().len(), ALIKE.len() + 2);
}

async fn may(stage: &Stage, id: &str) -> bool {
    let query = Query::in_tenant(&user(id), "hos.record", &world(), &firm());
    stage.hos.can(&query).await.unwrap().permits()
}

async fn ids_of_actors_are_compared_byte_for_byte(stage: Stage) {
    stage.change(member("Case", &["owner"]), "k").await;
    for id in ALIKE {
        assert_eq!(may(&stage, id).await, id == "Case", "`{id}`");
    }
}

async fn ids_of_banned_actors_are_compared_byte_for_byte(stage: Stage) {
    for id in ALIKE {
        stage.change(member(id, &["owner"]), &format!("add {id}")).await;
    }
    stage.change(ban("case "), "ban").await;
    for id in ALIKE {
        assert_eq!(may(&stage, id).await, id != "case ", "`{id}`");
    }
}

async fn ids_of_granted_actors_are_compared_byte_for_byte(stage: Stage) {
    let grant = StandingChange::Grant {
        target: hos_core::id::ActorId::new("casé").unwrap(),
        pattern: hos_core::standing::AbilityPattern::parse("hos.record").unwrap(),
        duration: std::time::Duration::from_secs(60),
        reason: "for a minute".to_owned(),
    };
    stage.change(grant, "k").await;
    for id in ALIKE {
        assert_eq!(may(&stage, id).await, id == "casé", "`{id}`");
    }
}

async fn ids_of_keys_are_compared_byte_for_byte(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    for (at, key) in ALIKE.into_iter().enumerate() {
        let action = if at % 2 == 0 { "light" } else { "dim" };
        stage.moved(&Command::new(&owner(), &lamp, action).key(key)).await;
    }
}

async fn ids_of_kinds_are_apart(stage: Stage) {
    let lamp = stage.subject("lamp", "same").await;
    let task = stage.subject("task", "same").await;
    stage.moved(&act(&owner(), &lamp, "light", "k")).await;
    assert_eq!(stage.at(&task).await, ("waiting".to_owned(), 1));
}

async fn ids_are_sorted_by_their_bytes(stage: Stage) {
    for id in ALIKE {
        stage.change(member(id, &["viewer"]), &format!("add {id}")).await;
    }
    let mut expected: Vec<String> = ALIKE.iter().map(|id| (*id).to_owned()).collect();
    expected.extend(["clerk-1", "owner-1", "viewer-1"].map(str::to_owned));
    expected.sort();
    let mut found: Vec<String> = Vec::new();
    let mut after = None;
    loop {
        let page = stage.hos.members(&world(), &firm(), after.as_ref(), 4).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page.iter().map(|(id, _)| id.to_string()));
    }
    assert_eq!(found, expected);
}

async fn ids_of_a_subject_with_separators_are_apart(stage: Stage) {
    for id in ["a:b", "a/b", "a\u{a0}b", "a|b", "a,b"] {
        stage.subject("lamp", id).await;
    }
    stage.moved(&act(&owner(), &subject("lamp", "a:b"), "light", "k")).await;
    assert_eq!(stage.at(&subject("lamp", "a|b")).await.0, "off");
}

async fn ids_with_quotes_and_wildcards_are_kept(stage: Stage) {
    for id in ["'; DROP TABLE x; --", "\"", "\\", "%", "_", "?1", "$1", "{}", "null", "0"] {
        let lamp = stage.subject("lamp", id).await;
        stage.moved(&act(&owner(), &lamp, "light", &format!("k {id}"))).await;
        assert_eq!(stage.at(&lamp).await, ("on".to_owned(), 2));
        use hos_core::laws::Proofs as _;
        assert_eq!(stage.hos.history(&lamp, 0, 10).await.unwrap().len(), 2, "{FIRM} `{id}`");
    }
}
