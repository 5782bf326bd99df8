//! How logs are called.

use std::fmt::Write as _;

use crate::id::{Tenant, World};

/// The origin of a tenant's log: `<deployment>/w/<world>/t/<tenant>/main`.
///
/// Bytes of the tenant outside `[A-Za-z0-9._~@-]` are percent-encoded (RFC 3986, section 2.1).
#[must_use]
pub fn origin(deployment: &str, world: &World, tenant: &Tenant) -> String {
    let mut origin = format!("{deployment}/w/{world}/t/");
    for byte in tenant.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"._~@-".contains(&byte) {
            origin.push(char::from(byte));
        } else {
            // OK because writing to a string cannot fail.
            let _infallible = write!(origin, "%{byte:02X}");
        }
    }
    origin.push_str("/main");
    origin
}
