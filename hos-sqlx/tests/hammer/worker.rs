//! A process that commits, numbers, seals, anchors, archives and erases until it is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};

use hos_conformance::random::Random;
use hos_core::hos::Hos;
use hos_core::prelude::*;
use hos_core::time::ProofId;
use hos_sqlx::WithinExt as _;

use crate::fuse::{Fuse, Point};
use crate::house::House;
use crate::{ARCHIVE, archiving, erasing, hos, job, sealer, tenant};

pub(crate) const CHILD: &str = "HOS_HAMMER_CHILD";
const TASKS: u64 = 4;

/// What children told: entries by tenant that were committed, and those that were rolled back.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) committed: BTreeMap<u64, BTreeSet<ProofId>>,
    pub(crate) rolled_back: BTreeMap<u64, BTreeSet<ProofId>>,
    pub(crate) tenants: BTreeSet<u64>,
}

impl Told {
    /// A line that was cut short by a kill is none.
    pub(crate) fn add(&mut self, lines: Vec<String>) {
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let [what, tenant, id, "end"] = words.as_slice() else { continue };
            let (tenant, id) = (tenant.parse().unwrap(), ProofId::parse(id).unwrap());
            let side = match *what {
                "committed" => &mut self.committed,
                _ => &mut self.rolled_back,
            };
            side.entry(tenant).or_default().insert(id);
            self.tenants.insert(tenant);
        }
    }
}

/// A child as its parent sees it.
pub(crate) struct Worker(Child);

impl Worker {
    pub(crate) fn start(url: &str, keeper: &Path, numbers: &[u64]) -> Self {
        let numbers = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("#");
        let child = Process::new(std::env::current_exe().unwrap())
            .env(CHILD, format!("{url}#{}#{numbers}", keeper.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Waits until it is killed; answers what it told.
    pub(crate) fn end(mut self) -> Vec<String> {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let lines = lines.map_while(Result::ok).collect();
        let status = self.0.wait().unwrap();
        assert_eq!(status.code(), None, "a child ends by its kill alone: {status}");
        lines
    }
}

/// The child.
pub(crate) async fn work(child: &str) {
    let words: Vec<&str> = child.split('#').collect();
    let [url, keeper, tenants, seed, point, count] = words.as_slice() else { panic!("{child}") };
    let number = |text: &str| text.parse::<u64>().unwrap();
    let fuse = Fuse::new(number(point), number(count));
    let house = House::open(url).await;
    let place = Path::new(keeper).with_file_name(ARCHIVE);
    let vault = erasing::vault(url, Path::new(keeper), &fuse).await;
    let hos = hos(&house, &place, vault).await;
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let clerk = Clerk {
            house: house.clone(),
            hos: hos.clone(),
            fuse: fuse.clone(),
            random: Random::new(number(seed).wrapping_add(task)),
            tenants: number(tenants),
            name: format!("{seed}-{task}"),
        };
        tasks.push(tokio::spawn(clerk.work()));
    }
    let (own, burns) = (hos.clone(), fuse.clone());
    let (random, tenants) = (Random::new(!number(seed)), number(tenants));
    let archiving = async move { archiving::work(own, &place, burns, random, tenants).await };
    tasks.push(tokio::spawn(archiving));
    let random = Random::new(number(seed).rotate_left(7));
    let name = format!("e-{seed}");
    tasks.push(tokio::spawn(erasing::work(hos.clone(), fuse.clone(), random, tenants, name)));
    let sealer = sealer(&hos, Path::new(keeper), &fuse);
    tasks.push(tokio::spawn(async move {
        loop {
            // Whoever meets another tries again.
            let _numbered = sealer.hos().sequence_pending(1_000).await;
            if let Ok(report) = sealer.seal_pending(1_000).await {
                let refused = report.refused.iter().find(|(_, fault)| !fault.is_retryable());
                assert!(refused.is_none(), "{refused:?}");
            }
            let _anchored = sealer.anchor_round(1_000).await;
            tokio::task::yield_now().await;
        }
    }));
    for task in tasks {
        if let Err(error) = task.await {
            eprintln!("a child failed: {error}");
            std::process::exit(3);
        }
    }
}

/// One task: its own jobs, and now and then the job of a tenant that everybody touches.
struct Clerk {
    house: House,
    hos: Hos,
    fuse: Fuse,
    random: Random,
    tenants: u64,
    name: String,
}

impl Clerk {
    async fn work(mut self) {
        for number in 0_u64.. {
            let firm = self.random.below(self.tenants);
            let hot = self.random.below(4) == 0;
            let id = if hot { "j-0".to_owned() } else { format!("{}-{number}", self.name) };
            let subject = Subject::new(job::WORLD, tenant(firm).as_str(), "job", &id).unwrap();
            if !hot {
                let (worker, key) = (job::worker(), format!("open {id}"));
                let opened = self.hos.open_subject(&worker, &subject, Attributes::new(), key).await;
                let Ok(receipt) = opened else { continue };
                say(&self.fuse, "committed", firm, receipt.proof_id);
            }
            for touch in 0..3 {
                let key = format!("{} {number} {touch}", self.name);
                let command = Command::new(&job::worker(), &subject, "touch").key(key);
                self.touch(firm, &command).await;
            }
        }
    }

    async fn touch(&mut self, firm: u64, command: &Command) {
        let rolls_back = self.random.below(3) == 0;
        if self.random.below(2) == 0 {
            if let Ok(receipt) = self.hos.transition(command).await {
                say(&self.fuse, "committed", firm, receipt.proof_id);
            }
        } else if let Some(id) = self.within(command, rolls_back).await {
            let what = if rolls_back { "rolled_back" } else { "committed" };
            say(&self.fuse, what, firm, id);
        }
    }

    /// In a transaction of its own; none when it met another.
    async fn within(&self, command: &Command, rolls_back: bool) -> Option<ProofId> {
        macro_rules! within {
            ($store:expr) => {{
                let mut transaction = $store.begin().await.ok()?;
                let receipt = self.hos.within(&mut transaction).transition(command).await.ok()?;
                self.fuse.at(Point::Within);
                if rolls_back {
                    transaction.rollback().await.ok()?;
                } else {
                    transaction.commit().await.ok()?;
                }
                Some(receipt.proof_id)
            }};
        }
        match &self.house {
            House::Sqlite(store) => within!(store),
            House::Postgres(store) => within!(store),
            House::MariaDb(store) => within!(store),
        }
    }
}

/// Tells the parent what was done.
pub(crate) fn say(fuse: &Fuse, what: &str, firm: u64, id: ProofId) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{what} {firm} {id} end\n").as_bytes()).unwrap();
    out.flush().unwrap();
    drop(out);
    fuse.at(Point::Anywhere);
}
