//! When a call waits, and for how long.

use super::*;
use crate::{AccessToken, Account, GraphId, Login};
use runtime::settings::defaults;

struct Bench {
    rate_limiter: RateLimiter,
    start: Instant,
}

/// An account with a token of its own, as most are.
fn call_of(account: &str) -> CallBudgets {
    with_token(account, account, None)
}

fn with_token(account: &str, token: &str, page: Option<&str>) -> CallBudgets {
    let id = |text: &str| GraphId::parse(text).unwrap();
    let account = Account::new(id(account), Login::Facebook, page.map(id));
    CallBudgets::new(&account, &AccessToken::parse(token, "EAAtoken", None).unwrap())
}

fn usage(app: Option<f64>, business: &[(&str, f64, u64)]) -> Usage {
    let share = |calls| Share([calls, 0.0, 0.0]);
    let budget = |(id, calls, regain): &(&str, f64, u64)| {
        let budget = BudgetUsage { share: share(*calls), regain: Duration::from_mins(*regain) };
        ((*id).to_owned(), budget)
    };
    Usage { app: app.map(share), business: business.iter().map(budget).collect() }
}

fn refused(code: i64) -> CallError {
    refused_as(RefusalClass::Throttled, code)
}

fn refused_as(class: RefusalClass, code: i64) -> CallError {
    CallError::Refused(Refusal {
        class,
        status: 400,
        code: Some(code),
        subcode: None,
        trace: None,
        is_of_app_secret: false,
    })
}

impl Bench {
    fn new() -> Self {
        let settings = defaults(RateLimitSettings::declare, RateLimitSettings::read);
        Self { rate_limiter: RateLimiter::new(settings, &Registry::new()), start: Instant::now() }
    }

    fn at(&self, seconds: u64) -> Instant {
        self.start + Duration::from_secs(seconds)
    }

    fn says(&self, app: f64, business: f64, regain: u64) {
        self.rate_limiter.observe_usage(
            &[&call_of("1784")],
            &usage(Some(app), &[("1784", business, regain)]),
            self.start,
        );
    }

    /// How long a call that is wanted at a time waits, in milliseconds; it is made where that is 0.
    fn wait(&self, account: &str, seconds: u64) -> u128 {
        self.waits(&call_of(account), seconds)
    }

    fn waits(&self, call: &CallBudgets, seconds: u64) -> u128 {
        let now = self.at(seconds);
        self.limited(call, now).map_or(0, |limited| (limited.until - now).as_millis())
    }

    fn limited(&self, call: &CallBudgets, now: Instant) -> Option<RateLimited> {
        self.rate_limiter.admit(&[call], now)[0]
    }

    /// A call comes to this, and its answer says this of the usage.
    fn learns(&self, call: &CallBudgets, result: Result<(), CallError>, usage: Usage, second: u64) {
        self.rate_limiter.observe_response(&[call], &Reply { result, usage }, self.at(second));
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
    let (one, other) = (call_of("1784"), call_of("99"));
    let batch = [[&one; 40].as_slice(), &[&other; 10]].concat();
    assert_eq!(bench.rate_limiter.admit(&batch, bench.at(0)), [None; 50]);
    assert_eq!(bench.wait("1784", 0), 100_000, "40 calls of 2.5 s");
    assert_eq!(bench.wait("99", 0), 0);
    bench.says(85.0, 0.0, 0);
    assert_eq!(bench.rate_limiter.admit(&batch, bench.at(200)), [None; 50]);
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
    let call = call_of("1784");
    let throttle = |second| bench.learns(&call, Err(refused(613)), Usage::default(), second);
    throttle(0);
    throttle(0);
    assert_eq!(bench.wait("1784", 0), 60_000, "what was under way is one stop");
    throttle(60);
    assert_eq!(bench.wait("1784", 60), 120_000);
    bench.learns(&call, Ok(()), Usage::default(), 180);
    throttle(180);
    assert_eq!(bench.wait("1784", 180), 60_000);
}

#[test]
fn stops_grow_too_where_a_refusal_says_that_the_budget_is_used_up() {
    let (bench, call) = (Bench::new(), call_of("1784"));
    let full = usage(Some(100.0), &[("1784", 100.0, 0)]);
    for (second, wait) in [(0, 60_000), (60, 120_000), (180, 240_000)] {
        bench.learns(&call, Err(refused(4)), full.clone(), second);
        assert_eq!(bench.wait("1784", second), wait);
    }
}

#[test]
fn the_tokens_of_one_batch_are_one_call_of_the_app() {
    let bench = Bench::new();
    bench.says(90.0, 0.0, 0);
    let (one, other) = (call_of("1784"), call_of("99"));
    assert_eq!(bench.rate_limiter.admit(&[&one, &other], bench.start), [None; 2]);
    assert!(bench.rate_limiter.admit(&[&one, &other], bench.start).iter().all(Option::is_some));
}

#[test]
fn a_throttled_app_stops_every_token() {
    let bench = Bench::new();
    bench.learns(&call_of("1784"), Err(refused(4)), Usage::default(), 0);
    assert_eq!(bench.wait("99", 0), 60_000);
}

#[test]
fn accounts_that_share_a_token_have_budgets_of_their_own_unless_it_is_the_user_s() {
    let bench = Bench::new();
    let (one, other) = (with_token("1784", "default", None), with_token("99", "default", None));
    bench.learns(&one, Ok(()), usage(None, &[("1784", 100.0, 7)]), 0);
    assert_eq!((bench.waits(&one, 0), bench.waits(&other, 0)), (7 * 60_000, 0));
    bench.learns(&other, Err(refused(17)), Usage::default(), 0);
    assert_eq!((bench.waits(&one, 0), bench.waits(&other, 0)), (7 * 60_000, 60_000));
}

#[test]
fn accounts_whose_files_say_no_token_share_the_limit_of_the_user_whose_token_they_have() {
    let of = |account: &str| {
        let token = AccessToken::parse("default", "EAAtoken", None).unwrap();
        let account = Account::new(GraphId::parse(account).unwrap(), Login::Facebook, None);
        CallBudgets::new(&account, &token.of_account(account.id.as_str(), None, None, "app"))
    };
    let (bench, one, other) = (Bench::new(), of("1784"), of("99"));
    bench.learns(&one, Err(refused(17)), Usage::default(), 0);
    assert_eq!(bench.limited(&other, bench.start).map(|limited| limited.scope), Some(Scope::Token));
}

#[test]
fn a_block_is_the_account_s_whoever_shares_its_token() {
    let bench = Bench::new();
    let (one, other) = (with_token("1784", "default", None), with_token("99", "default", None));
    bench.learns(&one, Err(refused_as(RefusalClass::Blocked, 368)), Usage::default(), 0);
    let limited = RateLimited { until: bench.at(15 * 60), limit: Limit::Blocked, scope: Scope::Account };
    assert_eq!(bench.rate_limiter.admit(&[&one, &other], bench.start), [Some(limited), None]);
}

#[test]
fn what_waits_for_a_block_and_for_a_limit_waits_for_the_longer_one() {
    let (bench, call) = (Bench::new(), call_of("1784"));
    let limit = |second| bench.limited(&call, bench.at(second)).map(|limited| limited.limit);
    bench.learns(&call, Err(refused(613)), Usage::default(), 0);
    assert_eq!(limit(0), Some(Limit::Reached));
    bench.learns(&call, Err(refused_as(RefusalClass::Blocked, 368)), Usage::default(), 1);
    bench.learns(&call, Err(refused(613)), usage(None, &[("1784", 100.0, 3)]), 2);
    assert_eq!(limit(2), Some(Limit::Blocked));
    bench.learns(&call, Err(refused(613)), usage(None, &[("1784", 100.0, 30)]), 3);
    assert_eq!(limit(3), Some(Limit::Reached));
}

#[test]
fn blocks_that_calls_under_way_meet_are_no_stops_in_a_row() {
    let (bench, call) = (Bench::new(), call_of("1784"));
    for second in 0..5 {
        bench.learns(&call, Err(refused_as(RefusalClass::Blocked, 368)), Usage::default(), second);
    }
    assert_eq!(bench.wait("1784", 4), 15 * 60_000);
    bench.learns(&call, Err(refused(613)), Usage::default(), 1_000);
    assert_eq!(bench.wait("1784", 1_000), 60_000);
}

#[test]
fn a_budget_is_that_of_whom_meta_names() {
    let bench = Bench::new();
    let with_page = with_token("1784", "1784", Some("1067"));
    let others = call_of("99");
    bench.rate_limiter.observe_usage(
        &[&others, &with_page],
        &usage(None, &[("1067", 100.0, 3)]),
        bench.start,
    );
    assert_eq!((bench.waits(&others, 0), bench.waits(&with_page, 0)), (0, 180_000));
    // Whose that is, nobody has said.
    bench.rate_limiter.observe_usage(&[&others], &usage(None, &[("55", 100.0, 1)]), bench.start);
    assert_eq!(bench.waits(&others, 0), 60_000);
}

#[test]
fn what_was_said_an_hour_ago_says_nothing() {
    let bench = Bench::new();
    bench.says(0.0, 90.0, 0);
    assert_eq!([3_601, 3_601].map(|second| bench.wait("1784", second)), [0, 0]);
}

#[test]
fn a_limit_that_accounts_share_is_nobodys_own() {
    let is_own = |limit, scope| RateLimited { until: Instant::now(), limit, scope }.is_of_one_account();
    assert!(!is_own(Limit::Reached, Scope::App) && !is_own(Limit::Reached, Scope::Token));
    assert!(is_own(Limit::Reached, Scope::Account) && is_own(Limit::Blocked, Scope::Account));
    assert!(!is_own(Limit::Spread, Scope::Account));
}

#[test]
fn whoever_waits_or_is_refused_reads_whose_limit_it_is() {
    for (limit, reason, part) in [
        (Limit::Spread, "throttled", "Meta's limit of calls"),
        (Limit::Reached, "throttled", "Meta's limit of calls"),
        (Limit::Blocked, "blocked", "Meta blocked"),
    ] {
        assert_eq!(limit.reason(), reason);
        assert!(limit.to_string().contains(part), "{limit}");
    }
}
