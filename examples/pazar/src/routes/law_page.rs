//! The law for whoever lives under it: who may do what, what may become of what, and when.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use hos_core::contract::{Action, Contract, Timer};
use hos_core::id::Tenant;
use hos_core::law::Law;
use hos_core::laws::{Policy as _, Query};
use hos_core::policy::RoleDefinition;
use hos_core::standing::Mode;
use hos_inspect::holders::holding;

use super::law_words;
use super::views::{Page, PageProblem, Shell};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::{moves, tenants};
use crate::error::Problem;

/// The most earlier laws that the page lists.
const LAWS_MAX: usize = 20;

/// The law of the marketplace.
pub(super) async fn page(
    State(app): State<App>,
    Visitor(user): Visitor,
) -> Result<Page<LawPage>, PageProblem> {
    let shell = Shell::keyed("law-title", user.as_ref());
    let law = app.hos().law(app.world()).ok_or_else(Problem::not_found)?;
    let overseen = match &user {
        Some(user) => overseen(&app, user, &shell, &law).await?,
        None => Vec::new(),
    };
    let known = app.hos().store().laws(app.world()).await.map_err(Problem::from)?;
    let mut seen = BTreeSet::from([law.digest()]);
    let earlier = known.iter().rev().filter(|known| seen.insert(known.digest));
    let earlier = earlier.take(LAWS_MAX).map(|known| {
        (known.version.to_string(), law_words::short(&known.digest.to_string()).to_owned())
    });
    let earlier = earlier.collect();
    Ok(Page(LawPage {
        version: law.version().to_string(),
        digest: law.digest().to_string(),
        earlier,
        roles: law.roles().iter().map(|role| shell.word("law-role", &role.name)).collect(),
        resources: resources(&shell, &law),
        machines: machines(&shell, &law),
        divergences: (!overseen.is_empty()).then(|| app.hos().shadow_divergences()),
        overseen,
        shell,
    }))
}

/// What one role is told about one ability.
#[derive(Debug)]
pub(super) struct CellView {
    tone: &'static str,
    text: String,
}

/// One ability, and what each role is told about it.
#[derive(Debug)]
pub(super) struct AbilityRow {
    code: String,
    words: String,
    critical: bool,
    cells: Vec<CellView>,
}

/// The abilities of one resource.
#[derive(Debug)]
pub(super) struct Resource {
    name: String,
    rows: Vec<AbilityRow>,
}

fn resources(shell: &Shell, law: &Law) -> Vec<Resource> {
    let mut resources: Vec<(String, Resource)> = Vec::new();
    for ability in law.rules().abilities() {
        let ability = ability.as_str();
        let resource = ability.split('.').next().unwrap_or_default();
        let cell = |role: &RoleDefinition| match holding(law, &role.name, ability) {
            None => CellView { tone: "calm", text: shell.text("law-no") },
            Some(holding) => match law_words::wheres(shell, &holding) {
                None => CellView { tone: "good", text: shell.text("law-yes") },
                Some(conditions) => CellView { tone: "wait", text: conditions },
            },
        };
        let row = AbilityRow {
            code: ability.to_owned(),
            words: law_words::ability(shell, ability),
            critical: law.rules().is_critical(ability),
            cells: law.roles().iter().map(cell).collect(),
        };
        match resources.iter_mut().find(|(known, _)| known == resource) {
            Some((_, known)) => known.rows.push(row),
            None => {
                let name = shell.word("law-resource", resource);
                resources.push((resource.to_owned(), Resource { name, rows: vec![row] }));
            }
        }
    }
    // What the law asks for by itself comes last.
    resources.sort_by_key(|(resource, _)| resource == "hos");
    resources.into_iter().map(|(_, resource)| resource).collect()
}

/// One machine with a sentence for each move.
#[derive(Debug)]
pub(super) struct MachineView {
    kind: String,
    name: String,
    version: String,
    digest: String,
    picture: String,
    opening: Sentence,
    moves: Vec<Sentence>,
    timers: Vec<String>,
    /// Earlier versions, which those opened under them keep: version and picture.
    earlier: Vec<(String, String)>,
}

/// What may be done, by whom, and what stands in its way.
#[derive(Debug)]
pub(super) struct Sentence {
    what: String,
    change: String,
    who: String,
    refused: Vec<String>,
}

impl Sentence {
    /// Whether another sentence differs in nothing but where the subject goes.
    fn says_of_others(&self, other: &Self) -> bool {
        (&self.what, &self.who, &self.refused) == (&other.what, &other.who, &other.refused)
    }
}

fn machines(shell: &Shell, law: &Law) -> Vec<MachineView> {
    let mut machines: Vec<MachineView> = Vec::new();
    for contract in law.contracts() {
        let kind = contract.kind().as_str();
        if law.contract(kind).is_none_or(|current| current.version() != contract.version()) {
            continue;
        }
        let others = law.contracts().filter(|other| other.kind() == contract.kind());
        let earlier = others.filter(|other| other.version() != contract.version());
        let mut moves: Vec<Sentence> = Vec::new();
        for action in contract.actions() {
            let next = sentence(shell, law, action);
            match moves.iter_mut().find(|known| known.says_of_others(&next)) {
                Some(known) => known.change = format!("{}; {}", known.change, next.change),
                None => moves.push(next),
            }
        }
        machines.push(MachineView {
            kind: kind.to_owned(),
            name: shell.word("kind", kind),
            version: contract.version().to_string(),
            digest: contract.digest().to_string(),
            picture: law_words::picture(shell, contract, None),
            opening: opening(shell, law, contract),
            moves,
            timers: contract.timers().iter().map(|one| timer(shell, contract, one)).collect(),
            earlier: earlier
                .map(|old| (old.version().to_string(), law_words::picture(shell, old, None)))
                .collect(),
        });
    }
    machines
}

fn opening(shell: &Shell, law: &Law, contract: &Contract) -> Sentence {
    Sentence {
        what: shell.text("move-open"),
        change: format!("→ {}", shell.state(contract.initial().as_str())),
        who: people(shell, law, contract.open().ability().as_str()),
        refused: law_words::guards(shell, contract.open().guards()),
    }
}

fn sentence(shell: &Shell, law: &Law, action: &Action) -> Sentence {
    let from = action.from().iter().map(|from| shell.state(from.as_str()));
    let (from, to) = (from.collect::<Vec<_>>().join(", "), shell.state(action.to().as_str()));
    Sentence {
        what: law_words::action(shell, action.name().as_str()),
        change: if from == to { to } else { format!("{from} → {to}") },
        who: people(shell, law, action.ability().as_str()),
        refused: law_words::guards(shell, action.guards()),
    }
}

fn people(shell: &Shell, law: &Law, ability: &str) -> String {
    let may = law_words::may(shell, law, ability);
    if may.is_empty() { shell.text("law-nobody") } else { may.join(", ") }
}

/// `An unpaid booking ends by itself after 15 minutes.`
fn timer(shell: &Shell, contract: &Contract, timer: &Timer) -> String {
    let (kind, state, action) = (contract.kind(), timer.state().as_str(), timer.action().as_str());
    let after = law_words::duration(shell, timer.after());
    let key = format!("timer-{kind}-{state}-{action}");
    if shell.language.known(&key).is_some() {
        return shell.language.text_with(&key, &[("after", after)]);
    }
    let (state, action) = (shell.state(state), law_words::action(shell, action));
    let values = [("after", after), ("state", state), ("action", action)];
    shell.language.text_with("timer-any", &values)
}

/// A firm whose modes the reader may know: those that are not simply enforced.
#[derive(Debug)]
pub(super) struct FirmModes {
    name: String,
    modes: Vec<(String, &'static str, String)>,
}

async fn overseen(
    app: &App,
    user: &User,
    shell: &Shell,
    law: &Law,
) -> Result<Vec<FirmModes>, Problem> {
    let actor = user.actor()?;
    let abilities = law.rules().abilities();
    let mut firms = Vec::new();
    for firm in tenants::of_user(app, user).await? {
        let tenant = Tenant::new(&firm.id)?;
        if moves::require(app, user, "audit.read", &tenant).await.is_err() {
            continue;
        }
        let query = |ability: &hos_core::id::Ability| {
            Query::in_tenant(&actor, ability.as_str(), app.world(), &tenant)
        };
        let queries: Vec<Query> = abilities.iter().map(query).collect();
        let decisions = app.hos().can_all(&queries).await;
        let mut modes = Vec::new();
        for (ability, decision) in abilities.iter().zip(decisions) {
            let mode = decision?.mode;
            if mode != Mode::Enforce {
                let name = law_words::ability(shell, ability.as_str());
                modes.push((name, mode.as_str(), shell.word("law-mode", mode.as_str())));
            }
        }
        firms.push(FirmModes { name: firm.name, modes });
    }
    Ok(firms)
}

/// The law.
#[derive(Debug, Template)]
#[template(path = "law.html")]
pub(super) struct LawPage {
    shell: Shell,
    version: String,
    digest: String,
    /// Earlier laws that this marketplace has had: version and the beginning of its digest.
    earlier: Vec<(String, String)>,
    roles: Vec<String>,
    resources: Vec<Resource>,
    machines: Vec<MachineView>,
    overseen: Vec<FirmModes>,
    divergences: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_inherits_a_superuser_may_everything_but_what_is_taken_away() {
        let law = Law::builder("pazar", "1")
            .roles([
                RoleDefinition::superuser("root"),
                RoleDefinition::world("deputy").inherits("root"),
                RoleDefinition::new("clerk"),
            ])
            .allow("order.read", ["clerk"])
            .forbid("order.cancel", ["deputy"])
            .ability("order.cancel")
            .build()
            .unwrap();
        let shell = Shell::keyed("law-title", None);
        let tones = |code: &str| {
            let resources = resources(&shell, &law);
            let mut rows = resources.iter().flat_map(|resource| &resource.rows);
            let row = rows.find(|row| row.code == code).unwrap();
            row.cells.iter().map(|cell| cell.tone).collect::<Vec<_>>()
        };
        assert_eq!(tones("order.read"), ["good", "good", "good"]);
        assert_eq!(tones("order.cancel"), ["good", "calm", "calm"]);
        assert_eq!(people(&shell, &law, "order.read"), shell.word("law-role", "clerk"));
    }
}
