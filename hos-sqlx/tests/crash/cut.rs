//! Connections that are cut at the moment of the commit.

use std::collections::BTreeSet;

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_core::error::FaultKind;
use hos_core::prelude::*;
use tokio::task::JoinSet;

use crate::answer::Patient;
use crate::audit::audit;
use crate::backend::Server;
use crate::job::{prepare, tenant};
use crate::load::Load;
use crate::proxy::{Cut, Proxy};
use crate::script::{JOBS, command};
use crate::store::Store;

/// How many commands of the lane are under way at once.
const TOGETHER: u64 = 4;

pub(crate) async fn rounds(server: &Server, campaign: Campaign) {
    let mut random = Random::new(campaign.seed);
    let proxy = Proxy::start(server).await;
    let firm = tenant("firm");
    let store = Store::open(&proxy.url(server.url())).await.unwrap();
    let patient = Patient::new(Load::new(store).await);
    prepare(patient.load.hos(), &firm, JOBS).await;
    let mut cutting = Cutting { proxy, patient, firm, keys: BTreeSet::new(), replayed: 0, anew: 0 };
    let count = campaign.size * 2;
    for number in 0..count {
        let cut = if random.below(4) == 0 { Cut::Commit } else { Cut::Answer };
        cutting.cut_one(number, cut).await;
    }
    let Cutting { proxy, patient, firm, keys, replayed, anew } = cutting;
    assert_eq!(proxy.cuts(), count);
    audit(server, patient.load.hos(), &firm, &keys).await;
    println!("{count} cuts: sent again, {replayed} commands had been done and {anew} had not");
    patient.load.store.close().await;
}

struct Cutting {
    proxy: Proxy,
    patient: Patient,
    firm: Tenant,
    keys: BTreeSet<String>,
    replayed: u64,
    anew: u64,
}

impl Cutting {
    /// Sends a command or several, loses one of the commits, and sends again what was not answered.
    async fn cut_one(&mut self, number: u64, cut: Cut) {
        self.proxy.cut_next(cut);
        let mut sent = JoinSet::new();
        let tasks = if number % 4 == 2 { TOGETHER } else { 1 };
        for task in 0..tasks {
            let load = self.patient.load.clone();
            let (key, command) = command(&self.firm, task, number);
            sent.spawn(async move {
                let answer = load.send(&key, &command).await;
                (key, command, answer)
            });
        }
        let mut ambiguous = 0;
        for (key, command, answer) in sent.join_all().await {
            if let Err(error) = answer {
                ambiguous += 1;
                self.again(&key, &command, &error, cut).await;
            }
            self.keys.insert(key);
        }
        assert!(ambiguous > 0, "nothing was lost in number {number}");
    }

    async fn again(&mut self, key: &str, command: &Command, error: &Error, cut: Cut) {
        let kind = error.fault().map(Fault::kind);
        assert_eq!(kind, Some(FaultKind::Ambiguous), "`{key}` {cut:?}: {error:?}");
        let receipt = self.patient.answer(key, command).await.unwrap();
        if cut == Cut::Commit {
            assert!(!receipt.replayed, "`{key}` was never committed");
        }
        *(if receipt.replayed { &mut self.replayed } else { &mut self.anew }) += 1;
        let once_more = self.patient.answer(key, command).await.unwrap();
        assert_eq!(once_more, Receipt { replayed: true, ..receipt }, "`{key}`: one true receipt");
    }
}
