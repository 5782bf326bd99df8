//! How sealing goes: what waits for it, what was set aside, and whether the keys are at hand.

use std::time::Duration;

use hos_core::error::Fault;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{LogName, Signer as _};
use hos_core::time::{Clock as _, SystemClock, Timestamp};
use hos_sqlx::doctor::Level;

use crate::database::{Database, Opened};
use crate::exit::Trouble;
use crate::keys::KeyArguments;
use crate::scope::{deployment, logs};

/// The most unsealed logs whose oldest entry is looked for.
const LOGS_LOOKED_MAX: u32 = 200;
/// The most tenants that are asked for entries that were set aside.
const TENANTS_ASKED_MAX: usize = 10_000;
/// The rounds of `hos seal` come each second; whoever waits for longer waits for somebody.
const UNSEALED: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3_600));
/// Those of the deployment's log come each hour.
const UNANCHORED: (Duration, Duration) = (Duration::from_hours(2), Duration::from_hours(24));

/// One look.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) name: &'static str,
    pub(super) level: Level,
    pub(super) found: String,
    pub(super) advice: &'static str,
}

/// Looks at everything; a database that cannot be asked is a look too.
pub(super) async fn look(database: Database, keys: &KeyArguments) -> Vec<Look> {
    let looks = match database.open().await {
        Ok(opened) => look_into(&opened, keys).await,
        Err(fault) => Err(fault),
    };
    looks.unwrap_or_else(|fault| {
        let (level, found) = (Level::Failure, fault.to_string());
        let advice = "how sealing goes cannot be seen: mend what is said above first";
        vec![Look { name: "seals", level, found, advice }]
    })
}

async fn look_into(opened: &Opened, keys: &KeyArguments) -> Result<Vec<Look>, Fault> {
    let now = SystemClock.now();
    let mut looks = vec![unsealed(opened, now).await?, unanchored(opened, now).await?];
    looks.push(quarantined(opened).await?);
    looks.extend(key(opened, keys).await);
    let is_good = |look: &&mut Look| look.level == Level::Good;
    looks.iter_mut().filter(is_good).for_each(|look| look.advice = "");
    Ok(looks)
}

/// The oldest entry that is recorded and numbered, and that no checkpoint is over.
async fn unsealed(opened: &Opened, now: Timestamp) -> Result<Look, Fault> {
    let seals = opened.backend.seals();
    let logs = seals.unsealed(None, LOGS_LOOKED_MAX).await?;
    let mut oldest: Option<Timestamp> = None;
    for (_, log) in &logs {
        let LogName::Tenant(world, tenant) = log else { continue };
        let sealed = seals.state(log).await?.sealed.map_or(0, |sealed| sealed.size);
        let page = opened.backend.page(world, tenant, sealed, 1).await?;
        let recorded = page.first().map(|entry| entry.recorded_at);
        oldest = [oldest, recorded].into_iter().flatten().min();
    }
    let is_anchored = seals.state(&LogName::Deployment).await?.size > 0;
    let is_sealed_at_all = is_anchored || !seals.unanchored(1).await?.is_empty();
    let level = match level(oldest, now, UNSEALED) {
        // A world that nobody seals yet lacks something, but nothing has stopped.
        Level::Failure if !is_sealed_at_all => Level::Warning,
        level => level,
    };
    let advice = if is_sealed_at_all {
        "see that `hos seal` or `seal_forever` runs: an entry is proof from its seal on"
    } else {
        "nothing was ever sealed: make a key with `hos seal new-key`, then run `hos seal`"
    };
    Ok(Look { name: "unsealed_entries", level, found: tell(logs.len(), oldest, now), advice })
}

/// The oldest checkpoint that the deployment's log has not.
async fn unanchored(opened: &Opened, now: Timestamp) -> Result<Look, Fault> {
    let logs = opened.backend.seals().unanchored(PAGE_MAX).await?;
    let oldest = logs.iter().map(|(_, checkpoint)| checkpoint.sealed_at).min();
    Ok(Look {
        name: "unanchored_logs",
        level: level(oldest, now, UNANCHORED),
        found: tell(logs.len(), oldest, now),
        advice: "a round of anchoring is overdue: run `hos seal --once`, see `--anchor-every`",
    })
}

async fn quarantined(opened: &Opened) -> Result<Look, Fault> {
    let seals = opened.backend.seals();
    let (mut asked, mut first, mut tenants) = (0, None, 0_u64);
    let mut after = None;
    while asked < TENANTS_ASKED_MAX {
        let page = logs(opened, after.as_ref()).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        asked += page.len();
        for row in page {
            let aside = seals.quarantined(&row.world, &row.tenant, None, 1).await?;
            if let Some(id) = aside.first() {
                tenants += 1;
                first.get_or_insert(format!(
                    "{id} of {}/{}",
                    row.world,
                    row.tenant.as_str().escape_debug()
                ));
            }
        }
    }
    let (level, found) = match first {
        None => (Level::Good, "none".to_owned()),
        Some(first) => (Level::Failure, format!("in {tenants} logs, the first is {first}")),
    };
    let advice = "their leaves are not what was recorded: keep what is there, run `hos fsck`";
    Ok(Look { name: "quarantined_entries", level, found, advice })
}

/// Whether the keys that are named are at hand and this deployment's.
async fn key(opened: &Opened, keys: &KeyArguments) -> Option<Look> {
    const NAME: &str = "sealing_key";
    let wrong = |found: String| {
        let advice = "sealing has stopped or will: give the key that sealed before; none is made";
        Look { name: NAME, level: Level::Failure, found, advice }
    };
    let told = |trouble: Trouble| wrong(trouble.message);
    let keys = match keys.read() {
        Ok(keys) => keys?,
        Err(trouble) => return Some(told(trouble)),
    };
    let deployment = match deployment(opened).await {
        Ok(deployment) => deployment,
        Err(fault) => return Some(told(fault.into())),
    };
    let names: Vec<String> = keys.keys().iter().map(ToString::to_string).collect();
    Some(match keys.keys().iter().find(|key| key.name() != deployment) {
        Some(key) => wrong(format!("it is of `{}`, the logs are of `{deployment}`", key.name())),
        None => Look { name: NAME, level: Level::Good, found: names.join(" and "), advice: "" },
    })
}

fn level(oldest: Option<Timestamp>, now: Timestamp, (some, much): (Duration, Duration)) -> Level {
    match oldest.map_or(Duration::ZERO, |oldest| age(oldest, now)) {
        age if age > much => Level::Failure,
        age if age > some => Level::Warning,
        _ => Level::Good,
    }
}

fn tell(logs: usize, oldest: Option<Timestamp>, now: Timestamp) -> String {
    match oldest {
        None => "none".to_owned(),
        Some(oldest) => {
            format!("{logs} logs, the oldest waits for {} s", age(oldest, now).as_secs())
        }
    }
}

fn age(oldest: Timestamp, now: Timestamp) -> Duration {
    let micros = now.as_micros().saturating_sub(oldest.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_judged_by_its_age() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let now = at(100_000);
        assert_eq!(level(None, now, UNSEALED), Level::Good);
        assert_eq!(level(Some(at(100_009)), now, UNSEALED), Level::Good);
        assert_eq!(level(Some(at(99_900)), now, UNSEALED), Level::Warning);
        assert_eq!(level(Some(at(96_000)), now, UNSEALED), Level::Failure);
        assert_eq!(level(Some(at(93_000)), now, UNANCHORED), Level::Good);
        assert_eq!(level(Some(at(90_000)), now, UNANCHORED), Level::Warning);
        assert_eq!(tell(3, Some(at(99_940)), now), "3 logs, the oldest waits for 60 s");
    }
}
