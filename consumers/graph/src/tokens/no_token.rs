//! Why an account has no token, and the reason that dead letters and results give for it.

use crate::RefusalClass;

/// Why an account has no token that its calls could carry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// Meta refused it, and its file is still the same; it is tried again, after [`crate::REFUSED_TRIED_AFTER`] at first.
    #[error(
        "Meta refuses the account's access token: put a new one into its file, or mend its app's secret, as the log says"
    )]
    Refused,
    /// There is no file for the account, and no `default`; with what to do about it.
    #[error("{0}")]
    Missing(String),
    /// A folder could not be read since the start, so that nobody knows.
    #[error("the access tokens could not be read yet, as the log says")]
    Unread,
}

impl NoToken {
    /// The reason of [`Self::Refused`].
    pub const REFUSED: &str = RefusalClass::Token.as_str();
    /// The reason of [`Self::Missing`].
    pub const MISSING: &str = "no_token";

    /// In a word: the reason of a dead letter of lookups, and of a refused command.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Refused => Self::REFUSED,
            Self::Missing(_) => Self::MISSING,
            Self::Unread => "unread",
        }
    }
}
