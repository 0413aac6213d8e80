//! Access tokens: what one is and until when, a long-lived one for a short-lived one, a renewed one for one that ends.

use super::{EdgeError, encoded, listed, read};
use crate::{AccessToken, AppSecret, Graph, GraphId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::time::Duration;

/// What Meta says of a token. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TokenFacts {
    /// Whether it may be used.
    #[serde(default)]
    pub is_valid: bool,
    /// `PAGE`, `USER`, `SYSTEM_USER`, `APP`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The app that it was given to.
    pub app_id: Option<String>,
    /// Until when; 0 is without end.
    pub expires_at: Option<u64>,
    /// Until when the app may see its person's data; 0 is without end.
    pub data_access_expires_at: Option<u64>,
    /// Its permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A token that Meta has given.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct NewToken {
    /// The token itself: a secret.
    #[serde(rename = "access_token")]
    pub secret: String,
    /// For how long, in seconds, which some servers write as a string; without end where Meta says nothing.
    #[serde(default, deserialize_with = "seconds")]
    pub expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Digits(String),
}

fn seconds<'de, D: Deserializer<'de>>(seconds: D) -> Result<Option<u64>, D::Error> {
    match Option::deserialize(seconds)? {
        Some(Seconds::Digits(digits)) => digits.parse().map(Some).map_err(D::Error::custom),
        Some(Seconds::Number(number)) => Ok(Some(number)),
        None => Ok(None),
    }
}

impl Graph {
    /// What a token of `graph.facebook.com` is. `app` is the own token of the app that it was given to.
    pub async fn token_facts(&self, of: &AccessToken, app: &AccessToken) -> Result<TokenFacts, EdgeError> {
        let url = format!("{}/debug_token?input_token={}", self.version(), encoded(of.secret()));
        listed(self.get(&url, app).await, "debug_token")
    }

    /// A long-lived token for a short-lived one of Facebook Login. `app_token` is the app's own.
    pub async fn exchange_facebook(
        &self,
        short: &AccessToken,
        app: &GraphId,
        secret: &AppSecret,
        app_token: &AccessToken,
    ) -> Result<NewToken, EdgeError> {
        let url = format!(
            "{}/oauth/access_token?grant_type=fb_exchange_token&client_id={app}&client_secret={}&fb_exchange_token={}",
            self.version(),
            encoded(secret.as_str()),
            encoded(short.secret()),
        );
        read(self.get(&url, app_token).await, "oauth/access_token")
    }

    /// The own token of a page, of a long-lived token of a person who may act for it: it has no end (Meta's guide to page
    /// access tokens).
    pub async fn page_token(&self, page: &GraphId, person: &AccessToken) -> Result<NewToken, EdgeError> {
        let url = format!("{}/{page}?fields=access_token", self.version());
        read(self.get(&url, person).await, page.as_str())
    }

    /// A token of 60 days for one of an hour, of Instagram Login.
    pub async fn exchange_instagram(
        &self,
        short: &AccessToken,
        secret: &AppSecret,
    ) -> Result<NewToken, EdgeError> {
        let secret = encoded(secret.as_str());
        let url = format!("access_token?grant_type=ig_exchange_token&client_secret={secret}");
        read(self.get(&url, short).await, "access_token")
    }

    /// 60 days more for a token of Instagram Login that is older than a day and has not ended.
    pub async fn refresh_instagram(&self, token: &AccessToken) -> Result<NewToken, EdgeError> {
        let url = "refresh_access_token?grant_type=ig_refresh_token";
        read(self.get(url, token).await, "refresh_access_token")
    }
}

impl NewToken {
    /// For how long.
    pub fn lasts(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }
}

impl fmt::Debug for NewToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "NewToken(hidden, expires_in {:?})", self.expires_in)
    }
}
