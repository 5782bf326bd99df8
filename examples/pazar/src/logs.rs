//! Log lines: to the standard error, as text or JSON.
//!
//! Every line of a request carries its id, from the span of the outermost layer. What never reaches
//! a line: cookies, tokens, passwords, e-mail addresses, client addresses, paths and queries as
//! they came. A request is named by its route.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{Config, LogFormat};

/// Starts writing log lines. A second start is refused by the first, and no fault.
pub fn start(config: &Config) {
    // Libraries speak up when something is wrong; what they tell besides may hold values.
    let wanted = LevelFilter::from_level(config.log_level);
    let least = wanted.min(LevelFilter::WARN);
    let targets = Targets::new().with_target("pazar", wanted).with_default(least);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let layer = match config.log_format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(targets)).try_init();
    // A panic says where, and not what: its text may hold anything.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
}
