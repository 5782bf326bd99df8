//! A server that says an error and is gone: whether it had committed, nobody knows.

use std::collections::BTreeSet;

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::PostgresStore;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::job::law;
use crate::pressure::{Place, UPROOT, plant};

const ERROR: &[u8] = b"SERROR\0VERROR\0";
const PANIC: &[u8] = b"SPANIC\0VPANIC\0";
const FATAL: &[u8] = b"SFATAL\0VFATAL\0";

/// Forwards to a database on this machine, and makes its errors graver.
async fn forward(url: &str, severity: &'static [u8]) -> String {
    let (before, database) = url.rsplit_once('/').unwrap();
    let (before, port) = before.rsplit_once(':').unwrap();
    let port: u16 = port.parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("{before}:{}/{database}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut from_client, mut to_client) = client.into_split();
            let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 1 << 14];
                while let Ok(count @ 1..) = from_server.read(&mut bytes).await {
                    let told = &mut bytes[..count];
                    let error = told.windows(ERROR.len()).position(|part| part == ERROR);
                    if let Some(at) = error {
                        told[at..at + severity.len()].copy_from_slice(severity);
                    }
                    to_client.write_all(told).await?;
                }
                to_client.shutdown().await
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_ends_the_session_leaves_the_commit_unknown() {
    let Some(place) = Place::start(|options| options).await else { return };
    let mut keys = BTreeSet::new();
    for (key, severity) in [("panic", PANIC), ("fatal", FATAL)] {
        let store = PostgresStore::open(&forward(&place.url, severity).await).await.unwrap();
        let hos = Hos::open([law()], store.clone()).await.unwrap();
        // What PostgreSQL panics with when the log of a commit finds no room.
        place.superuser(&plant("RAISE EXCEPTION 'no space left' USING ERRCODE = '53100';"));
        let error = hos.transition(&place.touch(0, key)).await.unwrap_err();
        assert_eq!(error.fault().map(Fault::kind), Some(FaultKind::Ambiguous), "{key}: {error:?}");
        place.superuser(&format!("{UPROOT} DROP FUNCTION planted(); DROP SEQUENCE planted;"));
        hos.transition(&place.touch(0, key)).await.unwrap();
        keys.insert(key.to_owned());
        store.close().await;
    }
    place.end(&keys).await;
}
