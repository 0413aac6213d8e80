//! The rate limiter: when the next call may be made, below Meta's limits as the answers tell them, apart for each app, token, account and page.

mod call_budgets;
mod limit;
mod limit_waits;

pub use call_budgets::CallBudgets;
pub use limit::Limit;
pub use limit_waits::LimitWaits;

use crate::usage::{BudgetUsage, KINDS};
use crate::{CallError, Refusal, RefusalClass, Reply, Share, Usage};
use prometheus::{IntGaugeVec, Registry};
use runtime::metrics;
use runtime::mutex::lock;
use runtime::settings::{Reader, fixed, form, with_default};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Usage is that of a rolling hour, so that what was said longer ago says nothing any more.
const USAGE_WINDOW: Duration = Duration::from_hours(1);

/// A block is lifted by people or after hours; asking on prolongs it.
const BLOCKED_WAIT: Duration = Duration::from_mins(15);

/// The longest stop where Meta states no time.
const LONGEST_STOP: Duration = Duration::from_mins(15);

runtime::settings! {
    "Graph API",
    /// When to slow down and when to stop.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct RateLimitSettings {
        /// Percentage of Meta's budgets from which calls are spread out
        pub graph_slow_at: u32 = with_default("PERCENT", "75", form::count(1..=100)),
        /// Percentage of Meta's budgets from which no call is made
        pub graph_stop_at: u32 = with_default("PERCENT", "95", form::count(1..=100)),
        /// Pause between two calls right below --graph-stop-at; the lower the usage, the shorter it is. Each call of a batch
        /// has its own, and they follow the batch
        pub graph_slow_pause: Duration = with_default("DURATION", "5s", form::duration(Duration::ZERO..=Duration::from_mins(1))),
        /// How long calls stop where Meta states no time; doubles, up to 15m, while that does not help
        pub graph_stop_for: Duration = with_default("DURATION", "1m", form::duration(Duration::from_millis(10)..=LONGEST_STOP)),
        /// The longest stop where Meta states no time
        pub longest_stop: Duration = fixed(LONGEST_STOP),
    }
    check |settings: &RateLimitSettings, reader: &mut Reader<'_>| {
        if settings.graph_slow_at > settings.graph_stop_at {
            reader.problem("graph_slow_at", "at most what --graph-stop-at says");
        }
    }
}

/// Whose budget it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The app's, which all its tokens share.
    App,
    /// That of the token's user, where accounts share it.
    Token,
    /// The account's, or its page's.
    Account,
}

/// No call may be made before this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    /// When to ask again.
    pub until: Instant,
    /// Why.
    pub limit: Limit,
    /// Whose budget it is for.
    pub scope: Scope,
}

impl RateLimited {
    /// Whether calls of one account alone have stopped, which blocks those of others in its partition. What accounts share stops all
    /// of them.
    pub fn is_of_one_account(&self) -> bool {
        self.limit != Limit::Spread && self.scope == Scope::Account
    }
}

/// Keeps calls below Meta's limits.
#[derive(Debug)]
pub struct RateLimiter {
    settings: RateLimitSettings,
    budgets: Mutex<HashMap<Arc<str>, BudgetState>>,
    percent: IntGaugeVec,
}

/// What is known of one budget.
#[derive(Clone, Debug, Default)]
struct BudgetState {
    /// The used part in percent, and when that was said.
    used: Option<(f64, Instant)>,
    /// No call before this, and why; after it one at a time, as long as the budget is nearly used up.
    stopped: Option<(Instant, Limit)>,
    /// When the next call may be made while calls are spread out.
    next: Option<Instant>,
    /// Stops in a row that Meta stated no time for.
    consecutive_stops: u32,
}

impl RateLimiter {
    /// No limit is known yet.
    pub fn new(settings: RateLimitSettings, registry: &Registry) -> Self {
        let percent = metrics::gauges(
            registry,
            "weir_graph_usage_percent",
            "Used part of Meta's budgets as the latest answer said, by account, page or app (token) and what is counted",
            &["token", "kind"],
        );
        Self { settings, budgets: Mutex::default(), percent }
    }

    /// Which of these calls may not be made now, and until when; all others count as made.
    ///
    /// Each call of a batch counts, as it does for Meta: the pause behind a batch is that of all its calls.
    pub fn admit(&self, calls: &[&CallBudgets], now: Instant) -> Vec<Option<RateLimited>> {
        let mut budgets = lock(&self.budgets);
        let longest = |call: &&CallBudgets| {
            let limits = call.all().filter_map(|(name, scope)| budgets.get(name)?.limit(scope, now));
            limits.max_by_key(|limited| limited.until)
        };
        let limited: Vec<_> = calls.iter().map(longest).collect();
        let mut admitted = BTreeMap::<_, u32>::new();
        for (call, _) in calls.iter().zip(&limited).filter(|(_, limited)| limited.is_none()) {
            for (name, _) in call.all() {
                *admitted.entry(name).or_default() += 1;
            }
        }
        for (name, count) in admitted {
            if let Some(budget) = budgets.get_mut(name) {
                budget.next = budget.pause(&self.settings, now).map(|pause| now + pause * count);
            }
        }
        limited
    }

    /// Learns from the response to a call: from the usage that it states, and from a refusal. It is that of several calls where a batch
    /// failed as a whole.
    pub fn observe_response<T>(&self, calls: &[&CallBudgets], reply: &Reply<T>, now: Instant) {
        let Reply { result, usage } = reply;
        match result {
            Ok(_) => calls.iter().for_each(|call| self.answered(call)),
            // Before the usage is observed, which stops calls too: a refusal during a stop is none in a row.
            Err(CallError::Refused(refusal)) if !usage.says_when() => self.refused(calls, refusal, now),
            Err(_) => {}
        }
        self.observe_usage(calls, usage, now);
    }

    /// Calls were refused, and Meta stated no time: where it was for a limit, a guess is made.
    fn refused(&self, calls: &[&CallBudgets], refusal: &Refusal, now: Instant) {
        // 4 is the app's own limit, 341 that of the application, 17 the user's; the others are the account's or the page's, and so is
        // a block: whether it is also that of others who share the token, a call of theirs tells.
        let scope = match refusal.code {
            Some(4 | 341) => Scope::App,
            Some(17) => Scope::Token,
            _ => Scope::Account,
        };
        let stop: fn(&mut BudgetState, &RateLimitSettings, Instant) = match refusal.class {
            RefusalClass::Throttled => BudgetState::throttled,
            RefusalClass::Blocked => |budget, _, now| budget.stop_until(now + BLOCKED_WAIT, Limit::Blocked),
            _ => return,
        };
        for call in calls {
            self.change(call.of(scope), now, |budget| stop(budget, &self.settings, now));
        }
    }

    /// Learns from the usage that the answer to calls states. That of unknown ids counts against the account of the first call.
    pub fn observe_usage(&self, calls: &[&CallBudgets], usage: &Usage, now: Instant) {
        let Some(first) = calls.first() else { return };
        let mut said = BTreeMap::<_, BudgetUsage>::new();
        if let Some(share) = usage.app {
            said.insert(first.of(Scope::App), BudgetUsage { share, regain: Duration::ZERO });
        }
        for (id, usage) in &usage.business {
            let name = calls.iter().find_map(|call| call.named(id));
            said.entry(name.unwrap_or(first.of(Scope::Account))).or_default().max_with(*usage);
        }
        for (name, usage) in said {
            self.show(name, usage.share);
            self.change(name, now, |budget| budget.observe(usage, &self.settings, now));
        }
    }

    /// A call was answered, so that a stop has helped.
    fn answered(&self, call: &CallBudgets) {
        let mut budgets = lock(&self.budgets);
        for (name, _) in call.all() {
            if let Some(budget) = budgets.get_mut(name) {
                budget.consecutive_stops = 0;
            }
        }
    }

    fn show(&self, token: &str, share: Share) {
        for (kind, value) in KINDS.into_iter().zip(share.0) {
            self.percent.with_label_values(&[token, kind]).set(whole(value));
        }
    }

    /// Changes one budget, and logs a stop that begins, or has another reason now. There are no more of them than accounts, their pages and tokens.
    fn change(&self, name: &Arc<str>, now: Instant, change: impl FnOnce(&mut BudgetState)) {
        let mut budgets = lock(&self.budgets);
        let budget = budgets.entry(Arc::clone(name)).or_default();
        let former = budget.stop(now).map(|(_, limit)| limit);
        change(budget);
        if let Some((until, limit)) = budget.stop(now).filter(|(_, limit)| former != Some(*limit)) {
            let wait = humantime::format_duration(Duration::from_secs((until - now).as_secs())).to_string();
            tracing::warn!(token = &**name, wait, "{limit}, no call is made meanwhile");
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a percentage is small, and a saturated one would do")]
fn whole(percent: f64) -> i64 {
    percent.round() as i64
}

impl BudgetState {
    /// Until when calls have stopped, and why.
    fn stop(&self, now: Instant) -> Option<(Instant, Limit)> {
        self.stopped.filter(|(until, _)| *until > now)
    }

    fn limit(&self, scope: Scope, now: Instant) -> Option<RateLimited> {
        let next = || self.next.filter(|until| *until > now).map(|until| (until, Limit::Spread));
        self.stop(now).or_else(next).map(|(until, limit)| RateLimited { until, limit, scope })
    }

    /// The pause after each call, while the budget is nearly used up.
    fn pause(&self, settings: &RateLimitSettings, now: Instant) -> Option<Duration> {
        let (used, said) = self.used?;
        let (from, to) = (f64::from(settings.graph_slow_at), f64::from(settings.graph_stop_at));
        let is_old = now.saturating_duration_since(said) > USAGE_WINDOW;
        (!is_old && used >= from).then(|| {
            let part = (used - from) / (to - from).max(1.0);
            settings.graph_slow_pause.mul_f64(part.clamp(0.0, 1.0))
        })
    }

    fn observe(&mut self, usage: BudgetUsage, settings: &RateLimitSettings, now: Instant) {
        let used = usage.share.highest();
        self.used = Some((used, now));
        if !usage.regain.is_zero() {
            self.stop_until(now + usage.regain, Limit::Reached);
        } else if used >= f64::from(settings.graph_stop_at) {
            self.stop_until(now + settings.graph_stop_for, Limit::Reached);
        }
    }

    fn throttled(&mut self, settings: &RateLimitSettings, now: Instant) {
        // Many calls are under way when the first one is refused; they cause one stop.
        if self.stop(now).is_some() {
            return;
        }
        let wait = settings.graph_stop_for.saturating_mul(2_u32.saturating_pow(self.consecutive_stops));
        self.consecutive_stops = self.consecutive_stops.saturating_add(1);
        self.stop_until(now + wait.min(settings.longest_stop), Limit::Reached);
    }

    /// Of several stops the one that lasts longest is waited for, and is why.
    fn stop_until(&mut self, until: Instant, limit: Limit) {
        if self.stopped.is_none_or(|(former, _)| until > former) {
            self.stopped = Some((until, limit));
        }
    }
}

#[cfg(test)]
mod tests;
