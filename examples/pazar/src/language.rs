//! The language of the reader: texts, money and times as people write them.

use std::fmt::Display;
use std::sync::LazyLock;

use axum::extract::{FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::auth::moment;

/// Where the choice of language is kept.
const COOKIE: &str = "pazar_language";
/// How long it is kept: a year.
const COOKIE_SECONDS: u32 = 365 * 86_400;
/// How far Istanbul is ahead of UTC, all year round.
pub(crate) const ISTANBUL_MICROS: i64 = 3 * 3_600_000_000;
/// The longest `Accept-Language` that is looked at, in tags.
const TAGS_MAX: usize = 16;

/// A language that the marketplace speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Turkish,
    English,
}

/// The reader of the page that is being made: in which language, and which page.
#[derive(Debug, Clone)]
struct Reader {
    language: Language,
    path: String,
}

tokio::task_local! {
    static READER: Reader;
}

/// Makes everything that answers a request speak the reader's language.
pub(crate) async fn carry(request: Request, next: Next) -> Response {
    let shown = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
    let path = shown.map_or("/", |path| path.as_str()).to_owned();
    let reader = Reader { language: Language::of(request.headers()), path };
    READER.scope(reader, next.run(request)).await
}

/// The page that the reader asked for; the front page after a form.
pub(crate) fn current_path() -> String {
    READER.try_with(|reader| reader.path.clone()).unwrap_or_else(|_| "/".to_owned())
}

/// A path of our own, and no other site's, whatever a form says.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    (own && path.bytes().all(|byte| byte.is_ascii_graphic())).then_some(path)
}

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

impl Language {
    /// The language of the request that this task answers; Turkish outside of one.
    pub(crate) fn current() -> Self {
        READER.try_with(|reader| reader.language).unwrap_or(Self::Turkish)
    }

    /// What was chosen here before, else what the browser asks for, else Turkish.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let cookies = headers.get_all(header::COOKIE).iter();
        let cookies = cookies.filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
        let chosen = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        chosen.and_then(Self::parse).or_else(|| asked.and_then(preferred)).unwrap_or(Self::Turkish)
    }

    /// A language by its code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code {
            "tr" => Some(Self::Turkish),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The code, as `lang` says it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Turkish => "tr",
            Self::English => "en",
        }
    }

    /// The cookie that keeps the choice.
    pub(crate) fn cookie(self) -> String {
        let code = self.code();
        format!("{COOKIE}={code}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}")
    }

    /// A text.
    pub(crate) fn text(self, key: &str) -> String {
        self.text_with::<&str>(key, &[])
    }

    /// A text with values in it. Whole numbers choose the plural.
    pub(crate) fn text_with<V: Display>(self, key: &str, values: &[(&str, V)]) -> String {
        self.find(key, values).unwrap_or_else(|| {
            tracing::error!(key, language = self.code(), "a text is missing");
            key.to_owned()
        })
    }

    /// A text, if there is one: for keys that are made of codes.
    pub(crate) fn known(self, key: &str) -> Option<String> {
        self.find::<&str>(key, &[])
    }

    fn find<V: Display>(self, key: &str, values: &[(&str, V)]) -> Option<String> {
        let bundle = self.bundle();
        let pattern = bundle.get_message(key)?.value()?;
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            let value = value.to_string();
            let whole = value.parse::<i32>().ok().map(FluentValue::from);
            arguments.set((*name).to_owned(), whole.unwrap_or_else(|| value.into()));
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned();
        if !errors.is_empty() {
            tracing::error!(key, ?errors, "a text lacks a value");
        }
        Some(text)
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        match self {
            Self::Turkish => &TURKISH,
            Self::English => &ENGLISH,
        }
    }

    /// Kurus as lira: `1.234,50 ₺`, or `₺1,234.50`.
    pub(crate) fn money(self, kurus: i64) -> String {
        let sign = if kurus < 0 { "-" } else { "" };
        let (lira, rest) = (kurus.unsigned_abs() / 100, kurus.unsigned_abs() % 100);
        match self {
            Self::Turkish => format!("{sign}{},{rest:02} ₺", grouped(lira, '.')),
            Self::English => format!("{sign}₺{}.{rest:02}", grouped(lira, ',')),
        }
    }

    /// A time in Istanbul: `21 Kasım 2026 14:30`.
    pub(crate) fn time(self, micros: i64) -> String {
        let local = moment(micros.saturating_add(ISTANBUL_MICROS)).to_string();
        format!("{} {}", self.day(micros), local.get(11..16).unwrap_or_default())
    }

    /// A day in Istanbul: `21 Kasım 2026`.
    pub(crate) fn day(self, micros: i64) -> String {
        let local = moment(micros.saturating_add(ISTANBUL_MICROS)).to_string();
        let part = |range| local.get(range).unwrap_or_default();
        let (year, month) = (part(0..4), part(5..7));
        let day = part(8..10).trim_start_matches('0');
        format!("{day} {} {year}", self.month(month))
    }

    /// The name of a month, by its two digits.
    pub(crate) fn month(self, digits: &str) -> String {
        self.known(&format!("month-{digits}")).unwrap_or_default()
    }
}

/// The language that a browser prefers, among ours.
fn preferred(accept: &str) -> Option<Language> {
    let mut best: Option<(u32, Language)> = None;
    for tag in accept.split(',').take(TAGS_MAX) {
        let (tag, weight) = tag.split_once(';').unwrap_or((tag, "q=1"));
        let code = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
        let weight = weight.trim().strip_prefix("q=").and_then(thousandths).unwrap_or(0);
        let Some(language) = Language::parse(&code).filter(|_| weight > 0) else { continue };
        if best.is_none_or(|(heaviest, _)| weight > heaviest) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

/// `0.8` as 800.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{rest:0<3}");
    let rest = digits.get(..3)?.parse::<u32>().ok()?;
    Some(whole.parse::<u32>().ok()?.checked_mul(1_000)?.saturating_add(rest))
}

/// Digits in groups of three.
fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

static TURKISH: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| bundle("tr", include_str!("../texts/tr.ftl")));
static ENGLISH: LazyLock<FluentBundle<FluentResource>> =
    LazyLock::new(|| bundle("en", include_str!("../texts/en.ftl")));

/// The texts of one language. What cannot be read is left out; a test sees to it that all can.
fn bundle(code: &str, source: &str) -> FluentBundle<FluentResource> {
    let language = code.parse().unwrap_or_else(|_| LanguageIdentifier::default());
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(rest, _)| rest);
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(?errors, code, "texts stand there twice");
    }
    bundle
}

#[cfg(test)]
mod tests;
