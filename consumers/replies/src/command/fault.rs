//! Why a record is no command that could be carried out.

use super::Subject;

/// The longest name of a member that is repeated.
const LONGEST_NAME: usize = 64;

/// A record that cannot be carried out.
#[derive(Debug)]
pub struct Unusable {
    /// What its result names; none where there is no id, so that nobody can be told.
    pub subject: Option<Subject>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a command. Names members and forms, and quotes no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A member that must be there.
    #[error("{member} is missing: it must be {form}")]
    Missing {
        /// Its name.
        member: &'static str,
        /// What it must be.
        form: &'static str,
    },
    /// A member that is not of its form.
    #[error("{member} must be {form}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What it must be.
        form: &'static str,
    },
    /// Anything else.
    #[error("{error}")]
    Other {
        /// A word of a closed set.
        reason: &'static str,
        /// In a sentence.
        error: String,
    },
}

impl Fault {
    /// The reason of the result and of the dead letter.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::Member { .. } => "bad_command",
            Self::Other { reason, .. } => reason,
        }
    }

    /// A member that is there twice.
    pub(super) fn twice(member: &str) -> Self {
        Self::Other { reason: "bad_command", error: format!("{member} must be given once") }
    }
}

/// The name of a member that nobody knows, unless it could be somebody's words.
pub(super) fn shown(name: &str) -> String {
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name.to_owned() } else { String::from("a member of another name") }
}
