//! Why no call may be made for now.

use crate::RefusalClass;
use std::fmt;

/// Why no call may be made for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Calls are spread out below Meta's limit.
    Spread,
    /// They have stopped, at Meta's limit or right below it.
    Reached,
    /// They have stopped since Meta blocked one of the account's.
    Blocked,
}

impl Limit {
    /// The word for what is not done because of it, as of a call that Meta refuses for the same.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Spread | Self::Reached => RefusalClass::Throttled.as_str(),
            Self::Blocked => RefusalClass::Blocked.as_str(),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Spread => "calls are spread out, since Meta's limit of calls is near",
            Self::Reached => "Meta's limit of calls is reached",
            Self::Blocked => {
                "Meta blocked a call of this account for a violation of its policies (see the app's dashboard)"
            }
        })
    }
}
