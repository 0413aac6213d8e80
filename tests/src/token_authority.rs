//! An authority that gives tokens (OAuth 2.0) over TLS, and the keys by which a broker knows them.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::edge::Edge;

/// The secret of every client.
pub const SECRET: &str = "s3cret of: a client";

/// A running authority; it ends when dropped.
#[derive(Debug)]
pub struct TokenAuthority {
    edge: Edge,
    given: Given,
}

/// To whom, and when.
type Given = Arc<Mutex<Vec<(String, Instant)>>>;

fn lock(given: &Given) -> MutexGuard<'_, Vec<(String, Instant)>> {
    given.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Issuer {
    key: EcdsaKeyPair,
    lives: Duration,
    given: Given,
}

impl TokenAuthority {
    /// Starts it, with tokens of such a life, and writes the key that it signs with to this file (JWKS).
    ///
    /// # Errors
    ///
    /// When there is no key, the file cannot be written, or nothing can be listened on.
    pub async fn start(lives: Duration, keys: &Path) -> Result<Self> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok().context("making a key")?;
        let key =
            EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).ok().context("reading a key")?;
        fs::write(keys, jwks(&key).to_string()).context("writing the keys")?;
        let given = Given::default();
        let issuer = Arc::new(Issuer { key, lives, given: Arc::clone(&given) });
        let edge = Edge::serving(None, move |client| {
            let issuer = Arc::clone(&issuer);
            async move {
                let answer = service_fn(move |request| {
                    let issuer = Arc::clone(&issuer);
                    async move { Ok::<_, Infallible>(issuer.answer(request).await) }
                });
                http1::Builder::new()
                    .serve_connection(TokioIo::new(client), answer)
                    .await
                    .map_err(io::Error::other)
            }
        })
        .await?;
        Ok(Self { edge, given })
    }

    /// Where tokens are asked for.
    pub fn endpoint(&self) -> String {
        format!("https://localhost:{}/token", self.edge.port())
    }

    /// The file of the certificate that vouches for it.
    pub fn root(&self) -> PathBuf {
        self.edge.root()
    }

    /// Whether it has given this client a token after that.
    pub fn has_given(&self, client: &str, after: Instant) -> bool {
        lock(&self.given).iter().any(|(given, at)| given == client && *at > after)
    }
}

impl Issuer {
    /// A token for the client whose secret is right, or for whom an assertion names, which is not signed here.
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let basic = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let basic = basic.and_then(|value| STANDARD.decode(value.strip_prefix("Basic ")?).ok());
        let basic = basic.and_then(|value| String::from_utf8(value).ok()).unwrap_or_default();
        let form =
            request.into_body().collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        let form = String::from_utf8(form).unwrap_or_default();
        let field = |name: &str| form.split('&').find_map(|field| field.strip_prefix(name));
        let client = match field("grant_type=").unwrap_or_default() {
            "client_credentials" => {
                basic.split_once(':').filter(|(_, secret)| *secret == SECRET).map(|(id, _)| id)
            }
            grant if grant.ends_with("jwt-bearer") => field("assertion="),
            _ => None,
        };
        let (status, body) = match client.and_then(|client| self.token(client)) {
            Some(token) => {
                let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": self.lives.as_secs()});
                (StatusCode::OK, body)
            }
            None => (
                StatusCode::UNAUTHORIZED,
                json!({"error": "invalid_client", "error_description": "who is that?"}),
            ),
        };
        let mut response = Response::new(Full::from(body.to_string()));
        *response.status_mut() = status;
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        response
    }

    fn token(&self, subject: &str) -> Option<String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        // An assertion is escaped, or as it is in its file; names of the tests have nothing else that is.
        let subject = subject.trim().replace("%2D", "-");
        let claims = json!({"sub": subject, "iat": now, "exp": now + self.lives.as_secs()});
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encoded(&json!({"alg": "ES256", "kid": "1"})), encoded(&claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).ok()?;
        lock(&self.given).push((subject, Instant::now()));
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// RFC 7517, of a point that is not compressed.
fn jwks(key: &EcdsaKeyPair) -> Value {
    let point = key.public_key().as_ref();
    let (x, y) = point[1..].split_at(32);
    json!({"keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    }]})
}
