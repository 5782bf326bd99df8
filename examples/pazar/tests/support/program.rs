//! The built program as a process, and what it wrote.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Response};

/// A running program; it ends with this.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) client: Client,
    log: PathBuf,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Starts it on a free port, with these settings, and waits until it is ready.
    pub(crate) async fn start(directory: &Path, settings: &[(&str, &str)]) -> Self {
        let log = directory.join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_pazar"))
            .env("PAZAR_ADDRESS", "127.0.0.1:0")
            .env("PAZAR_DATA", directory.join("data/pazar.db"))
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        std::thread::spawn(move || lines.count());
        let url = first.rsplit(' ').next().unwrap().to_owned();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none());
        let program = Self { child, url, client: client.build().unwrap(), log };
        for _ in 0..1_000 {
            let answer = program.client.get(format!("{}/ready", program.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return program;
            }
            tokio::task::yield_now().await;
        }
        panic!("the program did not become ready");
    }

    /// Everything that it logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Response {
        let mut request = self.client.post(format!("{}{path}", self.url)).body(body);
        request = request.header("origin", &self.url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Signs a demo account in; answers its cookie.
    pub(crate) async fn sign_in(&self, email: &str) -> String {
        let body = serde_json::json!({ "email": email, "password": "pazar-demo" }).to_string();
        let answer = self.post("/api/v1/session", &[], body).await;
        assert_eq!(answer.status(), 201);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}
