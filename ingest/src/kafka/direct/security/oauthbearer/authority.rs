//! Asks an authority for a token, for a secret (RFC 6749, 4.4) or for a token of another authority (RFC 7523).

use super::super::{LARGEST_FILE, tls};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response, Url};
use runtime::http::client;
use runtime::process::chain;
use runtime::secret_files::read_regular;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// librdkafka's limit (`rdkafka_sasl_oauthbearer_oidc.c`).
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);
/// An answer with a token is smaller.
const LARGEST_ANSWER: usize = 64 << 10;
/// How much of what an authority says of a refusal is shown.
const SHOWN: usize = 200;
/// librdkafka sends a scope as it is given, which may be escaped already.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'%');

/// Whom to ask, and with what.
pub(super) struct Authority {
    http: Client,
    endpoint: Url,
    grant: Grant,
    scope: Option<String>,
}

/// What shows the authority who asks.
enum Grant {
    ClientCredentials {
        id: String,
        secret: String,
    },
    /// The file is read for each token: whoever keeps it writes another one before it ends.
    JwtBearer {
        assertion: PathBuf,
    },
}

/// A JWT (RFC 7519).
pub(super) struct Token {
    pub(super) value: String,
    pub(super) given: Instant,
    /// After four fifths of its life, as with librdkafka.
    pub(super) renewed_at: Instant,
    pub(super) ends: Instant,
}

impl Authority {
    /// Blocks; see [`super::Tokens::new`].
    pub(super) fn new(properties: &BTreeMap<String, String>) -> Result<Self, String> {
        let get = |name: &str| {
            let name = format!("sasl.oauthbearer.{name}");
            properties.get(&name).cloned().ok_or(format!("{name} is missing"))
        };
        let grant = match get("assertion.file") {
            Ok(path) if get("grant.type").is_ok_and(|grant| grant.ends_with("jwt-bearer")) => {
                Grant::JwtBearer { assertion: path.into() }
            }
            _ => Grant::ClientCredentials { id: get("client.id")?, secret: get("client.secret")? },
        };
        let endpoint = Url::parse(&get("token.endpoint.url")?);
        let endpoint = endpoint.map_err(|error| format!("sasl.oauthbearer.token.endpoint.url: {error}"))?;
        let http = client::builder(tls::of_https(properties)?).timeout(ANSWERS_WITHIN);
        let http = http.build().map_err(|error| error.to_string())?;
        Ok(Self { http, endpoint, grant, scope: get("scope").ok() })
    }

    pub(super) fn host(&self) -> &str {
        self.endpoint.host_str().unwrap_or_default()
    }

    /// A token, or why there is none, in words that have neither the secret nor the assertion.
    pub(super) async fn ask(&self, now: Instant) -> Result<Token, String> {
        let response = self.request().await?.send().await.map_err(|error| chain(&error.without_url()))?;
        let status = response.status().as_u16();
        Token::of(status, &bounded(response).await?, now)
    }

    async fn request(&self) -> Result<RequestBuilder, String> {
        let request = self.http.post(self.endpoint.clone());
        let request = request.header(ACCEPT, "application/json");
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let (request, mut form) = match &self.grant {
            Grant::ClientCredentials { id, secret } => {
                (request.basic_auth(id, Some(secret)), String::from("grant_type=client_credentials"))
            }
            Grant::JwtBearer { assertion } => {
                let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
                let assertion = escaped(&read(assertion.clone()).await?);
                (request, format!("grant_type={grant}&assertion={assertion}"))
            }
        };
        if let Some(scope) = &self.scope {
            form.extend(["&scope=", &escaped(scope)]);
        }
        Ok(request.body(form))
    }
}

impl Token {
    /// Reads an answer of the authority (RFC 6749, 5.1 and 5.2), or why it has no token. What `expires_in` says is passed over, as by
    /// librdkafka, and a member that is none of these may be of any form.
    fn of(status: u16, body: &[u8], now: Instant) -> Result<Self, String> {
        let answer: Value = serde_json::from_slice(body).unwrap_or_default();
        let member = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        let value = Some(member("access_token"))
            .filter(|token| is_token(token))
            .unwrap_or_else(|| member("id_token"));
        if status != 200 || !is_token(&value) {
            let said = [member("error"), member("error_description")].join(" ");
            let said: String = said
                .trim()
                .chars()
                .map(|char| if char.is_control() { ' ' } else { char })
                .take(SHOWN)
                .collect();
            let why = if said.is_empty() { String::from("there is no token in it") } else { said };
            return Err(format!("it answers {status}: {why}"));
        }
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let ends = expiry(&value).ok_or("its token is no JWT that says when it ends (exp)")?;
        let lives =
            ends.checked_sub(since_1970).ok_or("its token has ended already, by this host's clock")?;
        // Beyond the reach of this clock it is asked for anew each time.
        let after = |life: Duration| now.checked_add(life).unwrap_or(now);
        Ok(Self { value, given: now, renewed_at: after(lives / 5 * 4), ends: after(lives) })
    }
}

/// Of other characters one would end what is said to the broker of the token (RFC 6750, 2.1).
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Since 1970; nobody but the broker verifies the token.
fn expiry(token: &str) -> Option<Duration> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Duration::try_from_secs_f64(claims["exp"].as_f64()?).ok()
}

async fn read(assertion: PathBuf) -> Result<String, String> {
    // A volume that is gone would hold up the thread that serves requests.
    let read = tokio::task::spawn_blocking(move || read_regular(&assertion, LARGEST_FILE)).await;
    let content = read.map_err(|error| error.to_string())?;
    let content = content.map_err(|error| format!("sasl.oauthbearer.assertion.file: {error}"))?;
    let text = String::from_utf8(content).map_err(|_| "sasl.oauthbearer.assertion.file: it is no text")?;
    Ok(text.trim().to_owned())
}

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, ESCAPED).to_string()
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| chain(&error.without_url()))? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(String::from("its answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with a token of these claims.
    fn answer(claims: &str) -> String {
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        format!(r#"{{"access_token":"{token}","expires_in":"3599","scope":null}}"#)
    }

    fn why(status: u16, body: &str) -> String {
        Token::of(status, body.as_bytes(), Instant::now()).err().unwrap_or_default()
    }

    #[test]
    fn a_token_is_renewed_after_four_fifths_of_the_life_that_it_claims() {
        let now = Instant::now();
        let ends = SystemTime::now() + Duration::from_secs(1_000);
        let ends = ends.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let token = Token::of(200, answer(&format!(r#"{{"exp":{ends}}}"#)).as_bytes(), now).unwrap();
        let [renewed, ended] = [token.renewed_at, token.ends].map(|at| at.duration_since(now).as_secs());
        assert!((799..=800).contains(&renewed) && (999..=1_000).contains(&ended), "{renewed}, {ended}");
    }

    #[test]
    fn what_is_no_token_is_not_shown_to_a_broker() {
        assert_eq!(why(200, "<html>"), "it answers 200: there is no token in it");
        let two = r#"{"access_token":"a\u0001auth=Bearer b"}"#;
        assert_eq!(why(200, two), "it answers 200: there is no token in it");
        assert_eq!(why(302, r#"{"access_token":"a"}"#), "it answers 302: there is no token in it");
        let refused = r#"{"error":"invalid_client","error_description":"no such\nclient"}"#;
        assert_eq!(why(401, refused), "it answers 401: invalid_client no such client");
        assert!(why(200, r#"{"access_token":"opaque"}"#).contains("no JWT"));
        assert!(why(200, &answer("{}")).contains("no JWT"));
        assert!(why(200, &answer(r#"{"exp":1}"#)).contains("has ended already"));
    }

    #[test]
    fn a_scope_may_be_escaped_already() {
        assert_eq!([escaped("a b"), escaped("a%20b")], ["a%20b", "a%20b"]);
    }
}
