//! Serves Pazar.

use std::future::IntoFuture as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;

use pazar::app::App;
use pazar::config::{Config, usage};
use tokio::net::TcpListener;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        say(&usage());
        return ExitCode::SUCCESS;
    }
    let makes_keys = arguments.first().is_some_and(|argument| argument == "make-keys");
    if makes_keys {
        arguments.remove(0);
    }
    let config = match Config::read(arguments, |name| std::env::var(name).ok()) {
        Ok(config) => config,
        Err(error) => return complain(&error.to_string()),
    };
    if makes_keys {
        return make_keys(&config);
    }
    pazar::logs::start(&config);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the runtime does not start: {error}")),
    };
    match runtime.block_on(serve(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&told(error.as_ref())),
    }
}

/// Makes the keys that are missing, and says where they are.
fn make_keys(config: &Config) -> ExitCode {
    let Some(directory) = &config.keys else {
        return complain("PAZAR_KEYS names no directory of keys");
    };
    match pazar::keys::make(directory) {
        Ok(made) => {
            let made: String = made.iter().map(|path| format!("{}\n", path.display())).collect();
            say(if made.is_empty() { "all keys are there\n" } else { &made });
            ExitCode::SUCCESS
        }
        Err(error) => complain(&format!("keys for `{}`: {error}", directory.display())),
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}\n  because {cause}"))
}

async fn serve(config: &Config) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(config.address)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.address))?;
    let app = App::open(config).await?;
    let mut address = listener.local_addr()?;
    say(&format!("pazar listens on http://{address}\n"));
    say(&format!("its data lives in {}\n", config.database));
    if let Some(why) = app.why_unsealed() {
        say(&format!("NOTHING IS SEALED: {why}; `pazar make-keys` makes keys\n"));
    }
    if config.demo {
        say(&pazar::demo_accounts());
    }
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    app.listens_at(format!("http://{address}"));
    let house = tokio::spawn(app.clone().keep_house());
    let (told, hear) = tokio::sync::oneshot::channel();
    let stopping = app.clone();
    let service = app.router().into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(async move {
        told_to_stop().await;
        stopping.stop();
        let _ = told.send(());
    });
    let deadline = async {
        let _ = hear.await;
        tokio::time::sleep(config.stop_time).await;
    };
    let served = tokio::select! {
        served = served.into_future() => served,
        () = deadline => {
            tracing::warn!("requests in flight were not waited for any longer");
            Ok(())
        }
    };
    house.abort();
    // It is gone before the connections that it uses.
    let _ = house.await;
    match tokio::time::timeout(LAST_SEAL_TIME, app.seal_now()).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) | Err(_) => tracing::warn!("what came last is sealed at the next start"),
    }
    app.close().await;
    say("pazar has stopped\n");
    Ok(served?)
}

/// How long sealing what came last may take.
const LAST_SEAL_TIME: std::time::Duration = std::time::Duration::from_secs(5);

/// Ctrl-c, or SIGTERM where there is such a thing.
async fn told_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        let kind = tokio::signal::unix::SignalKind::terminate();
        match tokio::signal::unix::signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn complain(text: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "pazar: {text}");
    ExitCode::FAILURE
}
