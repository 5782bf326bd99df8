//! One booking on a phone, in Turkish: held, paid, confirmed, checked in, completed.

use crate::Scene;
use crate::driver::{PHONE, Window};

#[tokio::test]
async fn a_booking_is_confirmed_checked_in_and_completed_on_a_phone() {
    let Some(scene) = Scene::open().await else { return };
    let ada = scene.as_person("ada@pazar.example", PHONE).await;
    ada.go("/").await;
    ada.follow("Guest hall").await;
    ada.shot("calendar-390").await;
    ada.click("#calendar a[rel=next]").await;
    ada.click("#calendar td.free a").await;
    assert!(ada.has("#calendar .hours").await, "the hours of the chosen day");
    ada.click("main form[action$='/checkout'] button").await;
    ada.click("main form[action$='/reservations'] button[name=pay]").await;
    ada.click("button[value=paid]").await;
    let booking = ada.path().await;
    assert_eq!(state(&ada).await, "Bekliyor");
    assert!(ada.text("main section p").await.starts_with("Ödendi."));
    ada.shot("booking-390").await;

    let owner = scene.as_person("owner@konak.example", PHONE).await;
    owner.go(&booking).await;
    owner.take_step("confirm").await;
    assert_eq!(state(&owner).await, "Onaylandı");
    let staff = scene.as_person("staff@konak.example", PHONE).await;
    staff.go(&booking).await;
    assert!(!staff.has("main a[href*='/cancel?']").await, "staff may not cancel");
    for (action, after) in [("check_in", "Giriş yapıldı"), ("complete", "Tamamlandı")] {
        staff.take_step(action).await;
        assert_eq!(state(&staff).await, after);
    }
    ada.go(&booking).await;
    assert_eq!(state(&ada).await, "Tamamlandı");
    assert!(!ada.has("main form[action*='/reservations/'] button").await, "nothing is left to do");
    ada.go(&format!("{booking}/evidence")).await;
    ada.shot("evidence-390").await;
    for window in [ada, owner, staff] {
        assert_eq!(window.complaints().await, Vec::<String>::new());
        window.close().await;
    }
}

async fn state(window: &Window) -> String {
    window.text("main h1 + .badge").await
}
