//! How much of Meta's budget is used up, as the headers of an answer say: pure.
//!
//! Source: Meta's page on rate limits. `X-App-Usage` holds percentages of the app's hourly budget,
//! `X-Business-Use-Case-Usage` a map from the id of a business object, an account or a page, to the same by use case, with the minutes until calls are
//! free again. Meta documents an array there; an object has been seen and is read too.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// The header about the app.
const APP: &str = "x-app-usage";
/// The header about the account.
const BUSINESS: &str = "x-business-use-case-usage";

/// What an answer said about the budgets that it was counted against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// Of the app's budget.
    pub app: Option<Share>,
    /// Of those of accounts and pages, by the ids that Meta calls them.
    pub business: BTreeMap<String, BudgetUsage>,
}

/// What was said of the budget of an account or a page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BudgetUsage {
    /// Of the fullest of all use cases.
    pub share: Share,
    /// How long no call will be answered; more than zero once it is used up.
    pub regain: Duration,
}

/// What Meta counts.
pub(crate) const KINDS: [&str; 3] = ["call_count", "total_cputime", "total_time"];

/// The used part of a budget, in percent, by each of `KINDS`; more than 100 is possible.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(pub [f64; 3]);

impl Share {
    /// The fullest of the three, which is what Meta goes by.
    pub fn highest(self) -> f64 {
        self.0.into_iter().fold(0.0, f64::max)
    }

    fn read(members: &Map<String, Value>) -> Self {
        Self(KINDS.map(|name| members.get(name).and_then(number).unwrap_or_default()))
    }

    fn or_higher(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind].max(other.0[kind])))
    }
}

impl BudgetUsage {
    /// Of two things that are said of one budget the worse counts.
    pub(crate) fn max_with(&mut self, other: Self) {
        self.share = self.share.or_higher(other.share);
        self.regain = self.regain.max(other.regain);
    }
}

impl Usage {
    /// Reads the two headers out of all; what cannot be read says nothing.
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut usage = Self::default();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case(APP) {
                usage.app = object(value).map(|members| Share::read(&members));
            } else if name.eq_ignore_ascii_case(BUSINESS) {
                usage.read_business(value);
            }
        }
        usage
    }

    fn read_business(&mut self, value: &str) {
        for (id, cases) in object(value).unwrap_or_default() {
            let cases = if let Value::Array(cases) = cases { cases } else { vec![cases] };
            for case in cases.iter().filter_map(Value::as_object) {
                let minutes =
                    case.get("estimated_time_to_regain_access").and_then(number).unwrap_or_default();
                let budget = BudgetUsage { share: Share::read(case), regain: of_minutes(minutes) };
                self.business.entry(id.clone()).or_default().max_with(budget);
            }
        }
    }

    /// Whether Meta states for how long no call will be answered.
    pub(crate) fn says_when(&self) -> bool {
        self.business.values().any(|budget| !budget.regain.is_zero())
    }
}

/// Meta counts over an hour or a day; more than a day is no time that Meta would state.
fn of_minutes(minutes: f64) -> Duration {
    Duration::try_from_secs_f64(minutes.clamp(0.0, 24.0 * 60.0) * 60.0).unwrap_or_default()
}

fn object(value: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(value) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// A number that is one, or a string of one.
fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_headers_are_read() {
        let usage = Usage::read([
            ("X-App-Usage", r#"{"call_count":28,"total_time":25,"total_cputime":27}"#),
            (
                "X-Business-Use-Case-Usage",
                r#"{"1784":[{"type":"instagram","call_count":42,"total_cputime":17,"total_time":31,"estimated_time_to_regain_access":0},{"type":"messenger","call_count":7,"total_cputime":99,"total_time":1,"estimated_time_to_regain_access":19}]}"#,
            ),
        ]);
        assert_eq!(usage.app, Some(Share([28.0, 27.0, 25.0])));
        let budget = usage.business["1784"];
        assert_eq!((budget.share.highest(), budget.regain), (99.0, Duration::from_mins(19)));
    }

    #[test]
    fn an_object_in_the_place_of_the_array_is_read_too() {
        let usage = Usage::read([(BUSINESS, r#"{"1784":{"call_count":"96"},"1067":[{"call_count":7}]}"#)]);
        let highest: Vec<_> = usage.business.values().map(|budget| budget.share.highest()).collect();
        assert_eq!(highest, [7.0, 96.0]);
        assert!(!usage.says_when());
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for value in ["", "[]", "null", "{", r#"{"1784":7}"#, r#"{"1784":[null]}"#] {
            assert!(Usage::read([(BUSINESS, value)]).business.is_empty(), "{value}");
        }
        assert_eq!(Usage::read([(APP, "nothing"), ("x-other", "{}")]), Usage::default());
        let endless = Usage::read([(BUSINESS, r#"{"1":[{"estimated_time_to_regain_access":1e300}]}"#)]);
        assert_eq!(endless.business["1"].regain, Duration::from_hours(24));
    }
}
