//! The only way from the reader to its database, which can be cut, or hold up what is said.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

const BUFFER_BYTES: usize = 1 << 14;
/// Longer than any question waits for a connection.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// What becomes of what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Connections end, and new ones are not taken further.
    Cut,
    /// What the reader says waits.
    Holding,
}

/// Forwards to a server on this machine until it is dropped.
pub(crate) struct Wire {
    port: u16,
    state: watch::Sender<State>,
    held: Arc<watch::Sender<bool>>,
    task: tokio::task::JoinHandle<()>,
}

impl Wire {
    pub(crate) async fn before(url: &str) -> Self {
        let (before, _) = url.rsplit_once('/').unwrap();
        let server: u16 = before.rsplit_once(':').unwrap().1.parse().unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (state, told) = watch::channel(State::Whole);
        let held = Arc::new(watch::channel(false).0);
        let holds = Arc::clone(&held);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (told, holds) = (told.clone(), Arc::clone(&holds));
                // However a connection ends, both its sides see it.
                tokio::spawn(async move { drop(carry(client, server, told, &holds).await) });
            }
        });
        Self { port, state, held, task }
    }

    /// A server's address, by this wire.
    pub(crate) fn url(&self, url: &str) -> String {
        let (before, database) = url.rsplit_once('/').unwrap();
        let (before, _) = before.rsplit_once(':').unwrap();
        format!("{before}:{}/{database}", self.port)
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn hold(&self) {
        self.held.send_replace(false);
        self.state.send_replace(State::Holding);
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Whole);
    }

    /// Waits until something is held up; whoever says nothing is waited for no longer.
    pub(crate) async fn until_held(&self) {
        let mut held = self.held.subscribe();
        let waited = timeout(SILENCE_MAX, held.wait_for(|held| *held)).await;
        assert!(waited.is_ok_and(|held| held.is_ok()), "nobody asked the database");
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    server: u16,
    mut told: watch::Receiver<State>,
    held: &watch::Sender<bool>,
) -> std::io::Result<()> {
    if *told.borrow() == State::Cut {
        return Ok(());
    }
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    let (mut up, mut down) = (vec![0; BUFFER_BYTES], vec![0; BUFFER_BYTES]);
    loop {
        tokio::select! {
            changed = told.changed() => {
                if changed.is_err() || *told.borrow() == State::Cut {
                    return Ok(());
                }
            }
            read = client.read(&mut up) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                if *told.borrow() == State::Holding {
                    held.send_replace(true);
                    // While it waits, so does the answer to what was said before: there is none.
                    let went_on = told.wait_for(|state| *state != State::Holding).await;
                    if went_on.map_or(true, |state| *state == State::Cut) {
                        return Ok(());
                    }
                }
                server.write_all(up.get(..count).unwrap_or_default()).await?;
            }
            read = server.read(&mut down) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                client.write_all(down.get(..count).unwrap_or_default()).await?;
            }
        }
    }
}
