//! What a client says to MariaDB.

use std::collections::HashSet;

const HEADER_BYTES: usize = 4;
const QUERY: u8 = 0x03;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;

/// Takes a client's bytes apart (MariaDB's documentation, "Client/Server Protocol").
#[derive(Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    /// The answer to a prepared statement that commits what it does, as far as it has come.
    preparing: Option<Vec<u8>>,
    /// The numbers of such statements.
    committing: HashSet<[u8; 4]>,
}

impl super::Messages for Messages {
    fn said(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A client waits for its answer before it says more.
    fn answered(&mut self, bytes: &[u8]) {
        let Some(answer) = &mut self.preparing else { return };
        answer.extend_from_slice(bytes);
        let Some((_, [status, id @ ..])) = answer.split_first_chunk::<HEADER_BYTES>() else {
            return;
        };
        let Some(id) = id.first_chunk() else { return };
        if *status == 0 {
            self.committing.insert(*id);
        }
        self.preparing = None;
    }

    fn next(&mut self) -> Option<(Vec<u8>, bool)> {
        let [a, b, c, sequence] = *self.bytes.first_chunk()?;
        let end = HEADER_BYTES + u32::from_le_bytes([a, b, c, 0]) as usize;
        if self.bytes.len() < end {
            return None;
        }
        let message: Vec<u8> = self.bytes.drain(..end).collect();
        // What answers the server's greeting is no command, and is not the first of its exchange.
        let commits = sequence == 0 && self.commits(&message[HEADER_BYTES..]);
        Some((message, commits))
    }
}

impl Messages {
    fn commits(&mut self, message: &[u8]) -> bool {
        let Some((command, body)) = message.split_first() else { return false };
        match *command {
            QUERY => return body.ends_with(b"COMMIT"),
            PREPARE => self.preparing = body.starts_with(b"CALL hos_commit(").then(Vec::new),
            EXECUTE => return body.first_chunk().is_some_and(|id| self.committing.contains(id)),
            _ => {}
        }
        false
    }
}
