//! Who comes when, and who stops for good.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

use hos_conformance::campaign::Campaign;
use hos_core::weave::SCHEDULER;
use shuttle::rand::Rng as _;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::sync::{Condvar, Mutex};
use shuttle::{Config, Runner};

const ORDERS: u64 = 300;
/// How many points an activation passes, about.
const POINTS: u32 = 16;
/// How often somebody comes between at the worst moment, in half of the orders.
const DEPTH: usize = 3;

/// A whole law is opened on each of them.
const STACK_BYTES: usize = 1 << 20;

static SCHEDULED: Once = Once::new();

shuttle::thread_local! {
    static STOPS: RefCell<Option<(u32, Stop)>> = RefCell::new(None);
}

/// Runs a property in so many orders, half of them random, half with few but cruel switches.
pub(crate) fn explore(property: impl Fn() + Clone + Send + Sync + 'static) {
    SCHEDULED.call_once(|| SCHEDULER.set(hand_over).unwrap());
    let campaign = Campaign::from_environment(ORDERS);
    let orders = usize::try_from(campaign.size.div_ceil(2)).unwrap();
    run(RandomScheduler::new_from_seed(campaign.seed, orders), property.clone());
    run(PctScheduler::new_from_seed(campaign.seed, DEPTH, orders), property);
}

/// Whether a property fails in any of the orders.
pub(crate) fn fails(property: impl Fn() + Clone + Send + Sync + 'static) -> bool {
    catch_unwind(AssertUnwindSafe(|| explore(property))).is_err()
}

fn run(scheduler: impl Scheduler + 'static, property: impl Fn() + Send + Sync + 'static) {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    Runner::new(scheduler, config).run(property);
}

/// Any operation on what the scheduler knows is a place to switch.
fn hand_over() {
    AtomicBool::new(false).load(Ordering::SeqCst);
    let stop = STOPS.with(|stops| {
        let mut stops = stops.borrow_mut();
        let (left, _) = stops.as_mut()?;
        if *left > 0 {
            *left -= 1;
            return None;
        }
        stops.take().map(|(_, stop)| stop)
    });
    if let Some(stop) = stop {
        stop.wait();
    }
}

/// Where somebody stops until all others are through.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<(Mutex<bool>, Condvar)>);

/// This thread stops at one of its next points.
pub(crate) fn stop(at: &Stop) {
    let after = shuttle::rand::thread_rng().gen_range(0..POINTS);
    STOPS.with(|stops| *stops.borrow_mut() = Some((after, at.clone())));
}

impl Stop {
    fn wait(&self) {
        let (over, told) = &*self.0;
        let mut is_over = over.lock().unwrap();
        while !*is_over {
            is_over = told.wait(is_over).unwrap();
        }
    }

    pub(crate) fn go_on(&self) {
        let (over, told) = &*self.0;
        *over.lock().unwrap() = true;
        told.notify_all();
    }
}
