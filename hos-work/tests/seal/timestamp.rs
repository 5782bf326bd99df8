//! Time-stamps by an authority of the test's own.

use hos_core::error::FaultKind;
use hos_services::{Authority, skip_or_fail};
use hos_work::verify_timestamp;

#[test]
fn a_stamp_over_this_note_by_a_known_authority_is_believed() {
    let authority = match Authority::new() {
        Ok(authority) => authority,
        Err(error) => return skip_or_fail(&error),
    };
    let response = authority.stamp(b"a note\n").unwrap();
    let (roots, other_roots) = (authority.roots(), authority.certificate());
    verify_timestamp("a note\n", &response, &roots).unwrap();
    let mut changed = response.clone();
    if let Some(byte) = changed.last_mut() {
        *byte ^= 1;
    }
    for (note, response, roots) in [
        ("another note\n", &response, &roots),
        ("a note\n", &changed, &roots),
        ("a note\n", &b"no response".to_vec(), &roots),
        ("a note\n", &response, &other_roots),
    ] {
        let fault = verify_timestamp(note, response, roots).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Key);
    }
}
