//! Where an account is reached: by which login, at which host, and at which node for messages: pure.
//!
//! Source: Meta's references of the Send API and of the Instagram API with Instagram Login: an Instagram account of Facebook Login
//! writes and receives as its Page (`/{page}/messages`, or `/me/messages` with the Page's token), one of Instagram Login as
//! itself at a host of its own.

use crate::{GraphId, GraphUrl};
use serde::Deserialize;

/// The host of Instagram Login.
const INSTAGRAM_HOST: &str = "https://graph.instagram.com";
/// The host of all other logins.
const FACEBOOK_HOST: &str = "https://graph.facebook.com";
/// What ids of Instagram's professional accounts begin with, and how long they are; ids of pages are shorter.
const INSTAGRAM_IDS: (&str, usize) = ("1784", 17);

/// How the account's owner has logged in, which decides what its token is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Login {
    /// Facebook Login: the token is that of a Page, or of a user or system user who has it.
    Facebook,
    /// Instagram Login: the token is the Instagram account's own.
    Instagram,
}

/// An account or page, as far as it matters for calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id, as webhooks have it.
    pub id: GraphId,
    /// How its owner has logged in.
    pub login: Login,
    /// The Page that it belongs to, where that is known.
    pub page: Option<GraphId>,
}

impl Login {
    /// The one whose tokens a host takes.
    pub fn of_host(host: &GraphUrl) -> Self {
        if host.is_instagram() { Self::Instagram } else { Self::Facebook }
    }

    pub(crate) fn host(self) -> Option<GraphUrl> {
        GraphUrl::parse(match self {
            Self::Facebook => FACEBOOK_HOST,
            Self::Instagram => INSTAGRAM_HOST,
        })
    }
}

impl Account {
    /// The account of an id and a login, with the Page that it belongs to, where that is known.
    pub const fn new(id: GraphId, login: Login, page: Option<GraphId>) -> Self {
        Self { id, login, page }
    }

    /// Whether it is on Instagram, rather than a page.
    pub fn is_instagram(&self) -> bool {
        let (prefix, length) = INSTAGRAM_IDS;
        let has_instagram_id = self.id.as_str().starts_with(prefix) && self.id.as_str().len() == length;
        let belongs_to_page = self.page.as_ref().is_some_and(|page| *page != self.id);
        has_instagram_id || belongs_to_page || self.login == Login::Instagram
    }

    /// Whether its host takes batches: of Instagram Login's Meta describes none.
    pub fn has_batches(&self) -> bool {
        self.login == Login::Facebook
    }

    /// The node with the edges of messages and of the control of threads.
    pub fn messaging_node(&self) -> &str {
        match &self.page {
            Some(page) => page.as_str(),
            None if self.login == Login::Facebook && self.is_instagram() => "me",
            None => self.id.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTAGRAM: &str = "17841405726653026";
    const PAGE: &str = "1067280970047460";

    fn account(id: &str, login: Login, page: Option<&str>) -> Account {
        Account::new(GraphId::parse(id).unwrap(), login, page.and_then(GraphId::parse))
    }

    #[test]
    fn an_account_is_told_by_its_id_unless_its_login_or_its_page_tells() {
        let is_instagram = |id, login, page| account(id, login, page).is_instagram();
        assert!(is_instagram(INSTAGRAM, Login::Facebook, None));
        assert!(!is_instagram("178414057266530", Login::Facebook, None));
        assert!(
            !is_instagram(PAGE, Login::Facebook, None) && !is_instagram(PAGE, Login::Facebook, Some(PAGE))
        );
        assert!(
            is_instagram("99", Login::Instagram, None) && is_instagram("99", Login::Facebook, Some(PAGE))
        );
    }

    #[test]
    fn messages_of_instagram_go_to_the_page_unless_the_account_has_logged_in_itself() {
        let node = |id, login, page| account(id, login, page).messaging_node().to_owned();
        assert_eq!(node(INSTAGRAM, Login::Facebook, Some(PAGE)), PAGE);
        assert_eq!(node(INSTAGRAM, Login::Facebook, None), "me");
        assert_eq!(node(INSTAGRAM, Login::Instagram, None), INSTAGRAM);
        assert_eq!(node(PAGE, Login::Facebook, None), PAGE);
    }
}
