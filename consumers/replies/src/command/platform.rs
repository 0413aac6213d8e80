//! What differs between Instagram accounts and Facebook pages.

use super::Fault;
use weir_graph::Account;

/// Where an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// An Instagram account.
    Instagram,
    /// A Facebook page, with Messenger.
    Facebook,
}

/// Meta's limits to the text of a message: bytes on Instagram, characters on Messenger.
const INSTAGRAM_BYTES: usize = 1_000;
const MESSENGER_CHARACTERS: usize = 2_000;

impl Platform {
    /// Where the account is.
    pub(super) fn of(account: &Account) -> Self {
        if account.is_instagram() { Self::Instagram } else { Self::Facebook }
    }

    /// Meta would refuse a longer text.
    pub(super) fn check_text(self, member: &'static str, text: &str) -> Result<(), Fault> {
        match self {
            Self::Instagram if text.len() > INSTAGRAM_BYTES => {
                Err(Fault::Member { member, form: "at most 1,000 bytes of UTF-8, as Instagram allows" })
            }
            Self::Facebook if text.chars().count() > MESSENGER_CHARACTERS => {
                Err(Fault::Member { member, form: "at most 2,000 characters, as Messenger allows" })
            }
            _ => Ok(()),
        }
    }

    /// The parameter by which a comment is hidden.
    pub(super) const fn hidden_parameter(self) -> &'static str {
        match self {
            Self::Instagram => "hide",
            Self::Facebook => "is_hidden",
        }
    }

    /// Where a comment is answered, below it.
    pub(super) const fn answers_edge(self) -> &'static str {
        match self {
            Self::Instagram => "replies",
            Self::Facebook => "comments",
        }
    }
}
