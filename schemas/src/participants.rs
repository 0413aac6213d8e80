//! Who takes part in a messaging item, and who of them is the customer.

use crate::json::members::members;
use crate::json::{Token, token};
use std::borrow::Cow;

members! {
    /// One side of a conversation, as in `sender` and `recipient`.
    Party {
        id: "id",
        user_ref: "user_ref",
    }
}

/// The ids of `sender` and `recipient` of a messaging item, where they are given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Participants<'a> {
    pub(crate) sender: Option<Cow<'a, str>>,
    pub(crate) recipient: Option<Cow<'a, str>>,
}

impl<'a> Participants<'a> {
    pub(crate) fn of(sender: Option<Token<'_, 'a>>, recipient: Option<Token<'_, 'a>>) -> Self {
        Self { sender: party(sender), recipient: party(recipient) }
    }

    /// Whether the account sent the item to somebody else. Instagram does not set `is_echo` on all of them.
    pub(crate) fn is_sent_by(&self, account: Option<&str>) -> bool {
        account.is_some() && self.sender.as_deref() == account && self.recipient.as_deref() != account
    }

    /// The dashboard's test button sends from 12334 to 23245.
    pub(crate) fn is_from_test_button(&self) -> bool {
        self.sender.as_deref() == Some("12334") && self.recipient.as_deref() == Some("23245")
    }
}

/// The customer: the one who is not the account. Meta itself swaps the two in echoes.
pub(crate) fn customer<'a>(
    sender: Option<&'a str>,
    recipient: Option<&'a str>,
    account: Option<&str>,
    is_echo: bool,
) -> Option<&'a str> {
    let is_account = |id: &str| Some(id) == account;
    match (sender, recipient) {
        (Some(sender), Some(recipient)) => match (is_account(sender), is_account(recipient)) {
            (true, false) => Some(recipient),
            (false | true, true) => Some(sender),
            (false, false) => Some(if is_echo { recipient } else { sender }),
        },
        (Some(only), None) | (None, Some(only)) => Some(only).filter(|id| !is_account(id)),
        (None, None) => None,
    }
}

/// `user_ref` stands in for `id` where a plugin knows no id yet.
fn party<'a>(token: Option<Token<'_, 'a>>) -> Option<Cow<'a, str>> {
    let party = Party::of(token?)?;
    token::id(party.id).or_else(|| token::id(party.user_ref))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sender: Option<&str>, recipient: Option<&str>, is_echo: bool) -> Option<String> {
        customer(sender, recipient, Some("page"), is_echo).map(str::to_owned)
    }

    #[test]
    fn the_customer_is_the_one_who_is_not_the_account() {
        assert_eq!(found(Some("ann"), Some("page"), false).as_deref(), Some("ann"));
        assert_eq!(found(Some("page"), Some("ann"), true).as_deref(), Some("ann"));
        assert_eq!(found(Some("page"), Some("page"), true).as_deref(), Some("page"));
        assert_eq!(found(Some("ann"), Some("other"), false).as_deref(), Some("ann"));
        assert_eq!(found(Some("ann"), Some("bob"), true).as_deref(), Some("bob"));
        assert_eq!(found(Some("ann"), None, false).as_deref(), Some("ann"));
        assert_eq!(found(None, Some("page"), false), None);
        assert_eq!(found(None, None, false), None);
    }
}
