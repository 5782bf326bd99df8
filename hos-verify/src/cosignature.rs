//! Cosignatures (C2SP `tlog-cosignature`, version 1): what a witness signs, and how it is laid out.
//!
//! Made by [`SigningKey::cosign`](crate::note::SigningKey::cosign) and checked, like every other
//! signature line, by [`SignedNote::verify`](crate::note::SignedNote::verify).

/// The latest time that a cosignature may bear, in seconds since 1970.
pub const TIME_MAX: u64 = 9_223_372_036_854_775_807;

/// The message that is signed: that the checkpoint of this text was seen consistent at this time.
///
/// ```
/// let text = "example.com/log\n1\nqqqq\n";
/// let message = hos_verify::cosignature::message(1_679_315_147, text);
/// assert_eq!(message, "cosignature/v1\ntime 1679315147\nexample.com/log\n1\nqqqq\n");
/// ```
#[must_use]
pub fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// The time and the Ed25519 signature; none if the time is none.
pub(crate) fn split(signature: &[u8]) -> Option<(u64, &[u8])> {
    let (time, signature) = signature.split_first_chunk()?;
    let time = u64::from_be_bytes(*time);
    (time <= TIME_MAX).then_some((time, signature))
}
