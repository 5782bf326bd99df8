//! How every page looks: it fits its window, complains of nothing, keeps the accessibility rules.

use crate::Scene;
use crate::driver::{DESKTOP, PHONE, Reader, Window};

/// Whose pages, and which.
const PAGES: &[(&str, &[(&str, &str)])] = &[
    ("", &[("front", "/"), ("sign-in", "/sign-in"), ("law", "/law"), ("nothing", "/no-such-page")]),
    ("ada@pazar.example", &[("mine", "/mine")]),
    (
        "owner@kilim.example",
        &[
            ("panel", "/panel/kilim"),
            ("panel-listings", "/panel/kilim/listings"),
            ("panel-new", "/panel/kilim/listings/new"),
            ("panel-orders", "/panel/kilim/orders"),
            ("panel-bookings", "/panel/kilim/reservations"),
            ("panel-payments", "/panel/kilim/payments"),
            ("panel-refunds", "/panel/kilim/refunds"),
            ("panel-staff", "/panel/kilim/staff"),
            ("panel-log", "/panel/kilim/log"),
            ("panel-checkpoints", "/panel/kilim/checkpoints"),
        ],
    ),
    ("root@pazar.example", &[("admin", "/admin"), ("admin-checkpoints", "/admin/checkpoints")]),
];

#[tokio::test]
async fn every_page_fits_its_window_and_keeps_the_accessibility_rules() {
    let Some(scene) = Scene::open().await else { return };
    let night = Reader { dark: true, ..DESKTOP };
    for reader in [PHONE, DESKTOP, night] {
        for (email, pages) in PAGES {
            let window = match *email {
                "" => scene.as_nobody(reader).await,
                email => scene.as_person(email, reader).await,
            };
            for (name, path) in *pages {
                window.go(path).await;
                judge(&window, name, reader).await;
            }
            if email.is_empty() {
                window.go("/").await;
                window.click("main a[href*='/listings/']").await;
                judge(&window, "listing", reader).await;
            }
            window.close().await;
        }
    }
}

async fn judge(window: &Window, name: &str, reader: Reader) {
    let at = format!("{name} at {} pixels", reader.width);
    assert!(!window.is_too_wide().await, "{at}: wider than its window");
    assert_eq!(window.serious_faults().await, Vec::<String>::new(), "{at}");
    // The browser itself notes an answer of 404; that is what such a page is.
    let complaints = window.complaints().await;
    let own = complaints.iter().filter(|line| !line.contains("status of 40"));
    assert_eq!(own.collect::<Vec<_>>(), Vec::<&String>::new(), "{at}");
    let shade = if reader.dark { "-dark" } else { "" };
    window.shot(&format!("{name}-{}{shade}", reader.width)).await;
}

#[tokio::test]
async fn a_reader_changes_the_language_and_it_stays() {
    let Some(scene) = Scene::open().await else { return };
    let window = scene.as_nobody(DESKTOP).await;
    window.go("/law").await;
    assert_eq!(window.attribute("html", "lang").await, "en");
    window.click("button[name=language][value=tr]").await;
    assert_eq!(window.path().await, "/law", "on the same page");
    assert_eq!(window.attribute("html", "lang").await, "tr");
    window.go("/").await;
    assert_eq!(window.attribute("html", "lang").await, "tr");
    window.close().await;
}
