//! What a client says to PostgreSQL.

use std::collections::HashSet;

/// The version in the message that begins a session; others come before it.
const START_UP: [u8; 4] = 196_608_u32.to_be_bytes();

/// Takes a client's bytes apart (PostgreSQL's documentation, section 55.7).
#[derive(Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    started: bool,
    /// Names of prepared statements that commit what they do.
    committing: HashSet<Vec<u8>>,
    /// Whether the next Sync ends a transaction of such a statement.
    bound: bool,
    in_transaction: bool,
}

impl super::Messages for Messages {
    fn said(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn next(&mut self) -> Option<(Vec<u8>, bool)> {
        let header = usize::from(self.started);
        let length = self.bytes.get(header..header + 4)?;
        let end = header + u32::from_be_bytes(length.try_into().unwrap()) as usize;
        if self.bytes.len() < end {
            return None;
        }
        let message: Vec<u8> = self.bytes.drain(..end).collect();
        if !self.started {
            self.started = message[4..8] == START_UP;
            return Some((message, false));
        }
        let commits = self.commits(message[0], &message[5..]);
        Some((message, commits))
    }
}

impl Messages {
    fn commits(&mut self, kind: u8, body: &[u8]) -> bool {
        let mut texts = body.split(|byte| *byte == 0);
        let (first, second) = (texts.next().unwrap_or(&[]), texts.next().unwrap_or(&[]));
        match kind {
            b'Q' if first.starts_with(b"BEGIN") => self.in_transaction = true,
            b'Q' if first.starts_with(b"ROLLBACK") => self.in_transaction = false,
            b'Q' if first.starts_with(b"COMMIT") => {
                self.in_transaction = false;
                return true;
            }
            b'P' if second.starts_with(b"SELECT hos_commit_") => {
                self.committing.insert(first.to_vec());
            }
            b'P' => {
                self.committing.remove(first);
            }
            b'B' => self.bound |= !self.in_transaction && self.committing.contains(second),
            b'S' => return std::mem::take(&mut self.bound),
            _ => {}
        }
        false
    }
}
