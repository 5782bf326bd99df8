//! How often a caller waits for the server: proof costs no round trip of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hos_core::prelude::*;
use hos_sqlx::{PostgresOptions, PostgresStore, WithinExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::shop::{FIRMS, Shop, law, server};

/// Of one statement: a transaction of the caller's may be behind a pooler, so that none is named,
/// and each is described before it is executed.
const TRIPS: u64 = 2;

/// Forwards to a server, and counts how often a client asks after it was answered.
struct Relay {
    port: u16,
    trips: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Relay {
    async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let trips = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&trips);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                let counted = Arc::clone(&counted);
                tokio::spawn(async move {
                    // However a connection ends, both its sides see it.
                    let _ended = carry(client, server, &counted).await;
                });
            }
        });
        Self { port, trips, task }
    }

    fn url(&self, url: &str) -> String {
        let (before, database) = url.rsplit_once('/').unwrap();
        let (before, _) = before.rsplit_once(':').unwrap();
        format!("{before}:{}/{database}", self.port)
    }

    fn trips(&self) -> u64 {
        self.trips.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    trips: &AtomicU64,
) -> std::io::Result<()> {
    let (mut up, mut down) = (vec![0; 1 << 14], vec![0; 1 << 14]);
    let mut was_answered = true;
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                if std::mem::take(&mut was_answered) {
                    trips.fetch_add(1, Ordering::SeqCst);
                }
                server.write_all(&up[..count]).await?;
            }
            read = server.read(&mut down) => {
                let count = read?;
                if count == 0 {
                    return Ok(());
                }
                was_answered = true;
                client.write_all(&down[..count]).await?;
            }
        }
    }
}

#[tokio::test]
async fn state_and_proof_are_written_by_one_call() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    let relay = Relay::start(server.port()).await;
    let options = PostgresOptions::new(relay.url(shop.url())).connections(1);
    let store = PostgresStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let rows = "SELECT concat_ws(' ', (SELECT count(*) FROM hos_entry), (SELECT count(*) FROM \
                hos_pending) + (SELECT count(*) FROM hos_leaf), (SELECT count(*) FROM hos_part), \
                (SELECT count(*) FROM hos_receipt), (SELECT sum(revision) FROM hos_subject))";
    let counts = async || -> Vec<u64> {
        let read = shop.read(rows).await.unwrap();
        read.split(' ').map(|count| count.parse().unwrap()).collect()
    };
    for id in ["o-1", "o-2"] {
        shop.open_order(FIRMS[0], id, "mine").await;
        let before = counts().await;
        let pay = shop.command(FIRMS[0], id, "pay").input("note", "yours");
        let mut transaction = store.begin().await.unwrap();
        let trips = relay.trips();
        hos.within(&mut transaction).transition(&pay).await.unwrap();
        let trips = relay.trips() - trips;
        transaction.commit().await.unwrap();
        let added: Vec<u64> =
            counts().await.iter().zip(&before).map(|(after, before)| after - before).collect();
        // The entry, its turn to be numbered, its part, the receipt, and the subject's revision.
        assert_eq!(added, [1, 1, 1, 1, 1]);
        assert_eq!(trips, 2 * TRIPS, "one statement that loads, and one that writes all");
    }
    store.close().await;
}
