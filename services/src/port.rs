//! Free ports of the loopback address.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::{Ipv4Addr, TcpListener};

use crate::ServiceError;

/// Below the ports that the system gives to connections. From those, a client that tries again
/// while its server is down may one day connect to itself and keep the port from the server.
const FIRST: u16 = 15_000;
const COUNT: u16 = 15_000;

const ATTEMPTS_MAX: usize = 1_000;

/// A port that nobody listens on at the moment.
///
/// # Errors
///
/// Every port that was tried is taken.
pub(crate) fn free() -> Result<u16, ServiceError> {
    for _ in 0..ATTEMPTS_MAX {
        let port = random();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(ServiceError::System {
        what: "no free port".to_owned(),
        complaint: format!("{ATTEMPTS_MAX} ports of 127.0.0.1 are taken"),
    })
}

fn random() -> u16 {
    let offset = RandomState::new().build_hasher().finish() % u64::from(COUNT);
    u16::try_from(offset).map_or(FIRST, |offset| FIRST + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_below_those_of_connections() {
        let port = free().unwrap();
        assert!((FIRST..FIRST + COUNT).contains(&port));
    }
}
