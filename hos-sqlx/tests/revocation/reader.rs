//! The process that asks, and remembers.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command as Process, Stdio};

use hos_core::prelude::*;

use crate::harbor::{job, law, lenient, reader};
use crate::house::House;
use crate::stale::stale;

pub(crate) const CHILD: &str = "HOS_REVOCATION_CHILD";
const PLANT: &str = "HOS_REVOCATION_PLANT";
/// After so many refusals it has understood.
const REFUSED_MAX: u32 = 8;
/// However it is answered, it tries no more often; with the planted store nobody refuses it.
const TRIES_MAX: u32 = 100_000;
const TRIES_STALE_MAX: u32 = 10_000;

/// What the process that asks has between itself and its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    Nothing,
    /// What was once given is never forgotten.
    Stale,
}

/// The child: answers one line with one line, `run` with one for each try.
pub(crate) async fn serve(url: &str) {
    let house = House::open(url).await;
    let is_stale = std::env::var_os(PLANT).is_some();
    let tries_max = if is_stale { TRIES_STALE_MAX } else { TRIES_MAX };
    let hos = match &house {
        House::Sqlite(store) if is_stale => Hos::open([law()], stale(store.clone())).await.unwrap(),
        House::Postgres(store) if is_stale => {
            Hos::open([law()], stale(store.clone())).await.unwrap()
        }
        House::MariaDb(store) if is_stale => {
            Hos::open([law()], stale(store.clone())).await.unwrap()
        }
        _ => house.hos(law(), HosOptions::default()).await,
    };
    hos.prepare(lenient()).unwrap();
    let mut moves = (0_u64..).map(|number| {
        Command::new(&reader(), &job(), "touch").key(format!("{}-{number}", std::process::id()))
    });
    say("ready");
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "can" => say(&answer(hos.can(&query()).await)),
            "can_all" => say(&answer(hos.can_all(&[query()]).await.remove(0))),
            "move" => say(&outcome(hos.transition(&moves.next().unwrap()).await)),
            _ => {
                let mut refused = 0;
                for command in moves.by_ref().take(usize::try_from(tries_max).unwrap()) {
                    let outcome = outcome(hos.transition(&command).await);
                    refused += u32::from(outcome == "refused");
                    say(&outcome);
                    if refused == REFUSED_MAX {
                        break;
                    }
                }
                say("end");
            }
        }
    }
    house.close().await;
}

fn query() -> Query {
    Query::new(&reader(), "job.touch", &job())
}

fn answer(decision: Result<hos_core::laws::Decision, Error>) -> String {
    match decision {
        Ok(decision) if decision.permits() => "allow".to_owned(),
        Ok(_) => "deny".to_owned(),
        Err(Error::Fault(_)) => "fault".to_owned(),
        Err(Error::Refused(refusal)) => refusal.code().to_owned(),
    }
}

fn outcome(receipt: Result<Receipt, Error>) -> String {
    let refused = |refusal: &Refusal| {
        use Refusal::{Banned, Denied, NotFound, WorldClosed};
        matches!(refusal, Denied | Banned | NotFound | WorldClosed)
    };
    match receipt {
        Ok(_) => "moved".to_owned(),
        Err(Error::Fault(_)) => "fault".to_owned(),
        Err(Error::Refused(refusal)) if refused(&refusal) => "refused".to_owned(),
        Err(Error::Refused(refusal)) => refusal.code().to_owned(),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// The child as its parent sees it.
pub(crate) struct Reader {
    child: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Reader {
    /// Starts one and waits until it has opened its store.
    pub(crate) fn start(url: &str, plant: Plant) -> Self {
        let planted = (plant == Plant::Stale).then_some((PLANT, "stale"));
        let mut child = Process::new(std::env::current_exe().unwrap())
            .env(CHILD, url)
            .envs(planted)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut reader = Self { child, questions, answers };
        assert_eq!(reader.hear(), "ready");
        reader
    }

    pub(crate) fn ask(&mut self, question: &str) -> String {
        self.tell(question);
        self.hear()
    }

    pub(crate) fn tell(&mut self, question: &str) {
        self.questions.write_all(format!("{question}\n").as_bytes()).unwrap();
        self.questions.flush().unwrap();
    }

    pub(crate) fn hear(&mut self) -> String {
        self.answers.next().expect("it answers").unwrap()
    }

    pub(crate) fn end(self) {
        let Self { mut child, questions, .. } = self;
        drop(questions);
        assert!(child.wait().unwrap().success(), "the reader ended well");
    }
}
