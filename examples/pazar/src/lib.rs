#![doc = include_str!("../README.md")]

pub mod app;
pub mod auth;
pub mod config;
pub mod database;
mod domain;
pub mod error;
mod guard;
mod headers;
pub mod keys;
mod language;
pub mod law;
pub mod limits;
pub mod logs;
mod metrics;
pub mod openapi;
pub mod request;
mod routes;
mod sealing;
mod seed;
pub mod session;
pub mod webhook;

/// The demo accounts and their password, as the start prints them.
#[must_use]
pub fn demo_accounts() -> String {
    let mut text = format!("demo accounts, all with the password {}:\n", seed::PASSWORD);
    for account in &seed::ACCOUNTS {
        let role = match account.role {
            Some((tenant, role)) => format!("{role} of {tenant}"),
            None if account.id == "u-root" => "super admin".to_owned(),
            None => "customer".to_owned(),
        };
        text.push_str(&format!("  {:<22} {role}\n", account.email));
    }
    text
}
