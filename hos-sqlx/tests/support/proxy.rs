//! A proxy before PostgreSQL that loses the answer to a commit, or the commit, when it is told to.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::Server;

const BUFFER_BYTES: usize = 1 << 14;
/// The version in the message that begins a session; others come before it.
const START_UP: [u8; 4] = 196_608_u32.to_be_bytes();

/// Which side of a commit is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server gets the message that commits; its answer goes nowhere.
    Answer,
    /// The server does not get it.
    Commit,
}

/// Forwards to a server on this machine, on a port of its own, until it is dropped.
pub(crate) struct Proxy {
    port: u16,
    orders: Arc<Orders>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Default)]
struct Orders {
    next: Mutex<Option<Cut>>,
    cuts: AtomicU64,
}

impl Proxy {
    /// None before a server whose messages it does not understand.
    pub(crate) async fn start(server: &Server) -> Option<Self> {
        let server = match server {
            Server::Postgres(server, _) => server.port(),
            #[cfg(feature = "mysql")]
            Server::MariaDb(..) => return None,
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let orders = Arc::<Orders>::default();
        let told = Arc::clone(&orders);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let told = Arc::clone(&told);
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
                        return;
                    };
                    // However a connection ends, both its sides see it.
                    let _ended = carry(client, server, &told).await;
                });
            }
        });
        Some(Self { port, orders, task })
    }

    /// A server's address, by way of this proxy.
    pub(crate) fn url(&self, url: &str) -> String {
        let (before, database) = url.rsplit_once('/').unwrap();
        let (before, _) = before.rsplit_once(':').unwrap();
        format!("{before}:{}/{database}", self.port)
    }

    /// Cuts the next commit of whatever connection.
    pub(crate) fn cut_next(&self, cut: Cut) {
        *self.orders.next.lock().unwrap() = Some(cut);
    }

    /// How often it cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.orders.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries one connection's bytes to and fro, until one side ends or it is cut.
async fn carry(client: TcpStream, server: TcpStream, orders: &Orders) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut up, mut down) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    let mut messages = Messages::default();
    'carrying: loop {
        tokio::select! {
            read = from_client.read(&mut up) => {
                let count = read?;
                if count == 0 {
                    break;
                }
                messages.bytes.extend_from_slice(&up[..count]);
                while let Some((message, commits)) = messages.next() {
                    let cut = if commits { orders.next.lock().unwrap().take() } else { None };
                    if cut != Some(Cut::Commit) {
                        to_server.write_all(&message).await?;
                    }
                    if cut.is_some() {
                        orders.cuts.fetch_add(1, Ordering::SeqCst);
                        break 'carrying;
                    }
                }
            }
            read = from_server.read(&mut down) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                to_client.write_all(&down[..count]).await?;
            }
        }
    }
    drop((from_client, to_client));
    // In order, so that the system does not take back what the server has not read yet.
    to_server.shutdown().await?;
    while from_server.read(&mut down).await? > 0 {}
    Ok(())
}

/// Takes a client's bytes apart (PostgreSQL's documentation, section 55.7).
#[derive(Default)]
struct Messages {
    bytes: Vec<u8>,
    started: bool,
    /// Names of prepared statements that commit what they do.
    committing: HashSet<Vec<u8>>,
    /// Whether the next Sync ends a transaction of such a statement.
    bound: bool,
    in_transaction: bool,
}

impl Messages {
    /// The next whole message, and whether it commits.
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
