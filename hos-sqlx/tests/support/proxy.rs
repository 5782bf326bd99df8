//! A proxy before a server that loses the answer to a commit, or the commit, when it is told to.

#[cfg(feature = "mysql")]
#[path = "proxy/mariadb.rs"]
mod mariadb;
#[path = "proxy/postgres.rs"]
mod postgres;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::backend::Server;

const BUFFER_BYTES: usize = 1 << 14;

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

/// Takes what is said on one connection apart.
trait Messages: Send {
    /// The client said more.
    fn said(&mut self, bytes: &[u8]);

    /// The server answered.
    fn answered(&mut self, _bytes: &[u8]) {}

    /// The client's next whole message, and whether it commits.
    fn next(&mut self) -> Option<(Vec<u8>, bool)>;
}

impl Proxy {
    pub(crate) async fn start(server: &Server) -> Self {
        let (server, messages): (u16, fn() -> Box<dyn Messages>) = match server {
            Server::Postgres(server, _) => (server.port(), || Box::<postgres::Messages>::default()),
            #[cfg(feature = "mysql")]
            Server::MariaDb(server, _) => (server.port(), || Box::<mariadb::Messages>::default()),
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
                    let _ended = carry(client, server, messages(), &told).await;
                });
            }
        });
        Self { port, orders, task }
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
async fn carry(
    client: TcpStream,
    server: TcpStream,
    mut messages: Box<dyn Messages>,
    orders: &Orders,
) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let (mut up, mut down) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    'carrying: loop {
        tokio::select! {
            read = from_client.read(&mut up) => {
                let count = read?;
                if count == 0 {
                    break;
                }
                messages.said(&up[..count]);
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
                messages.answered(&down[..count]);
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
