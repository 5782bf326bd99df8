//! What every answer tells a browser.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Nothing comes from elsewhere, nothing is inline, nothing runs, nobody frames us.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Nothing here needs any of them.
const PERMISSIONS_POLICY: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), \
    fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), \
    payment=(), usb=()";

const ALWAYS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-world"), crate::law::WORLD),
];

/// Two years, as preload lists ask for; without preloading, which only the owner can decide.
const STRICT_TRANSPORT_SECURITY: &str = "max-age=63072000; includeSubDomains";

/// Whether an answer depends on who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The same for everybody.
    Everybody,
    /// Made for the holder of a session.
    Holder,
}

/// Adds them.
pub(crate) fn add(headers: &mut HeaderMap, https: bool, audience: Audience) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        let value = HeaderValue::from_static(STRICT_TRANSPORT_SECURITY);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    let no_store = HeaderValue::from_static("no-store");
    match audience {
        Audience::Holder => drop(headers.insert(header::CACHE_CONTROL, no_store)),
        Audience::Everybody => drop(headers.entry(header::CACHE_CONTROL).or_insert(no_store)),
    }
}
