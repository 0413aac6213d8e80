//! OAUTHBEARER (RFC 7628): a token shows who we are, and is kept and renewed as librdkafka's OIDC does, whose properties these are.

mod authority;

use self::authority::{Authority, Token};
use super::super::connection::ConnectionError;
use super::refused;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long after a failure, or after a token that a broker refused, the authority is asked again (librdkafka's
/// `rdkafka_sasl_oauthbearer.c`): a wrong secret must not lock the client out.
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// What connections begin with.
pub(super) struct Tokens {
    authority: Authority,
    /// `sasl.oauthbearer.extensions`, as the broker reads them: each with a separator after it.
    extensions: String,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<Token>,
    /// When asking for another one failed, and why.
    failed: Option<(Instant, String)>,
}

impl Tokens {
    /// Blocks for as long as it takes to read the file of the authority's certificate. The reason names a property, never its value.
    pub(super) fn new(properties: &BTreeMap<String, String>) -> Result<Self, String> {
        let extensions =
            properties.get("sasl.oauthbearer.extensions").map(String::as_str).unwrap_or_default();
        let extensions = extensions.split(',').map(str::trim).filter(|extension| !extension.is_empty());
        Ok(Self {
            authority: Authority::new(properties)?,
            extensions: extensions.map(|extension| [extension, "\x01"].concat()).collect(),
            kept: Mutex::default(),
        })
    }

    /// A token that is good for now. The authority is asked by a task of its own: it may take longer than a connection, the next of which
    /// has the token then, or the reason why there is none.
    pub(super) async fn token(self: &Arc<Self>) -> Result<String, ConnectionError> {
        let tokens = Arc::clone(self);
        let token = tokio::spawn(async move { tokens.kept_or_new().await }).await;
        token.unwrap_or_else(|error| Err(error.to_string())).map_err(|reason| {
            let host = self.authority.host();
            refused(&format!("no token of {host} (sasl.oauthbearer.token.endpoint.url): {reason}"))
        })
    }

    /// What the client says first with this token.
    pub(super) fn client_first(&self, token: &str) -> String {
        format!("n,,\x01auth=Bearer {token}\x01{}\x01", self.extensions)
    }

    /// A broker does not take this token: another one is asked for, unless it is new.
    pub(super) async fn refused(&self, token: &str) {
        let mut kept = self.kept.lock().await;
        kept.token.take_if(|kept| kept.value == token && kept.given.elapsed() >= ASK_AGAIN);
    }

    async fn kept_or_new(&self) -> Result<String, String> {
        let mut kept = self.kept.lock().await;
        if kept.is_due(Instant::now()) {
            let asked = Instant::now();
            match self.authority.ask(asked).await {
                Ok(token) => *kept = Kept { token: Some(token), failed: None },
                Err(reason) => kept.failed = Some((Instant::now(), reason)),
            }
        }
        kept.usable(Instant::now())
    }
}

impl Kept {
    /// Whether another token is to be asked for: the one that is kept has a fifth of its life left, or none is.
    fn is_due(&self, now: Instant) -> bool {
        let is_good = self.token.as_ref().is_some_and(|token| now < token.renewed_at);
        let has_failed = self.failed.as_ref().is_some_and(|(at, _)| now.duration_since(*at) < ASK_AGAIN);
        !is_good && !has_failed
    }

    /// The token, to its end: while there is no other, or why there is none.
    fn usable(&self, now: Instant) -> Result<String, String> {
        if let Some(token) = self.token.as_ref().filter(|token| now < token.ends) {
            return Ok(token.value.clone());
        }
        Err(self.failed.as_ref().map_or_else(|| String::from("it has ended"), |(_, reason)| reason.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_mins(10);

    fn kept(given: Instant) -> Kept {
        let token = Token {
            value: String::from("a.b.c"),
            given,
            renewed_at: given + LIFE / 5 * 4,
            ends: given + LIFE,
        };
        Kept { token: Some(token), failed: None }
    }

    #[test]
    fn a_token_is_kept_while_the_authority_gives_no_other_and_to_its_end() {
        let given = Instant::now();
        let mut kept = kept(given);
        assert!(!kept.is_due(given + LIFE / 2));
        let late = given + LIFE / 10 * 9;
        assert!(kept.is_due(late));
        kept.failed = Some((late, String::from("HTTP 503")));
        assert!(!kept.is_due(late + ASK_AGAIN / 2), "it is not asked all the time");
        assert!(kept.is_due(late + ASK_AGAIN));
        assert_eq!(kept.usable(late + ASK_AGAIN).as_deref(), Ok("a.b.c"));
        assert_eq!(kept.usable(given + LIFE), Err(String::from("HTTP 503")));
    }

    #[test]
    fn extensions_are_said_to_the_broker_behind_the_token() {
        let set = [
            ("token.endpoint.url", "https://login.example/token"),
            ("client.id", "weir"),
            ("client.secret", "hunter2"),
            ("extensions", "logicalCluster=lkc-1, identityPoolId=pool-1"),
        ];
        let set = set.map(|(name, value)| (format!("sasl.oauthbearer.{name}"), value.to_owned()));
        let said = Tokens::new(&set.into()).unwrap().client_first("a.b.c");
        assert_eq!(said, "n,,\x01auth=Bearer a.b.c\x01logicalCluster=lkc-1\x01identityPoolId=pool-1\x01\x01");
    }

    #[tokio::test]
    async fn a_refused_token_is_given_up_unless_it_is_new() {
        let set =
            [("client.id", "weir"), ("client.secret", "x"), ("token.endpoint.url", "https://login.example")];
        let set = set.map(|(name, value)| (format!("sasl.oauthbearer.{name}"), value.to_owned()));
        let tokens = Tokens::new(&set.into()).unwrap();
        for (age, is_kept) in [(Duration::ZERO, true), (ASK_AGAIN, false)] {
            *tokens.kept.lock().await = kept(Instant::now().checked_sub(age).unwrap());
            tokens.refused("another").await;
            tokens.refused("a.b.c").await;
            assert_eq!(tokens.kept.lock().await.token.is_some(), is_kept, "{age:?}");
        }
    }
}
