//! Who is above row-level security is told so.

use std::sync::{Arc, Mutex};

use hos_sqlx::{PostgresOptions, PostgresStore};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::{name, server};

/// What was told at `hos::store`.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Subscriber for Told {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "hos::store"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Told {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{value:?}"));
    }
}

async fn told(options: PostgresOptions) -> Vec<String> {
    let told = Told::default();
    let _listening = tracing::subscriber::set_default(told.clone());
    PostgresStore::open_with(options).await.unwrap().close().await;
    let told = told.0.lock().unwrap();
    told.clone()
}

#[tokio::test]
async fn whoever_is_above_the_wall_is_told_so() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let superuser = server.superuser_url(name(&url));
    assert_eq!(told(PostgresOptions::new(&url)).await, [] as [String; 0]);
    // The direct URL is for the schema alone.
    let direct = PostgresOptions::new(&url).direct_url(&superuser);
    assert_eq!(told(direct.clone()).await, [] as [String; 0]);
    let role = "CREATE ROLE climber LOGIN BYPASSRLS;";
    server.query("postgres", role, &[]).unwrap();
    server.query(name(&url), "GRANT ALL ON ALL TABLES IN SCHEMA public TO climber;", &[]).unwrap();
    let climber = url.replace("//law@", "//climber@");
    for above in [
        PostgresOptions::new(&superuser),
        PostgresOptions::new(&superuser).direct_url(&url),
        PostgresOptions::new(&climber).direct_url(&url),
    ] {
        let told = told(above).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("row-level security"), "{told:?}");
    }
}
