//! When a call waits, and for how long.

use super::*;

struct Bench {
    pace: Pace,
    start: Instant,
    token: Arc<str>,
}

impl Bench {
    fn new() -> Self {
        let pace = Pace::new(PaceSettings::default(), &Registry::new());
        Self { pace, start: Instant::now(), token: Arc::from("1784") }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn says(&self, app: f64, business: f64, regain: u64) {
        let share = |calls| Some(Share { calls, ..Share::default() });
        let regain = Duration::from_mins(regain);
        let usage = Usage { app: share(app), business: share(business), regain };
        self.pace.note(&self.token, &usage, self.start);
    }

    /// How long a call that is wanted at a time waits, in milliseconds; it is made where that is 0.
    fn wait(&self, token: &str, seconds: u64) -> u128 {
        let (now, token) = (self.at(seconds), Arc::from(token));
        let held = self.pace.admit(&BTreeMap::from([(Arc::clone(&token), 1)]), now);
        held.get(&token).map_or(0, |hold| (hold.until - now).as_millis())
    }
}

#[test]
fn below_75_percent_nothing_waits() {
    let bench = Bench::new();
    bench.says(74.9, 74.0, 0);
    assert_eq!([0, 0, 0].map(|second| bench.wait("1784", second)), [0, 0, 0]);
}

#[test]
fn from_75_percent_calls_are_spread_the_more_the_fuller_the_budget() {
    let bench = Bench::new();
    bench.says(0.0, 85.0, 0);
    assert_eq!(bench.wait("1784", 0), 0);
    assert_eq!(bench.wait("1784", 0), 2_500);
    assert_eq!(bench.wait("99", 0), 0, "another token has a budget of its own");
    assert_eq!(bench.wait("1784", 3), 0);
    bench.says(94.0, 0.0, 0);
    assert_eq!(bench.wait("99", 10), 0);
    assert_eq!(bench.wait("1784", 10), 4_750, "the app's budget is everybody's");
}

#[test]
fn each_call_of_a_batch_has_its_pause() {
    let bench = Bench::new();
    bench.says(75.0, 85.0, 0);
    let batch = BTreeMap::from([(Arc::clone(&bench.token), 40), (Arc::from("99"), 10)]);
    assert!(bench.pace.admit(&batch, bench.at(0)).is_empty());
    assert_eq!(bench.wait("1784", 0), 100_000, "40 calls of 2.5 s");
    assert_eq!(bench.wait("99", 0), 0);
    bench.says(85.0, 0.0, 0);
    assert!(bench.pace.admit(&batch, bench.at(200)).is_empty());
    assert_eq!(bench.wait("99", 200), 125_000, "all 50 are the app's");
}

#[test]
fn at_95_percent_calls_stop_for_the_time_that_meta_states_or_a_minute() {
    let bench = Bench::new();
    bench.says(0.0, 95.0, 0);
    assert_eq!(bench.wait("1784", 1), 59_000);
    bench.says(0.0, 96.0, 19);
    assert_eq!(bench.wait("1784", 0), 19 * 60_000);
    assert_eq!(bench.wait("99", 0), 0);
    assert_eq!(bench.wait("1784", 19 * 60), 0, "then one call shows how things are");
    assert_eq!(bench.wait("1784", 19 * 60), 5_000);
}

#[test]
fn a_time_that_meta_states_counts_whatever_the_percentage() {
    let bench = Bench::new();
    bench.says(0.0, 10.0, 3);
    assert_eq!(bench.wait("1784", 0), 180_000);
}

#[test]
fn stops_without_a_time_grow_until_a_call_is_answered() {
    let bench = Bench::new();
    let strike = |second| bench.pace.throttled(&bench.token, Scope::Token, Duration::ZERO, bench.at(second));
    strike(0);
    strike(0);
    assert_eq!(bench.wait("1784", 0), 60_000, "what was under way is one strike");
    strike(60);
    assert_eq!(bench.wait("1784", 60), 120_000);
    bench.pace.answered(&bench.token);
    strike(180);
    assert_eq!(bench.wait("1784", 180), 60_000);
}

#[test]
fn the_tokens_of_one_batch_are_one_call_of_the_app() {
    let bench = Bench::new();
    bench.says(90.0, 0.0, 0);
    let names = ["1784", "99"].map(|name| (Arc::from(name), 1)).into();
    assert_eq!(bench.pace.admit(&names, bench.start), BTreeMap::new());
    assert_eq!(bench.pace.admit(&names, bench.start).len(), 2);
}

#[test]
fn a_throttled_app_stops_every_token() {
    let bench = Bench::new();
    bench.pace.throttled(&bench.token, Scope::App, Duration::ZERO, bench.start);
    assert_eq!(bench.wait("99", 0), 60_000);
}

#[test]
fn what_was_said_an_hour_ago_says_nothing() {
    let bench = Bench::new();
    bench.says(0.0, 90.0, 0);
    assert_eq!([3_601, 3_601].map(|second| bench.wait("1784", second)), [0, 0]);
}
