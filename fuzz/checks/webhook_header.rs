//! Any headers: the gate never panics, and lets in only what was signed and is fresh.

use arbitrary::{Arbitrary as _, Result, Unstructured};
use hos_core::time::Timestamp;

use crate::webhook::{GateError, Headers, Secret, TOLERANCE};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW: i64 = 1_649_367_553;

pub(crate) fn check(data: &[u8]) {
    // OK because bytes that run out end the case, nothing else.
    let _ran_out = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let secret = Secret::parse(SECRET).expect("a secret");
    let seconds = NOW + input.int_in_range(-400..=400)?;
    let (id, body) = (<&str>::arbitrary(input)?, <&[u8]>::arbitrary(input)?);
    let genuine = secret.sign(id, seconds, body);
    let timestamp = match input.int_in_range(0..=3)? {
        0 => <&str>::arbitrary(input)?.to_owned(),
        1 => format!("+{seconds}"),
        _ => seconds.to_string(),
    };
    let signature = match input.int_in_range(0..=4)? {
        0 => <&str>::arbitrary(input)?.to_owned(),
        1 => genuine.chars().take(input.int_in_range(0..=genuine.len())?).collect(),
        2 => format!("{} {genuine}", <&str>::arbitrary(input)?),
        _ => genuine.clone(),
    };
    let headers = Headers {
        id: Some(id),
        timestamp: bool::arbitrary(input)?.then_some(&timestamp),
        signature: bool::arbitrary(input)?.then_some(&signature),
    };
    let now = Timestamp::from_micros(NOW * 1_000_000);
    let signed = signature.split(' ').any(|given| given == genuine);
    match secret.verify(headers, body, now) {
        Ok(known) => {
            assert_eq!((known, &timestamp), (id, &seconds.to_string()));
            assert!(signed && (NOW - seconds).unsigned_abs() <= TOLERANCE.as_secs());
        }
        Err(GateError::Stale) => {
            assert!(signed && (NOW - seconds).unsigned_abs() > TOLERANCE.as_secs());
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    drop(Secret::parse(&signature));
    Ok(())
}
