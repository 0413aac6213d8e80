//! What differs between Instagram accounts and Facebook pages.

use super::Fault;
use weir_graph::GraphId;

/// Where an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// An Instagram account.
    Instagram,
    /// A Facebook page, with Messenger.
    Facebook,
}

/// What ids of Instagram's professional accounts begin with, and how long they are; ids of pages are shorter.
const INSTAGRAM_IDS: (&str, usize) = ("1784", 17);
/// Meta's limits to the text of a message: bytes on Instagram, characters on Messenger.
const INSTAGRAM_BYTES: usize = 1_000;
const MESSENGER_CHARACTERS: usize = 2_000;

impl Platform {
    /// Where the account is; `on_instagram` where the host of the Graph API has Instagram accounts alone.
    pub fn of(account: &GraphId, on_instagram: bool) -> Self {
        let (prefix, length) = INSTAGRAM_IDS;
        let is_instagrams = account.as_str().starts_with(prefix) && account.as_str().len() == length;
        if on_instagram || is_instagrams { Self::Instagram } else { Self::Facebook }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(account: &str, on_instagram: bool) -> Platform {
        Platform::of(&GraphId::parse(account).unwrap(), on_instagram)
    }

    #[test]
    fn an_account_is_told_by_its_id_unless_the_host_tells() {
        assert_eq!(platform("17841405726653026", false), Platform::Instagram);
        assert_eq!(platform("178414057266530", false), Platform::Facebook);
        assert_eq!(platform("1067280970047460", false), Platform::Facebook);
        assert_eq!(platform("1067280970047460", true), Platform::Instagram);
    }
}
