//! When the next call may be made: below Meta's limits as the answers tell them, apart for each app, token, account and page.

mod own_limits;
mod payer;

pub use own_limits::OwnLimits;
pub use payer::Payer;

use crate::usage::{Budget, KINDS};
use crate::{CallError, Refusal, RefusalClass, Reply, Share, Usage};
use prometheus::{IntGaugeVec, Registry};
use runtime::metrics;
use runtime::mutex::lock;
use runtime::settings::{Reader, fixed, form, with_default};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Usage is that of a rolling hour, so that what was said longer ago says nothing any more.
const HOLDS_FOR: Duration = Duration::from_hours(1);

/// A block is lifted by people or after hours; asking on prolongs it.
const BLOCKED_WAIT: Duration = Duration::from_mins(15);

/// The longest stop where Meta states no time.
const LONGEST_STOP: Duration = Duration::from_mins(15);

runtime::settings! {
    "Graph API",
    /// When to slow down and when to stop.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PaceSettings {
        /// Percentage of Meta's budgets from which calls are spread out
        pub graph_slow_at: u32 = with_default("PERCENT", "75", form::count(1..=100).narrow()),
        /// Percentage of Meta's budgets from which no call is made
        pub graph_stop_at: u32 = with_default("PERCENT", "95", form::count(1..=100).narrow()),
        /// Pause between two calls right below --graph-stop-at; the lower the usage, the shorter it is. Each call of a batch
        /// has its own, and they follow the batch
        pub graph_slow_pause: Duration = with_default("DURATION", "5s", form::duration(Duration::ZERO..=Duration::from_mins(1))),
        /// How long calls stop where Meta states no time; doubles, up to 15m, while that does not help
        pub graph_stop_for: Duration = with_default("DURATION", "1m", form::duration(Duration::from_millis(10)..=LONGEST_STOP)),
        /// The longest stop where Meta states no time
        pub longest_stop: Duration = fixed(LONGEST_STOP),
    }
    check |settings: &PaceSettings, reader: &mut Reader<'_>| {
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
pub struct Hold {
    /// When to ask again.
    pub until: Instant,
    /// Whether calls have stopped, rather than slowed down.
    pub stopped: bool,
    /// Whose budget it is for.
    pub scope: Scope,
}

impl Hold {
    /// Whether calls of one account have stopped, which hold those of others in its partition. What accounts share holds all of them.
    pub fn is_own(&self) -> bool {
        self.stopped && self.scope == Scope::Account
    }
}

/// Keeps calls below Meta's limits.
#[derive(Debug)]
pub struct Pace {
    settings: PaceSettings,
    gates: Mutex<HashMap<Arc<str>, Gate>>,
    percent: IntGaugeVec,
}

/// One budget.
#[derive(Clone, Debug, Default)]
struct Gate {
    /// The used part in percent, and when that was said.
    used: Option<(f64, Instant)>,
    /// No call before this; after it one at a time, as long as the budget is nearly used up.
    stopped: Option<Instant>,
    /// When the next call may be made while calls are spread out.
    next: Option<Instant>,
    /// Stops in a row that Meta stated no time for.
    strikes: u32,
}

impl Pace {
    /// No limit is known yet.
    pub fn new(settings: PaceSettings, registry: &Registry) -> Self {
        let percent = metrics::gauges(
            registry,
            "weir_graph_usage_percent",
            "Used part of Meta's budgets as the latest answer said, by account, page or app (token) and what is counted",
            &["token", "kind"],
        );
        Self { settings, gates: Mutex::default(), percent }
    }

    /// What holds each call, by who pays for it; all others count as made.
    ///
    /// Each call of a batch counts, as it does for Meta: the pause behind a batch is that of all its calls.
    pub fn admit(&self, calls: &[&Payer], now: Instant) -> Vec<Option<Hold>> {
        let mut gates = lock(&self.gates);
        let longest = |payer: &&Payer| {
            let holds = payer.budgets().filter_map(|(name, scope)| gates.get(name)?.hold(scope, now));
            holds.max_by_key(|hold| hold.until)
        };
        let held: Vec<_> = calls.iter().map(longest).collect();
        let mut admitted = BTreeMap::<_, u32>::new();
        for (payer, _) in calls.iter().zip(&held).filter(|(_, hold)| hold.is_none()) {
            for (name, _) in payer.budgets() {
                *admitted.entry(name).or_default() += 1;
            }
        }
        for (name, count) in admitted {
            if let Some(gate) = gates.get_mut(name) {
                gate.next = gate.pause(&self.settings, now).map(|pause| now + pause * count);
            }
        }
        held
    }

    /// Learns from what a call came to: from the usage that the answer stated, and from a refusal. Several pay for it where it was
    /// a batch that failed as a whole.
    pub fn learn<T>(&self, payers: &[&Payer], reply: &Reply<T>, now: Instant) {
        let Reply { result, usage } = reply;
        match result {
            Ok(_) => payers.iter().for_each(|payer| self.answered(payer)),
            // Before the usage is noted, which stops calls too: a refusal during a stop is none in a row.
            Err(CallError::Refused(refusal)) if !usage.says_when() => self.refused(payers, refusal, now),
            Err(_) => {}
        }
        self.note(payers, usage, now);
    }

    /// Calls were refused, and Meta stated no time: where it was for a limit, a guess is made.
    fn refused(&self, payers: &[&Payer], refusal: &Refusal, now: Instant) {
        // 4 is the app's own limit, 341 that of the application, 17 the user's; the others are the account's or the page's, and so is
        // a block: whether it is also that of others who share the token, a call of theirs tells.
        let scope = match refusal.code {
            Some(4 | 341) => Scope::App,
            Some(17) => Scope::Token,
            _ => Scope::Account,
        };
        let stop: fn(&mut Gate, &PaceSettings, Instant) = match refusal.class {
            RefusalClass::Throttled => Gate::strike,
            RefusalClass::Blocked => |gate, _, now| gate.stop_until(now + BLOCKED_WAIT),
            _ => return,
        };
        for payer in payers {
            self.gate(payer.of(scope), now, |gate| stop(gate, &self.settings, now));
        }
    }

    /// Takes note of what an answer to calls said. Unknown ids count against the first payer's account.
    pub fn note(&self, payers: &[&Payer], usage: &Usage, now: Instant) {
        let Some(first) = payers.first() else { return };
        let mut budgets = BTreeMap::<_, Budget>::new();
        if let Some(share) = usage.app {
            budgets.insert(first.of(Scope::App), Budget { share, regain: Duration::ZERO });
        }
        for (id, budget) in &usage.business {
            let name = payers.iter().find_map(|payer| payer.named(id));
            budgets.entry(name.unwrap_or(first.of(Scope::Account))).or_default().max_with(*budget);
        }
        for (name, Budget { share, regain }) in budgets {
            self.show(name, share);
            self.gate(name, now, |gate| gate.note(share, regain, &self.settings, now));
        }
    }

    /// A call was answered, so that a stop has helped.
    fn answered(&self, payer: &Payer) {
        let mut gates = lock(&self.gates);
        for (name, _) in payer.budgets() {
            if let Some(gate) = gates.get_mut(name) {
                gate.strikes = 0;
            }
        }
    }

    fn show(&self, token: &str, share: Share) {
        for (kind, value) in KINDS.into_iter().zip(share.0) {
            self.percent.with_label_values(&[token, kind]).set(whole(value));
        }
    }

    /// There are no more than accounts, their pages and tokens.
    fn gate(&self, name: &Arc<str>, now: Instant, change: impl FnOnce(&mut Gate)) {
        let mut gates = lock(&self.gates);
        let gate = gates.entry(Arc::clone(name)).or_default();
        let had_stopped = gate.is_stopped(now);
        change(gate);
        if let (false, true, Some(until)) = (had_stopped, gate.is_stopped(now), gate.stopped) {
            let wait = humantime::format_duration(Duration::from_secs((until - now).as_secs())).to_string();
            tracing::warn!(
                token = &**name,
                wait,
                "Meta's limit of calls is reached, no call is made meanwhile"
            );
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a percentage is small, and a saturated one would do")]
fn whole(percent: f64) -> i64 {
    percent.round() as i64
}

impl Gate {
    fn is_stopped(&self, now: Instant) -> bool {
        self.stopped.is_some_and(|until| until > now)
    }

    fn hold(&self, scope: Scope, now: Instant) -> Option<Hold> {
        let later = |until: Option<Instant>| until.filter(|until| *until > now);
        let stopped = later(self.stopped).map(|until| Hold { until, stopped: true, scope });
        stopped.or_else(|| later(self.next).map(|until| Hold { until, stopped: false, scope }))
    }

    /// The pause after each call, while the budget is nearly used up.
    fn pause(&self, settings: &PaceSettings, now: Instant) -> Option<Duration> {
        let (used, said) = self.used?;
        let (from, to) = (f64::from(settings.graph_slow_at), f64::from(settings.graph_stop_at));
        let is_old = now.saturating_duration_since(said) > HOLDS_FOR;
        (!is_old && used >= from).then(|| {
            let part = (used - from) / (to - from).max(1.0);
            settings.graph_slow_pause.mul_f64(part.clamp(0.0, 1.0))
        })
    }

    fn note(&mut self, share: Share, regain: Duration, settings: &PaceSettings, now: Instant) {
        let used = share.highest();
        self.used = Some((used, now));
        if !regain.is_zero() {
            self.stop_until(now + regain);
        } else if used >= f64::from(settings.graph_stop_at) {
            self.stop_until(now + settings.graph_stop_for);
        }
    }

    fn strike(&mut self, settings: &PaceSettings, now: Instant) {
        // Many calls are under way when the first one is refused; they are one strike.
        if self.is_stopped(now) {
            return;
        }
        let wait = settings.graph_stop_for.saturating_mul(2_u32.saturating_pow(self.strikes));
        self.strikes = self.strikes.saturating_add(1);
        self.stop_until(now + wait.min(settings.longest_stop));
    }

    fn stop_until(&mut self, until: Instant) {
        self.stopped = Some(self.stopped.map_or(until, |former| former.max(until)));
    }
}

#[cfg(test)]
mod tests;
