//! An access token, and the proof that it is used by its own app.
//!
//! `appsecret_proof` is the HMAC-SHA256 of the token under the app's secret, in hex; Meta demands it of apps that have
//! switched on "Require App Secret" (Meta's page on securing Graph API calls).

use crate::{GraphId, GraphUrl};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderValue;
use runtime::hex;
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;

/// An access token; nothing shows it but the call that carries it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccessToken {
    name: Arc<str>,
    file: Arc<str>,
    secret: Arc<str>,
    proof: Option<Arc<str>>,
    /// None where it is that of the client.
    host: Option<Arc<GraphUrl>>,
    app: Arc<str>,
}

/// What the app is called whose host and secret are those of the flags; no account is called so.
pub(crate) const APP: &str = "app";

/// The secret of an app, which proves that its tokens are used by the app itself.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecret(Arc<str>);

impl AccessToken {
    /// The token of the file `name`, where `text` is one: 1 to 4,096 printable ASCII characters without spaces. White
    /// space around it, as a trailing line break, does not count.
    pub fn parse(name: &str, text: &str, app: Option<&AppSecret>) -> Option<Self> {
        Some(Self::new(name, printable(text, 4_096)?, app))
    }

    fn new(name: &str, secret: Arc<str>, app: Option<&AppSecret>) -> Self {
        let proof = app.map(|app| Arc::from(app.proof(&secret)));
        let name = Arc::<str>::from(name);
        Self { file: Arc::clone(&name), name, secret, proof, host: None, app: Arc::from(APP) }
    }

    /// The same token as that of an account, with the host and the secret of its app, which is called `app`.
    pub(crate) fn of_account(
        &self,
        account: &str,
        host: Option<Arc<GraphUrl>>,
        secret: Option<&AppSecret>,
        app: &str,
    ) -> Self {
        let proof = secret.map(|secret| Arc::from(secret.proof(&self.secret)));
        Self { name: Arc::from(account), proof, host, app: Arc::from(app), ..self.clone() }
    }

    /// The own token of an app, which needs nobody to log in: its id, a bar, its secret (Meta's guide to access tokens).
    pub fn of_app(id: &GraphId, secret: &AppSecret) -> Self {
        let token = format!("{id}|{}", secret.as_str());
        Self::new(id.as_str(), Arc::from(token), Some(secret))
    }

    /// Whether a text is this very token.
    pub fn is(&self, text: &str) -> bool {
        printable(text, 4_096).is_some_and(|text| text == self.secret)
    }

    /// Whose it is: an account's id, or `default`. No secret.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The name of the file that it stands in, which is `default` for accounts too whose own file says all but their token.
    pub(crate) const fn file(&self) -> &Arc<str> {
        &self.file
    }

    /// What its app is called, at its host: calls of one app share its budget, and can be made by one request.
    pub const fn app(&self) -> &Arc<str> {
        &self.app
    }

    /// The only host that may see it, where that is another than the client's.
    pub(crate) fn host(&self) -> Option<&GraphUrl> {
        self.host.as_deref()
    }

    /// The token itself, for calls about it.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn bearer(&self) -> HeaderValue {
        let value = HeaderValue::try_from(format!("Bearer {}", self.secret));
        let mut value = value.expect("a token is printable ASCII");
        value.set_sensitive(true);
        value
    }

    /// What a call's query holds beside the bearer.
    pub(crate) fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }

    /// The query parameters by which an item of a batch has a token of its own.
    pub(crate) fn parameters(&self) -> String {
        let token = utf8_percent_encode(&self.secret, NON_ALPHANUMERIC);
        let proof = self.proof().map(|proof| format!("&appsecret_proof={proof}")).unwrap_or_default();
        format!("access_token={token}{proof}")
    }
}

impl AppSecret {
    /// The secret, where `text` is one: 1 to 256 printable ASCII characters without spaces.
    pub fn parse(text: &str) -> Option<Self> {
        printable(text, 256).map(Self)
    }

    /// The secret itself, for what is proven by it: calls, and deliveries.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn proof(&self, token: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(token.as_bytes());
        hex::digits(&mac.finalize().into_bytes())
    }
}

fn printable(text: &str, longest: usize) -> Option<Arc<str>> {
    let text = text.trim();
    let is_printable =
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_printable.then(|| Arc::from(text))
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AccessToken({}, hidden)", self.name)
    }
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AppSecret(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_debug_nor_the_header_shows_a_token() {
        let app = AppSecret::parse("app-secret").unwrap();
        let token = AccessToken::parse("1784", " EAAsecret\n", Some(&app)).unwrap();
        let shown = format!("{token:?} {app:?} {:?}", token.bearer());
        assert!(!shown.contains("EAAsecret") && !shown.contains("app-secret"), "{shown}");
        assert_eq!(token.bearer().to_str().unwrap(), "Bearer EAAsecret");
    }

    #[test]
    fn the_proof_is_the_hmac_of_the_token_under_the_app_s_secret() {
        // RFC 4231 has no such short text; this is the well-known pair of key and sentence.
        let app = AppSecret::parse("key").unwrap();
        assert_eq!(
            app.proof("The quick brown fox jumps over the lazy dog"),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
        );
    }

    #[test]
    fn an_item_s_parameters_cannot_break_out_of_the_query() {
        let token = AccessToken::parse("default", "EAA&fields=x#%", None).unwrap();
        assert_eq!(token.parameters(), "access_token=EAA%26fields%3Dx%23%25");
    }
}
