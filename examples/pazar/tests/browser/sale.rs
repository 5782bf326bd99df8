//! One sale: bought, paid, cancelled, refunded; and those who may not touch it.

use crate::Scene;
use crate::driver::{DESKTOP, Reader, Window};

/// Nothing of it needs a script.
const WITHOUT_SCRIPTS: Reader = Reader { javascript: false, ..DESKTOP };

#[tokio::test]
async fn a_sale_is_bought_paid_cancelled_and_refunded_without_scripts() {
    let Some(scene) = Scene::open().await else { return };
    let ada = scene.as_person("ada@pazar.example", WITHOUT_SCRIPTS).await;
    let order = buy(&ada, "Mosaic lamp").await;
    assert_eq!(state(&ada).await, "Paid");
    ada.shot("order-paid-1280").await;
    strangers(&scene, &order).await;

    ada.click("main a[href*='/cancel?']").await;
    ada.click("main form[action$='/cancel'] button").await;
    assert_eq!(state(&ada).await, "Refund due");
    let owner = scene.as_person("owner@kilim.example", WITHOUT_SCRIPTS).await;
    owner.go(&order).await;
    owner.take_step("refund").await;
    assert_eq!(state(&owner).await, "Refunded");

    ada.go(&format!("{order}/evidence")).await;
    let evidence = ada.text("main").await;
    for state in ["Pending", "Paid", "Refund due", "Refunded"] {
        assert!(evidence.contains(state), "{state} is missing in {evidence}");
    }
    ada.shot("evidence-1280").await;
    for window in [ada, owner] {
        assert_eq!(window.complaints().await, Vec::<String>::new());
        window.close().await;
    }
}

/// Finds a listing by its title, buys one piece and pays; answers the order's path.
async fn buy(window: &Window, title: &str) -> String {
    window.go("/").await;
    window.follow(title).await;
    window.fill("input[name=quantity]", "1").await;
    window.click("main form[action$='/checkout'] button").await;
    window.click("main form[action$='/orders'] button[name=pay]").await;
    window.click("button[value=paid]").await;
    window.path().await
}

/// What the badge next to the title says.
async fn state(window: &Window) -> String {
    window.text("main h1 + .badge").await
}

/// Staff sees the order and may not cancel it; another firm and another customer see nothing.
async fn strangers(scene: &Scene, order: &str) {
    let staff = scene.as_person("staff@kilim.example", DESKTOP).await;
    staff.go(order).await;
    assert_eq!(state(&staff).await, "Paid");
    assert!(!staff.has("main a[href*='/cancel?']").await, "no button that would be refused");
    staff.go(&format!("{order}/cancel")).await;
    staff.click("main form[action$='/cancel'] button").await;
    let refusal = staff.text("main").await;
    assert!(refusal.contains("You are not allowed to do this"), "{refusal}");
    staff.shot("refused-1280").await;
    staff.close().await;
    for email in ["owner@konak.example", "can@pazar.example"] {
        let stranger = scene.as_person(email, DESKTOP).await;
        stranger.go(order).await;
        let answer = stranger.text("main").await;
        assert!(answer.contains("404") && answer.contains("There is nothing here"), "{answer}");
        stranger.close().await;
    }
}
