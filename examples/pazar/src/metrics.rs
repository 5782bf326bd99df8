//! What is counted, for Prometheus. Every label comes from a list that this program knows: route
//! templates, methods, status classes, codes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use hos_core::hos::Hos;
use hos_core::id::World;

/// Upper ends of the buckets of answers, in seconds.
const BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// How the text is marked.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Judged {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Decided {
    ability: String,
    effect: &'static str,
    mode: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    limit: &'static str,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    answers: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    judged: Family<Judged, Counter>,
    limited: Family<Limited, Counter>,
    sessions: Counter,
    timers: Counter,
    divergences: Counter<u64, AtomicU64>,
    decisions: Family<Decided, Counter>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let answers = Family::default();
        registry.register("http_requests", "requests by route and status class", answers.clone());
        let seconds: Family<_, _, fn() -> Histogram> =
            Family::new_with_constructor(|| Histogram::new(BUCKETS));
        registry.register("http_request_seconds", "how long answers take", seconds.clone());
        let judged = Family::default();
        registry.register("pazar_deals", "law and rows together, by outcome", judged.clone());
        let limited = Family::default();
        registry.register("pazar_rate_limited", "refused as too many, by limit", limited.clone());
        let sessions = Counter::default();
        registry.register("pazar_sessions_opened", "sessions opened", sessions.clone());
        let timers = Counter::default();
        registry.register("pazar_timers_fired", "timers that moved something", timers.clone());
        let divergences = Counter::default();
        registry.register(
            "pazar_shadow_divergences",
            "what only a mode of shadow let through",
            divergences.clone(),
        );
        let decisions = Family::default();
        registry.register("pazar_refusals", "what policy did not allow", decisions.clone());
        Self {
            registry,
            answers,
            seconds,
            judged,
            limited,
            sessions,
            timers,
            divergences,
            decisions,
        }
    }

    pub(crate) fn answered(
        &self,
        method: &'static str,
        route: String,
        status: StatusCode,
        took: Duration,
    ) {
        let status = match status.as_u16() / 100 {
            1 => "1xx",
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        };
        let of = Route { method, route };
        self.seconds.get_or_create(&of).observe(took.as_secs_f64());
        let Route { method, route } = of;
        self.answers.get_or_create(&Answered { method, route, status }).inc();
    }

    /// A deal came to its end: `ok`, or the code of the problem.
    pub(crate) fn judged(&self, outcome: &'static str) {
        self.judged.get_or_create(&Judged { outcome }).inc();
    }

    pub(crate) fn rate_limited(&self, limit: &'static str) {
        self.limited.get_or_create(&Limited { limit }).inc();
    }

    pub(crate) fn session_opened(&self) {
        self.sessions.inc();
    }

    pub(crate) fn timers_fired(&self, count: usize) {
        self.timers.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// The text that is scraped.
    pub(crate) fn text(&self, hos: &Hos, world: &World) -> String {
        self.divergences.inner().store(hos.shadow_divergences(), Ordering::Relaxed);
        for (ability, counts) in hos.decision_counts(world) {
            for (effect, mode, count) in [
                ("deny", "enforce", counts.denied),
                ("indeterminate", "enforce", counts.indeterminate),
                ("deny", "shadow", counts.shadow_denied),
                ("indeterminate", "shadow", counts.shadow_indeterminate),
            ] {
                let of = Decided { ability: ability.clone(), effect, mode };
                self.decisions.get_or_create(&of).inner().store(count, Ordering::Relaxed);
            }
        }
        let mut written = String::new();
        if text::encode(&mut written, &self.registry).is_err() {
            tracing::error!("the metrics could not be written");
        }
        written
    }
}
