//! The evidence of a subject and the log of a firm: what happened, checked while it is shown.

mod parts;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use hos_core::contract::Contract;
use hos_core::law::Law;
use hos_core::seal::ProofState;
use hos_core::subject::Subject;
use hos_core::time::Timestamp;
use hos_inspect::holders::holding;
use serde::{Deserialize, Serialize};

use parts::{PartView, proof_code, proof_tone};

use super::views::{Page, PageProblem, Shell, signed_in};
use super::{law_words, thing};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::evidence::{self, Checked, Leaf, Life, People, Sight, Step};
use crate::error::Problem;
use crate::request::{Json, asked, hex};

/// From which revision on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

/// The kind that stands in a path as its plural.
pub(super) fn kind(things: &str) -> Result<&'static str, Problem> {
    match things {
        "listings" => Ok("listing"),
        "orders" => Ok("order"),
        "reservations" => Ok("reservation"),
        "payments" => Ok("payment"),
        _ => Err(Problem::not_found()),
    }
}

/// The evidence of a subject, as a page.
pub(super) async fn page(
    State(app): State<App>,
    Path((tenant_id, things, id)): Path<(String, String, String)>,
    query: Result<Query<After>, QueryRejection>,
    visitor: Visitor,
) -> Result<Page<EvidencePage>, PageProblem> {
    let user = signed_in(visitor)?;
    let subject = thing(&app, &tenant_id, kind(&things)?, &id)?;
    let sight = evidence::sight(&app, &user, &subject).await?;
    let life = evidence::life(&app, &subject, asked(query)?.after).await?;
    let actors = life.steps.iter().map(|step| step.leaf.actor.id.as_str());
    let people = People::of(&app, &subject.tenant, actors).await?;
    let shell = Shell::keyed("evidence-title", Some(&user));
    let labels = Labels::of(&app).await?;
    let reader = Reader { app: &app, shell: &shell, user: &user, sight, people, labels };
    let steps: Vec<StepView> = life.steps.iter().map(|step| reader.step(&life, step)).collect();
    let law = app.hos().law(app.world());
    let (subject_kind, version) = (subject.kind.as_str(), life.snapshot.contract.as_str());
    let contract = law.as_ref().and_then(|law| law.contract_version(subject_kind, version));
    let state = life.snapshot.state.as_str();
    let picture = contract.map(|contract| law_words::picture(&shell, contract, Some(state)));
    let proven = steps.iter().filter(|step| step.tone == "good").count();
    let last = life.steps.last().and_then(|step| step.leaf.revision);
    let may_read = |step: &&Step| sight.shows(&user, &step.leaf);
    let is_sealed = |step: &&Step| step.state >= ProofState::Sealed;
    Ok(Page(EvidencePage {
        unsealed: app.sealing().why_off().is_some(),
        sealed: life.steps.iter().filter(is_sealed).count(),
        readable: life.steps.iter().filter(may_read).count(),
        names_others: !life.steps.iter().all(|step| may_read(&step)),
        name: shell.word("kind", subject_kind),
        state: state.to_owned(),
        revision: life.snapshot.revision,
        contract: version.to_owned(),
        picture: picture.unwrap_or_default(),
        failed: steps.iter().filter(|step| step.tone == "bad").count(),
        waiting: steps.iter().filter(|step| step.tone == "wait").count(),
        proven,
        size: life.head.size,
        root: hex(&life.head.root),
        more: last.filter(|_| life.more),
        whole: sight == Sight::Everything,
        path: format!("/t/{tenant_id}/{things}/{id}"),
        json: format!("/api/v1/tenants/{tenant_id}/{things}/{id}/evidence"),
        shown: subject_kind != "payment",
        tenant: tenant_id,
        id,
        steps,
        shell,
    }))
}

/// The evidence of a subject, for whoever verifies it elsewhere.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/{things}/{id}/evidence",
    tag = "evidence",
    params(After),
    responses((status = 200, description = "its life, or a page of it", body = EvidenceView))
)]
pub(super) async fn json(
    State(app): State<App>,
    Path((tenant_id, things, id)): Path<(String, String, String)>,
    query: Result<Query<After>, QueryRejection>,
    user: User,
) -> Result<Json<EvidenceView>, Problem> {
    let subject = thing(&app, &tenant_id, kind(&things)?, &id)?;
    let sight = evidence::sight(&app, &user, &subject).await?;
    let life = evidence::life(&app, &subject, asked(query)?.after).await?;
    let entry = |step: &Step| EntryView {
        index: step.entry.index,
        id: step.entry.id.to_string(),
        revision: step.leaf.revision,
        recorded_at: step.entry.recorded_at,
        leaf: sight.shows(&user, &step.leaf).then(|| step.entry.leaf.clone()),
        leaf_hash: hex(&step.entry.leaf_hash),
        path: step.path.iter().map(|hash| hex(hash)).collect(),
        checked: code(step.checked),
        state: proof_code(step.state),
    };
    let last = life.steps.last().and_then(|step| step.leaf.revision);
    Ok(Json(EvidenceView {
        tree: "rfc9162-sha256",
        size: life.head.size,
        root: hex(&life.head.root),
        state: life.snapshot.state.to_string(),
        revision: life.snapshot.revision,
        contract: life.snapshot.contract.to_string(),
        entries: life.steps.iter().map(entry).collect(),
        after: last.filter(|_| life.more),
        subject,
    }))
}

fn code(checked: Checked) -> &'static str {
    match checked {
        Checked::Proven => "proven",
        Checked::LeafChanged => "leaf_changed",
        Checked::NotInTree => "not_in_tree",
        Checked::Waiting => "waiting",
    }
}

/// The evidence of a subject. Hashes are hexadecimal; a path leads from a leaf hash to the root of
/// the last checkpoint as RFC 9162, section 2.1.3.2, has it. Entries after it wait, without a path.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct EvidenceView {
    #[schema(value_type = Object)]
    subject: Subject,
    state: String,
    revision: u64,
    contract: String,
    tree: &'static str,
    size: u64,
    root: String,
    entries: Vec<EntryView>,
    /// Where the next page goes on, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

/// One entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct EntryView {
    index: Option<u64>,
    id: String,
    revision: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    recorded_at: Timestamp,
    /// The bytes that were hashed; left out where they name somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaf: Option<String>,
    leaf_hash: String,
    path: Vec<String>,
    checked: &'static str,
    /// How far its proof has come: `recorded`, `sequenced`, `sealed`, `anchored`, `quarantined`.
    state: &'static str,
}

/// Digests and the versions that they belong to.
#[derive(Debug, Default)]
pub(super) struct Labels(BTreeMap<String, String>);

impl Labels {
    async fn of(app: &App) -> Result<Self, Problem> {
        let store = app.hos().store();
        let laws = store.laws(app.world()).await?;
        let laws = laws.into_iter().map(|law| (law.digest, law.version));
        let contracts = store.contracts(app.world()).await?;
        let contracts = contracts.into_iter().map(|known| (known.digest, known.version));
        let all = laws.chain(contracts);
        Ok(Self(all.map(|(digest, version)| (digest.to_string(), version.to_string())).collect()))
    }

    fn label(&self, digest: &str) -> String {
        let short = law_words::short(digest);
        match self.0.get(digest) {
            Some(version) => format!("{version} · {short}"),
            None => short.to_owned(),
        }
    }
}

/// Who reads, in which language, and what may be told.
pub(super) struct Reader<'a> {
    pub(super) app: &'a App,
    pub(super) shell: &'a Shell,
    pub(super) user: &'a User,
    pub(super) sight: Sight,
    pub(super) people: People,
    pub(super) labels: Labels,
}

impl Reader<'_> {
    fn step(&self, life: &Life, step: &Step) -> StepView {
        let (leaf, shell) = (&step.leaf, self.shell);
        let state = |state: &Option<String>| state.as_deref().map(|state| shell.state(state));
        let what = match (leaf.sort(), &leaf.action) {
            ("opened" | "adopted", _) | (_, None) => shell.word("sort", leaf.sort()),
            (_, Some(action)) => law_words::action(shell, action),
        };
        let tone = match step.checked {
            Checked::Proven => "good",
            Checked::Waiting => "wait",
            Checked::LeafChanged | Checked::NotInTree => "bad",
        };
        StepView {
            number: leaf.revision.unwrap_or_default(),
            when: shell.time(&step.entry.recorded_at.as_micros()),
            who: self.who(leaf),
            what,
            from: state(&leaf.from),
            to: state(&leaf.to),
            state: leaf.to.clone().unwrap_or_default(),
            law: self.labels.label(&leaf.law),
            contract: leaf.contract.as_deref().map(|digest| self.labels.label(digest)),
            // With it a withheld leaf could be guessed: it is the only secret in it.
            request: leaf.request.clone().filter(|_| self.sight.shows(self.user, leaf)),
            why: self.why(life, leaf),
            tone,
            proof: shell.word("proof", proof_code(step.state)),
            proof_tone: proof_tone(step.state),
            parts: self.parts(life, step),
            checked: shell.word("checked", code(step.checked)),
            alarm: (tone == "bad")
                .then(|| shell.text(&format!("checked-{}-help", code(step.checked)))),
            index: step.entry.index.filter(|index| *index < life.head.size),
            id: step.entry.id.to_string(),
            leaf_hash: hex(&step.entry.leaf_hash),
            path: step.path.iter().map(|hash| hex(hash)).collect(),
            leaf: self.sight.shows(self.user, leaf).then(|| step.entry.leaf.clone()),
        }
    }

    /// An auditor reads names and ids, everybody else roles.
    pub(super) fn who(&self, leaf: &Leaf) -> String {
        let actor = &leaf.actor;
        let role = self.people.role(self.app, actor);
        let role = role.map(|role| self.shell.word("law-role", &role));
        if actor.id == self.user.id {
            return self.shell.text("evidence-you");
        }
        let role = role.unwrap_or_else(|| self.shell.word("actor", &actor.kind));
        match (self.sight, self.people.name(&actor.id)) {
            (Sight::Roles, _) => role,
            (Sight::Everything, Some(name)) => format!("{name} ({role}, {})", actor.id),
            (Sight::Everything, None) => format!("{role} ({})", actor.id),
        }
    }

    /// Why the law let it through: which roles its rules name, if it is the law in force.
    fn why(&self, life: &Life, leaf: &Leaf) -> Vec<String> {
        let shell = self.shell;
        let mut why = Vec::new();
        if leaf.reference.as_ref().is_some_and(|reference| reference.why == "break_glass") {
            why.push(shell.text("why-break-glass"));
        }
        if let Some(mode) = &leaf.mode {
            let mode = shell.word("law-mode", mode);
            why.push(shell.language.text_with("why-mode", &[("mode", mode)]));
        }
        let Some(law) = self.app.hos().law(self.app.world()) else { return why };
        if law.digest().to_string() != leaf.law {
            why.push(shell.text("why-earlier-law"));
            return why;
        }
        let Some(ability) = ability(&law, life, leaf) else { return why };
        let named = law_words::ability(shell, &ability);
        for role in self.people.roles(self.app, &leaf.actor) {
            let name = shell.word("law-role", &role);
            let Some(holding) = holding(&law, &role, &ability) else { continue };
            match law_words::wheres(shell, &holding) {
                None => {
                    let values = [("role", name.as_str()), ("ability", named.as_str())];
                    why.push(shell.language.text_with("why-role", &values));
                }
                Some(conditions) => {
                    let values = [
                        ("role", name.as_str()),
                        ("ability", named.as_str()),
                        ("condition", conditions.as_str()),
                    ];
                    why.push(shell.language.text_with("why-role-where", &values));
                }
            }
        }
        why
    }
}

/// What a step needed, by the contract that it was judged under.
fn ability(law: &Law, life: &Life, leaf: &Leaf) -> Option<String> {
    if leaf.ability.is_some() {
        return leaf.ability.clone();
    }
    let (kind, _) = leaf.subject()?;
    let contract: &Contract = law.contract_version(kind, life.snapshot.contract.as_str())?;
    match leaf.sort() {
        "opened" => Some(contract.open().ability().to_string()),
        "adopted" => Some("hos.adopt".to_owned()),
        _ => {
            let entry = contract.action_from(leaf.from.as_deref()?, leaf.action.as_deref()?)?;
            Some(entry.ability().to_string())
        }
    }
}

/// One step as the page shows it.
#[derive(Debug)]
pub(super) struct StepView {
    number: u64,
    when: String,
    who: String,
    what: String,
    from: Option<String>,
    to: Option<String>,
    state: String,
    law: String,
    contract: Option<String>,
    request: Option<String>,
    why: Vec<String>,
    tone: &'static str,
    checked: String,
    proof: String,
    proof_tone: &'static str,
    parts: Vec<PartView>,
    alarm: Option<String>,
    index: Option<u64>,
    id: String,
    leaf_hash: String,
    path: Vec<String>,
    leaf: Option<String>,
}

/// The evidence of a subject.
#[derive(Debug, Template)]
#[template(path = "evidence.html")]
pub(super) struct EvidencePage {
    shell: Shell,
    tenant: String,
    id: String,
    name: String,
    state: String,
    revision: u64,
    contract: String,
    picture: String,
    steps: Vec<StepView>,
    failed: usize,
    waiting: usize,
    proven: usize,
    size: u64,
    root: String,
    more: Option<u64>,
    /// Whether nothing seals here.
    unsealed: bool,
    /// How many of the steps shown are sealed.
    sealed: usize,
    /// How many of the steps shown may stand in the reader's file.
    readable: usize,
    /// Whether some of them may not.
    names_others: bool,
    /// Whether the reader sees everything that the log holds.
    whole: bool,
    path: String,
    json: String,
    /// Whether the subject has a page of its own.
    shown: bool,
}
