//! Bytes and lists as text, and counts as databases keep them.

#[cfg(any(feature = "sqlite", feature = "mysql"))]
use hos_core::command::DueTimer;

/// A count as a database keeps it.
pub(crate) fn signed(count: u64) -> i64 {
    // OK because revisions and sizes grow by one and never come near.
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Timers as a JSON array: of each its subject, its action, the revision that set it and since when
/// it is due.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(crate) fn timer_lines(timers: &[DueTimer]) -> String {
    let line = |DueTimer { subject, revision, action, due_at }: &DueTimer| {
        serde_json::json!([
            subject.world.as_str(),
            subject.tenant.as_str(),
            subject.kind.as_str(),
            subject.id.as_str(),
            action.as_str(),
            signed(*revision),
            due_at.as_micros(),
        ])
    };
    serde_json::Value::from(timers.iter().map(line).collect::<Vec<_>>()).to_string()
}

/// Parts as a JSON array: of each its entry in hexadecimal, and its name.
pub(crate) fn part_lines(parts: &[(hos_core::time::ProofId, String)]) -> serde_json::Value {
    let line = |(entry, name): &(hos_core::time::ProofId, String)| {
        serde_json::json!([hex(entry.as_bytes()), name])
    };
    parts.iter().map(line).collect()
}

/// Bytes in lower-case hexadecimal, for values inside JSON.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads what [`hex`], or a database's function of the same name, wrote.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0_u8; N];
    let mut digits = text.chars().map(|digit| digit.to_digit(16));
    for byte in &mut bytes {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

/// A part as a query gives it. A salt that is none is bound by no leaf: it reads as zeros.
pub(crate) fn part((name, salt, body): (String, String, String)) -> hos_core::proof::Part {
    hos_core::proof::Part { name, salt: unhex(&salt).unwrap_or_default(), body }
}

/// When an entry was numbered (RFC 9562, section 5.7).
pub(crate) fn made_at(id: [u8; 16]) -> hos_core::time::Timestamp {
    let millis = i64::try_from(u128::from_be_bytes(id) >> 80).unwrap_or(0);
    hos_core::time::Timestamp::from_micros(millis.saturating_mul(1_000))
}
