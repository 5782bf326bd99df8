//! The webhook gate's lock and key: Standard Webhooks 1.0, symmetric (`v1`).
//!
//! What is signed is `id.timestamp.body`, byte for byte as it arrived.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hos_core::time::{IdSource as _, RandomIds, Timestamp};
use sha2::Sha256;

/// How far a webhook's timestamp may lie from now, in both directions.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// The longest `webhook-id`, in bytes.
pub const ID_BYTES_MAX: usize = 128;
/// The longest `webhook-signature`, in bytes: several signatures while a secret is changed.
pub const SIGNATURE_BYTES_MAX: usize = 1_024;
/// The bytes of a secret.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A shared secret; it never prints itself.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected whsec_ and 24 to 64 bytes of base64")]
pub struct SecretError;

/// Why a webhook is not let in.
///
/// Exhaustive: the gate answers each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateError {
    /// A header is missing or ill-formed.
    #[error("`{0}` is missing or ill-formed")]
    Header(&'static str),
    /// Nobody who knows the secret signed this.
    #[error("no signature matches")]
    Forged,
    /// It was signed too long ago, or is from the future.
    #[error("the timestamp is outside the replay window")]
    Stale,
}

/// The three headers of a webhook.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the standard has these three")]
pub struct Headers<'a> {
    /// `webhook-id`
    pub id: Option<&'a str>,
    /// `webhook-timestamp`
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`
    pub signature: Option<&'a str>,
}

impl Secret {
    /// Reads `whsec_` and base64.
    ///
    /// # Errors
    ///
    /// [`SecretError`] for anything else, and for a secret that is too short or too long.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix("whsec_").ok_or(SecretError)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| SecretError)?;
        if SECRET_BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SecretError) }
    }

    /// A fresh secret.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = vec![0; 32];
        RandomIds.fill(&mut bytes);
        Self(bytes)
    }

    /// The text form, to be shared with the provider.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(&self.0))
    }

    /// The signature header's value for a body.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signature = self.mac(id, &seconds.to_string(), body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(signature))
    }

    /// Lets a webhook in: signature first, in constant time, then the replay window. Answers
    /// its id, which was signed.
    ///
    /// # Errors
    ///
    /// [`GateError`].
    pub fn verify<'a>(
        &self,
        headers: Headers<'a>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<&'a str, GateError> {
        let visible = |text: &&str| {
            (1..=ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
        };
        let id = headers.id.filter(visible).ok_or(GateError::Header("webhook-id"))?;
        let missing = GateError::Header("webhook-timestamp");
        let timestamp = headers.timestamp.ok_or(missing)?;
        let seconds: i64 = timestamp.parse().map_err(|_| missing)?;
        let signatures = headers.signature.filter(|text| text.len() <= SIGNATURE_BYTES_MAX);
        let signatures = signatures.ok_or(GateError::Header("webhook-signature"))?;
        let genuine = signatures
            .split(' ')
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|encoded| STANDARD.decode(encoded).ok())
            .any(|given| self.mac(id, timestamp, body).verify_slice(&given).is_ok());
        if !genuine {
            return Err(GateError::Forged);
        }
        let away = now.as_micros().div_euclid(1_000_000).abs_diff(seconds);
        if away > TOLERANCE.as_secs() { Err(GateError::Stale) } else { Ok(id) }
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length is a key");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
    const SECONDS: i64 = 1_649_367_553;
    const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
    const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

    fn verify(
        id: &str,
        seconds: i64,
        signature: &str,
        body: &[u8],
        skew: i64,
    ) -> Option<GateError> {
        let timestamp = seconds.to_string();
        let headers =
            Headers { id: Some(id), timestamp: Some(&timestamp), signature: Some(signature) };
        let now = Timestamp::from_micros((SECONDS + skew) * 1_000_000);
        Secret::parse(SECRET).unwrap().verify(headers, body, now).err()
    }

    #[test]
    fn the_standard_s_own_vector() {
        let secret = Secret::parse(SECRET).unwrap();
        assert_eq!(secret.sign(ID, SECONDS, BODY), SIGNATURE);
        assert_eq!(verify(ID, SECONDS, SIGNATURE, BODY, 0), None);
        assert_eq!(secret.reveal(), SECRET);
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let rotated = format!("v1,AAAA v1a,zzzz {SIGNATURE}");
        assert_eq!(verify(ID, SECONDS, &rotated, BODY, 0), None);
    }

    #[test]
    fn every_signed_part_counts() {
        let forged = Some(GateError::Forged);
        assert_eq!(verify("msg_other", SECONDS, SIGNATURE, BODY, 0), forged);
        assert_eq!(verify(ID, SECONDS + 1, SIGNATURE, BODY, 0), forged);
        assert_eq!(verify(ID, SECONDS, SIGNATURE, b"{}", 0), forged);
        assert_eq!(verify(ID, SECONDS, "v1,", BODY, 0), forged);
        assert_eq!(
            verify(ID, SECONDS, SIGNATURE.trim_end_matches("PenDe+bTa3Kkw="), BODY, 0),
            forged
        );
        assert_eq!(verify(ID, SECONDS, &SIGNATURE.replace("v1", "v2"), BODY, 0), forged);
    }

    #[test]
    fn the_window_is_five_minutes_both_ways() {
        assert_eq!(verify(ID, SECONDS, SIGNATURE, BODY, 300), None);
        assert_eq!(verify(ID, SECONDS, SIGNATURE, BODY, -300), None);
        assert_eq!(verify(ID, SECONDS, SIGNATURE, BODY, 301), Some(GateError::Stale));
        assert_eq!(verify(ID, SECONDS, SIGNATURE, BODY, -301), Some(GateError::Stale));
    }

    #[test]
    fn headers_are_needed() {
        let secret = Secret::random();
        let now = Timestamp::from_micros(0);
        let none = Headers { id: None, timestamp: None, signature: None };
        assert_eq!(secret.verify(none, b"", now), Err(GateError::Header("webhook-id")));
        let long = "x".repeat(ID_BYTES_MAX + 1);
        let headers = Headers { id: Some(&long), ..none };
        assert_eq!(secret.verify(headers, b"", now), Err(GateError::Header("webhook-id")));
        let headers = Headers { id: Some("a"), timestamp: Some("soon"), ..none };
        assert!(matches!(secret.verify(headers, b"", now), Err(GateError::Header(_))));
    }

    #[test]
    fn secrets_are_long_enough() {
        assert_eq!(Secret::parse("whsec_AAAA").err(), Some(SecretError));
        assert_eq!(Secret::parse("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").err(), Some(SecretError));
        assert_eq!(format!("{:?}", Secret::random()), "Secret(..)");
    }

    #[test]
    fn the_official_library_agrees() {
        let body = br#"{"event":"payment.paid"}"#;
        let official = standardwebhooks::Webhook::new(SECRET).unwrap();
        for seconds in [0, 1, SECONDS, 4_102_444_800] {
            let ours = Secret::parse(SECRET).unwrap().sign(ID, seconds, body);
            assert_eq!(ours, official.sign(ID, seconds, body).unwrap());
        }
    }
}
