//! Why a record is no command that could be carried out.

use super::Subject;
use schemas::reply::Action;

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
    /// No JSON object; says where.
    #[error("the value is no command: {place}")]
    NoCommand {
        /// Without a word of the value.
        place: String,
    },
    /// An action that this version does not know.
    #[error("action must be {}", Action::FORM)]
    Action,
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
    /// A member that the action does not have.
    #[error("{member} is no member of {}, which has {}", action.as_str(), of(*action))]
    Unexpected {
        /// Its name.
        member: String,
        /// The action.
        action: Action,
    },
    /// A member that is there twice.
    #[error("{member} must be given once")]
    Twice {
        /// Its name.
        member: String,
    },
    /// Another key than the command's.
    #[error("the record's key must be {expected}, so that a repeated command comes to the same place")]
    Key {
        /// What it must be.
        expected: String,
    },
}

impl Fault {
    /// The reason of the result and of the dead letter.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoCommand { .. } => "unreadable",
            Self::Action => "unknown_action",
            Self::Missing { .. } | Self::Member { .. } | Self::Unexpected { .. } | Self::Twice { .. } => {
                "bad_command"
            }
            Self::Key { .. } => "wrong_key",
        }
    }
}

/// The name of a member that nobody knows, unless it could be somebody's words.
pub(super) fn shown(name: &str) -> String {
    let is_name = (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name { name.to_owned() } else { String::from("a member of another name") }
}

fn of(action: Action) -> String {
    let names = action.members().iter().map(|(name, _)| *name);
    names.collect::<Vec<_>>().join(", ")
}
