//! How hard policy bites, per world, ability and tenant.

use hos_core::command::{StandingChange, StandingCommand};
use hos_core::id::Ability;
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::policy::DecisionEffect;
use hos_core::standing::Mode;
use hos_core::subject::Subject;

use crate::case::cases;
use crate::stage::{Stage, act, ban, code, firm, leaf, owner, viewer, world};

cases!(
    "mode",
    [
        mode_is_enforce_when_nothing_is_configured,
        mode_shadow_decides_and_lets_through,
        mode_shadow_counts_its_divergences,
        mode_shadow_is_counted_by_ability_and_effect,
        mode_shadow_of_an_allowed_call_counts_nothing,
        mode_off_decides_nothing,
        mode_of_the_tenant_wins_over_the_worlds,
        mode_of_an_ability_wins_over_the_general_one,
        mode_cleared_is_enforce_again,
        mode_is_named_by_the_proofs_it_let_through,
        mode_change_is_recorded,
        mode_never_lifts_a_ban,
        mode_never_lifts_the_contract,
        mode_of_the_laws_own_abilities_is_enforce,
    ]
);

fn set(ability: Option<&str>, mode: Option<Mode>) -> StandingChange {
    let ability = ability.map(|ability| Ability::new(ability).unwrap());
    StandingChange::SetMode { ability, mode }
}

async fn mode(stage: &Stage, order: &Subject) -> (Mode, bool) {
    let query = Query::new(&viewer(), "order.pay", order);
    let decision = stage.hos.can(&query).await.unwrap();
    (decision.mode, decision.permits())
}

async fn mode_is_enforce_when_nothing_is_configured(stage: Stage) {
    let order = stage.order("o").await;
    assert_eq!(mode(&stage, &order).await, (Mode::Enforce, false));
}

async fn mode_shadow_decides_and_lets_through(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(Some("order.pay"), Some(Mode::Shadow)), "k1").await;
    let query = Query::new(&viewer(), "order.pay", &order);
    let decision = stage.hos.can(&query).await.unwrap();
    assert_eq!(decision.effect, DecisionEffect::Deny, "it still decides");
    assert!(decision.permits());
    stage.moved(&act(&viewer(), &order, "pay", "k2")).await;
}

async fn mode_shadow_counts_its_divergences(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(None, Some(Mode::Shadow)), "k1").await;
    stage.moved(&act(&viewer(), &order, "pay", "k2")).await;
    assert_eq!(stage.hos.shadow_divergences(), 1);
    stage.send(&act(&viewer(), &order, "pay", "k2")).await.unwrap();
    assert_eq!(stage.hos.shadow_divergences(), 1, "a replay is not judged");
}

async fn mode_shadow_of_an_allowed_call_counts_nothing(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(None, Some(Mode::Shadow)), "k1").await;
    stage.moved(&act(&owner(), &order, "pay", "k2")).await;
    assert_eq!(stage.hos.shadow_divergences(), 0);
}

async fn mode_shadow_is_counted_by_ability_and_effect(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(None, Some(Mode::Shadow)), "k1").await;
    let counts = || stage.hos.decision_counts(&order.world).remove("order.pay");
    assert_eq!(counts(), None);
    for asked in 1..=2 {
        assert!(
            stage.hos.can(&Query::new(&viewer(), "order.pay", &order)).await.unwrap().permits()
        );
        let counted = counts().unwrap();
        assert_eq!(
            (counted.shadow_denied, counted.denied),
            (asked, 0),
            "an answer of `can` counts"
        );
    }
    stage.hos.can(&Query::new(&owner(), "order.pay", &order)).await.unwrap();
    assert_eq!(stage.hos.shadow_divergences(), 2, "what is allowed counts nothing");
    stage.moved(&act(&viewer(), &order, "pay", "k2")).await;
    assert_eq!((counts().unwrap().shadow_denied, stage.hos.shadow_divergences()), (3, 3));
}

async fn mode_off_decides_nothing(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(Some("order.pay"), Some(Mode::Off)), "k1").await;
    assert_eq!(mode(&stage, &order).await, (Mode::Off, true));
    let touch = Query::new(&viewer(), "order.touch", &order);
    assert!(!stage.hos.can(&touch).await.unwrap().permits(), "this ability alone");
}

async fn mode_of_the_tenant_wins_over_the_worlds(stage: Stage) {
    let order = stage.order("o").await;
    stage.change_world(set(Some("order.pay"), Some(Mode::Off)), "k1").await;
    assert_eq!(mode(&stage, &order).await, (Mode::Off, true));
    stage.change(set(Some("order.pay"), Some(Mode::Enforce)), "k2").await;
    assert_eq!(mode(&stage, &order).await, (Mode::Enforce, false));
}

async fn mode_of_an_ability_wins_over_the_general_one(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(None, Some(Mode::Off)), "k1").await;
    assert_eq!(mode(&stage, &order).await, (Mode::Off, true));
    stage.change(set(Some("order.pay"), Some(Mode::Enforce)), "k2").await;
    assert_eq!(mode(&stage, &order).await, (Mode::Enforce, false));
    let touch = Query::new(&viewer(), "order.touch", &order);
    assert!(stage.hos.can(&touch).await.unwrap().permits());
}

async fn mode_cleared_is_enforce_again(stage: Stage) {
    let order = stage.order("o").await;
    for (at, ability) in [None, Some("order.pay")].into_iter().enumerate() {
        stage.change(set(ability, Some(Mode::Off)), &format!("on {at}")).await;
        assert_eq!(mode(&stage, &order).await, (Mode::Off, true));
        stage.change(set(ability, None), &format!("off {at}")).await;
        assert_eq!(mode(&stage, &order).await, (Mode::Enforce, false));
    }
}

async fn mode_is_named_by_the_proofs_it_let_through(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "touch", "k0")).await;
    assert_eq!(leaf(stage.log().await.last().unwrap()).get("mode"), None);
    stage.change(set(Some("order.pay"), Some(Mode::Off)), "k1").await;
    stage.moved(&act(&viewer(), &order, "pay", "k2")).await;
    assert_eq!(leaf(stage.log().await.last().unwrap())["mode"], "off");
}

async fn mode_change_is_recorded(stage: Stage) {
    stage.change(set(Some("order.pay"), Some(Mode::Shadow)), "k1").await;
    let leaf = leaf(stage.log().await.last().unwrap());
    assert_eq!(leaf["typ"], "mode/1");
    assert_eq!((&leaf["ability"], &leaf["mode"]), (&"order.pay".into(), &"shadow".into()));
}

async fn mode_never_lifts_a_ban(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(set(None, Some(Mode::Off)), "k1").await;
    stage.change(ban("viewer-1"), "k2").await;
    assert_eq!(code(stage.send(&act(&viewer(), &order, "pay", "k3")).await), "banned");
}

async fn mode_never_lifts_the_contract(stage: Stage) {
    let order = stage.cancelled("o").await;
    stage.change(set(None, Some(Mode::Off)), "k1").await;
    let refused = stage.hos.transition(&act(&viewer(), &order, "pay", "k2")).await;
    assert_eq!(code(refused), "terminal_state");
}

async fn mode_of_the_laws_own_abilities_is_enforce(stage: Stage) {
    let command =
        StandingCommand::new(&owner(), &world(), &firm(), set(Some("hos.ban"), Some(Mode::Off)));
    assert_eq!(code(stage.hos.change_standing(&command.key("k1")).await), "invalid_input");
    stage.change(set(None, Some(Mode::Off)), "k2").await;
    let command = StandingCommand::new(&viewer(), &world(), &firm(), ban("owner-1")).key("k3");
    assert_eq!(code(stage.hos.change_standing(&command).await), "denied");
}
