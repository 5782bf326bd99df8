//! Every database server that the law runs on, for as long as the person wants them.

use std::thread;
use std::time::Duration;

use hos_services::{MariaDb, PgBouncer, Postgres};

use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// How often an interrupt is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Installs what is missing, starts the servers, says their addresses and stops them on Ctrl-C.
pub(crate) fn run() -> Result<(), Failure> {
    let interrupt = Interrupt::listen()
        .map_err(|error| Failure::new(format!("Ctrl-C cannot be heard: {error}")))?;
    hos_services::install()?;
    let stopwatch = Stopwatch::start();
    let postgres = Postgres::start()?;
    let standby = postgres.standby()?;
    let pgbouncer = PgBouncer::start(&postgres)?;
    let mariadb = MariaDb::start()?;
    let url = postgres.create_database()?;
    let database = url.rsplit('/').next().unwrap_or_default();
    print_line("PostgreSQL", &url);
    print_line("its standby", &standby.url(database));
    print_line("PgBouncer", &format!("{}?pooler=transaction", pgbouncer.url(database)));
    print_line("MariaDB", &mariadb.create_database()?);
    println!("started in {:.1} s; Ctrl-C stops them", stopwatch.elapsed().as_secs_f64());
    while !interrupt.came() {
        thread::sleep(LOOK_EVERY);
    }
    println!("stopping");
    standby.stop()?;
    pgbouncer.stop()?;
    postgres.stop()?;
    mariadb.stop()?;
    Ok(())
}

fn print_line(server: &str, url: &str) {
    println!("{server:<12} DATABASE_URL={url}");
}
