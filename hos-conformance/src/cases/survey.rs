//! What a check of the whole reads: everything, page by page, as it is in one moment.

use std::sync::Arc;

use hos_core::seal::LogName;
use hos_core::store::{EntryRow, Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow};

use crate::case::cases;
use crate::stage::{FIRM, NEIGHBOUR, Stage, act, ban, firm, owner, world};

cases!(
    "survey",
    [
        survey_by_small_pages_sees_what_one_page_shows,
        survey_sees_one_moment,
        survey_shows_each_subject_with_its_entry,
        survey_shows_the_standing,
        survey_of_a_head_is_that_of_the_log,
        survey_shows_what_stands_beside_the_entries,
    ]
);

/// None where the backend cannot be seen as a whole.
async fn picture(stage: &Stage) -> Option<Box<dyn Picture>> {
    let survey = stage.ground.survey()?;
    // Where proofs are staged, reading the head gives each entry its place.
    stage.size().await;
    Some(survey.picture().await.expect("a picture"))
}

async fn scopes(picture: &mut dyn Picture, limit: u32) -> Vec<ScopeRow> {
    let mut rows: Vec<ScopeRow> = Vec::new();
    loop {
        let after = rows.last().map(|row| (row.world.as_str(), row.tenant.as_str()));
        let page = picture.scopes(after, limit).await.expect("scopes");
        assert!(page.len() <= usize::try_from(limit).unwrap());
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

async fn subjects(picture: &mut dyn Picture, limit: u32) -> Vec<SubjectRow> {
    let mut rows: Vec<SubjectRow> = Vec::new();
    loop {
        let after = rows.last().map(|row| (row.kind.as_str(), row.id.as_str()));
        let page = picture.subjects(&world(), &firm(), after, limit).await.expect("subjects");
        if page.is_empty() {
            return rows;
        }
        rows.extend(page);
    }
}

async fn standing(
    picture: &mut dyn Picture,
    group: StandingGroup,
    limit: u32,
) -> Vec<StandingLine> {
    let mut lines: Vec<StandingLine> = Vec::new();
    loop {
        let after = lines.last().map_or("", |line| line.key.as_str());
        let page = picture.standing(&world(), &firm(), group, after, limit).await;
        let page = page.expect("standing");
        if page.is_empty() {
            return lines;
        }
        lines.extend(page);
    }
}

async fn some(stage: &Stage) {
    for (kind, id) in [("order", "b"), ("order", "a"), ("lamp", "b"), ("order", "ç")] {
        match kind {
            "order" => drop(stage.order(id).await),
            kind => drop(stage.subject(kind, id).await),
        }
    }
    stage.change(ban("x-2"), "ban 2").await;
    stage.change(ban("x-1"), "ban 1").await;
}

/// The log as it is read, in rows as they were seen: a store may keep a hash apart.
async fn rows(stage: &Stage, seen: &[EntryRow]) -> Vec<EntryRow> {
    let mut log: Vec<EntryRow> = stage.log().await.into_iter().map(EntryRow::from).collect();
    for (row, seen) in log.iter_mut().zip(seen) {
        row.recorded_hash = seen.recorded_hash.as_ref().map(|_| row.leaf_hash.clone());
    }
    log
}

async fn survey_by_small_pages_sees_what_one_page_shows(stage: Stage) {
    some(&stage).await;
    let Some(mut picture) = picture(&stage).await else { return };
    let picture = &mut *picture;
    let all = scopes(picture, 1_000).await;
    assert_eq!(scopes(picture, 1).await, all);
    let tenants: Vec<_> = all.iter().map(|row| row.tenant.as_str()).collect();
    assert_eq!(tenants, ["@world", FIRM, NEIGHBOUR]);
    let all = subjects(picture, 1_000).await;
    assert_eq!(subjects(picture, 1).await, all);
    let names: Vec<_> = all.iter().map(|row| format!("{}:{}", row.kind, row.id)).collect();
    assert_eq!(names, ["lamp:b", "order:a", "order:b", "order:ç"]);
    for group in StandingGroup::ALL {
        let all = standing(picture, group, 1_000).await;
        assert_eq!(standing(picture, group, 1).await, all, "{}", group.as_str());
    }
    let whole = picture.entries(&world(), &firm(), 0, 1_000).await.unwrap();
    assert_eq!(whole, rows(&stage, &whole).await);
    assert_eq!(picture.entries(&world(), &firm(), 3, 2).await.unwrap(), whole[3..5]);
}

async fn survey_sees_one_moment(stage: Stage) {
    let order = stage.order("o").await;
    let Some(mut seen) = picture(&stage).await else { return };
    let log = seen.entries(&world(), &firm(), 0, 1_000).await.unwrap();
    assert_eq!(log, rows(&stage, &log).await);
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    stage.order("later").await;
    stage.change(ban("x-1"), "ban").await;
    let rows = subjects(&mut *seen, 1_000).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].state.as_str(), rows[0].revision), ("pending", 1));
    assert_eq!(seen.entries(&world(), &firm(), 0, 1_000).await.unwrap(), log);
    assert_eq!(standing(&mut *seen, StandingGroup::Ban, 10).await, []);
    let mut now = picture(&stage).await.expect("another picture");
    assert_eq!(subjects(&mut *now, 1_000).await.len(), 2);
}

async fn survey_shows_each_subject_with_its_entry(stage: Stage) {
    let order = stage.cancelled("o").await;
    let Some(mut picture) = picture(&stage).await else { return };
    let row = subjects(&mut *picture, 1_000).await.remove(0);
    let snapshot = stage.hos.situation(&order).await.unwrap().unwrap().snapshot;
    assert_eq!((row.state.as_str(), row.revision, row.terminal), ("cancelled", 2, true));
    assert_eq!((row.contract.as_str(), row.proof_id), ("1", snapshot.proof_id));
    let entry = stage.log().await.into_iter().find(|entry| entry.id == row.proof_id).unwrap();
    assert_eq!(row.leaf, Some(entry.leaf));
    let attributes: hos_core::value::Attributes = serde_json::from_str(&row.attributes).unwrap();
    assert_eq!(attributes, *snapshot.attributes);
}

async fn survey_shows_the_standing(stage: Stage) {
    some(&stage).await;
    let Some(mut picture) = picture(&stage).await else { return };
    let lines = standing(&mut *picture, StandingGroup::Ban, 1_000).await;
    let line = |key: &str, value: &str| StandingLine { key: key.into(), value: value.into() };
    assert_eq!(lines, [line("x-1", ""), line("x-2", "")]);
    let lines = standing(&mut *picture, StandingGroup::Member, 1_000).await;
    let members: Vec<_> = lines.iter().map(|line| line.key.as_str()).collect();
    assert_eq!(members, ["clerk-1", "owner-1", "viewer-1"]);
    let roles: Vec<String> = serde_json::from_str(&lines[0].value).unwrap();
    assert_eq!(roles, ["clerk"]);
    let above = hos_core::id::Tenant::world();
    let laws = picture.standing(&world(), &above, StandingGroup::Law, "", 10).await.unwrap();
    let law = crate::law::law();
    assert_eq!(laws, [line("0000000001", &format!("1 {}", law.digest()))]);
}

async fn survey_of_a_head_is_that_of_the_log(stage: Stage) {
    some(&stage).await;
    let Some(mut picture) = picture(&stage).await else { return };
    let rows = scopes(&mut *picture, 1_000).await;
    let row = rows.iter().find(|row| row.tenant == FIRM).expect("the firm");
    let frontier = hos_core::merkle::Frontier::from_bytes(row.size, &row.frontier).unwrap();
    let head = hos_core::laws::Proofs::head(&stage.hos, &world(), &firm()).await.unwrap();
    assert_eq!((frontier.size(), frontier.root()), (head.size, head.root));
    assert_eq!(row.status.as_deref(), Some("open"));
    assert_eq!(picture.waiting_entries(&world(), &firm(), 0, 10).await.unwrap(), []);
}

async fn survey_shows_what_stands_beside_the_entries(stage: Stage) {
    some(&stage).await;
    if stage.ground.survey().is_none() {
        return;
    }
    let sealer = stage.sealer(&Arc::default());
    let sealed = stage.sealed(&sealer).await;
    while sealer.seal_pending(100).await.expect("sealed").tried() > 0 {}
    sealer.anchor_round(100).await.expect("anchored");
    let [log, deployment] = [LogName::of(&world(), &firm()), LogName::Deployment];
    let over = stage.hos.checkpoints(&deployment, 0, 10).await.expect("checkpoints").remove(0);
    stage.hos.timestamped(over.size, "tsa", b"token").await.expect("attested");
    let mut picture = picture(&stage).await.expect("a picture");
    let seen = picture.beside();
    let notes = seen.checkpoints(&log, 0, 10).await.unwrap();
    assert_eq!(notes.len(), 1);
    assert_eq!((notes[0].size, &*notes[0].note), (sealed.size, sealed.note.as_bytes()));
    assert_eq!(seen.checkpoints(&log, sealed.size + 1, 10).await.unwrap(), []);
    assert_eq!(seen.checkpoints(&deployment, 0, 10).await.unwrap()[0].size, over.size);
    assert_eq!(seen.tiles(&log, (0, 0), 10).await.unwrap(), []);
    let anchors = seen.anchors(0, 10).await.unwrap();
    assert_eq!(u64::try_from(anchors.len()), Ok(over.size));
    assert_eq!(seen.anchors(1, 1).await.unwrap(), anchors[1..2]);
    let own = anchors.iter().find(|anchor| anchor.tenant == FIRM).expect("an anchor");
    assert_eq!((own.size, &own.note), (sealed.size, &notes[0].note));
    assert_eq!(own.checkpoint.as_ref(), Some(&own.note));
    assert!(anchors.iter().all(|anchor| anchor.checkpoint.as_ref() == Some(&anchor.note)));
    let said = seen.attestations(None, 10).await.unwrap();
    assert_eq!(said.len(), 1);
    assert_eq!(
        (said[0].size, &*said[0].kind, &*said[0].body),
        (over.size, "rfc3161", &b"token"[..])
    );
    assert_eq!(said[0].checkpoint.as_deref(), Some(over.note.as_bytes()));
    let last = (over.size, "rfc3161", "tsa");
    assert_eq!(seen.attestations(Some(last), 10).await.unwrap(), []);
    let mut after = None;
    loop {
        let unplaced = seen.unplaced(after, 2).await.unwrap();
        assert_eq!(unplaced.rows, []);
        after = unplaced.next;
        if after.is_none() {
            break;
        }
    }
}
