//! How often is too often: sign-ins, writes, and webhooks that nobody signed.
//!
//! Keys are hashed into a fixed number of places, so that memory is bounded whoever asks, and no
//! e-mail address is kept. Two keys share a place by rare chance only: the hash is seeded anew at
//! each start.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts as _, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use hos_core::time::Clock;

use crate::app::App;
use crate::auth::Visitor;
use crate::error::Problem;
use crate::guard::refuse;

/// How many places keys are hashed into, for each limit.
const PLACES: u64 = 65_536;

/// How much of each is let through in a minute; zero is no limit. Also how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "one member for each limit there is")]
pub struct Quotas {
    /// Sign-ins from one address.
    pub sign_ins_of_address: u32,
    /// Sign-ins to one account, right or wrong.
    pub sign_ins_of_email: u32,
    /// Changes by one account.
    pub writes_of_actor: u32,
    /// Changes from one address.
    pub writes_of_address: u32,
    /// Webhooks from one address that were not let in.
    pub bad_webhooks_of_address: u32,
}

impl Quotas {
    /// No limits.
    #[must_use]
    pub fn off() -> Self {
        Self {
            sign_ins_of_address: 0,
            sign_ins_of_email: 0,
            writes_of_actor: 0,
            writes_of_address: 0,
            bad_webhooks_of_address: 0,
        }
    }
}

/// One limit and everybody's standing with it.
#[derive(Debug)]
pub(crate) struct Limit {
    name: &'static str,
    keyed: Option<Keyed>,
    clock: Ticks,
    places: RandomState,
}

type Keyed = RateLimiter<u64, HashMapStateStore<u64>, Ticks, NoOpMiddleware<Duration>>;

/// The marketplace's clock, as limits read it.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl std::fmt::Debug for Ticks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ticks(..)")
    }
}

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.now().as_micros()).unwrap_or_default())
    }
}

impl Limit {
    fn new(name: &'static str, a_minute: u32, clock: &Arc<dyn Clock>) -> Self {
        let clock = Ticks(clock.clone());
        let quota = NonZeroU32::new(a_minute).map(Quota::per_minute);
        let keyed = quota.map(|quota| Keyed::hashmap_with_clock(quota, clock.clone()));
        Self { name, keyed, clock, places: RandomState::new() }
    }

    /// Counts one more of a key's.
    fn count(&self, app: &App, key: impl Hash) -> Result<(), Problem> {
        let Some(keyed) = &self.keyed else { return Ok(()) };
        let place = self.places.hash_one(key) % PLACES;
        keyed.check_key(&place).map_err(|until| {
            app.metrics().rate_limited(self.name);
            let now = governor::clock::Clock::now(&self.clock);
            let seconds = until.wait_time_from(now).as_secs().saturating_add(1);
            tracing::warn!(limit = self.name, seconds, "too many requests");
            Problem::rate_limited(seconds)
        })
    }

    fn forget_idle(&self) {
        if let Some(keyed) = &self.keyed {
            keyed.retain_recent();
            keyed.shrink_to_fit();
        }
    }
}

/// All limits.
#[derive(Debug)]
pub(crate) struct Limits {
    sign_ins_of_address: Limit,
    sign_ins_of_email: Limit,
    writes_of_actor: Limit,
    writes_of_address: Limit,
    bad_webhooks_of_address: Limit,
}

impl Limits {
    pub(crate) fn new(quotas: &Quotas, clock: &Arc<dyn Clock>) -> Self {
        let limit = |name, a_minute| Limit::new(name, a_minute, clock);
        Self {
            sign_ins_of_address: limit("sign_ins_of_address", quotas.sign_ins_of_address),
            sign_ins_of_email: limit("sign_ins_of_email", quotas.sign_ins_of_email),
            writes_of_actor: limit("writes_of_actor", quotas.writes_of_actor),
            writes_of_address: limit("writes_of_address", quotas.writes_of_address),
            bad_webhooks_of_address: limit(
                "bad_webhooks_of_address",
                quotas.bad_webhooks_of_address,
            ),
        }
    }

    /// Counts a sign-in to an account, known or not.
    pub(crate) fn sign_in(&self, app: &App, email: &str) -> Result<(), Problem> {
        self.sign_ins_of_email.count(app, email)
    }

    /// Forgets whoever has not asked for a while.
    pub(crate) fn forget_idle(&self) {
        let all = [
            &self.sign_ins_of_address,
            &self.sign_ins_of_email,
            &self.writes_of_actor,
            &self.writes_of_address,
            &self.bad_webhooks_of_address,
        ];
        all.into_iter().for_each(Limit::forget_idle);
    }
}

/// Counts whatever may change something, before it does.
pub(crate) async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let address = network(client(&app, &parts));
    let path = parts.uri.path().to_owned();
    if path.starts_with("/webhooks/") {
        let response = next.run(Request::from_parts(parts, body)).await;
        return bad_webhook(&app, address, response);
    }
    if let Err(problem) = admit(&app, &mut parts, address).await {
        return refuse(&path, problem);
    }
    next.run(Request::from_parts(parts, body)).await
}

async fn admit(app: &App, parts: &mut Parts, address: IpAddr) -> Result<(), Problem> {
    let limits = app.limits();
    if matches!(parts.uri.path(), "/sign-in" | "/api/v1/session") && parts.method == "POST" {
        return limits.sign_ins_of_address.count(app, address);
    }
    limits.writes_of_address.count(app, address)?;
    match Visitor::from_request_parts(parts, app).await? {
        Visitor(Some(user)) => limits.writes_of_actor.count(app, &user.id),
        Visitor(None) => Ok(()),
    }
}

/// A genuine webhook is never too much; one that was not let in counts.
fn bad_webhook(app: &App, address: IpAddr, response: Response) -> Response {
    if !matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST) {
        return response;
    }
    match app.limits().bad_webhooks_of_address.count(app, address) {
        Ok(()) => response,
        Err(problem) => refuse("/webhooks/", problem),
    }
}

/// Who asks: the socket's other end, or whom the trusted proxy names. Without a socket, as in
/// tests of the router alone, nobody in particular.
pub(crate) fn client(app: &App, parts: &Parts) -> IpAddr {
    let socket = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let Some(ConnectInfo(peer)) = socket else { return Ipv4Addr::UNSPECIFIED.into() };
    let peer = peer.ip().to_canonical();
    if app.trusted_proxy() != Some(peer) {
        return peer;
    }
    // The last one was written by the proxy itself; those before it by anybody.
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
    let named = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
    named.and_then(|text| text.trim().parse().ok()).unwrap_or(peer)
}

/// One customer of a provider has 64 bits of IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(whole) => Ipv6Addr::from_bits(whole.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_ipv6_network_are_one_client() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        use hos_core::time::{ManualClock, Timestamp};

        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(1_000_000_000)));
        let shared: Arc<dyn Clock> = clock.clone();
        let limit = Limit::new("test", 1, &shared);
        let keyed = limit.keyed.as_ref().unwrap();
        for key in 0..200_000_u32 {
            let _ = keyed.check_key(&(limit.places.hash_one(key) % PLACES));
        }
        assert!(keyed.len() <= 65_536);
        clock.advance(Duration::from_secs(120));
        limit.forget_idle();
        assert_eq!(keyed.len(), 0);
    }
}
