//! A request as the simulator reads it: path, query and parameters, apart from token and proof.

use http_body_util::{BodyExt as _, Collected};
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::{Method, Request};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// A request, or an item of a batch, as the simulator reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// Path and query without the leading slash, percent-decoded, without token and proof.
    pub relative_url: String,
    /// The token, where there was one.
    pub token: Option<String>,
    /// `appsecret_proof`, where there was one.
    pub proof: Option<String>,
    /// The parameters of the body, of a form or of a JSON object.
    pub parameters: Value,
    /// Whether the callback that it names answers Meta's handshake, as far as that is tried.
    pub(super) callback_answers: bool,
}

impl Asked {
    pub(super) async fn read(request: Request<Incoming>) -> Self {
        let method = request.method().clone();
        let uri = request.uri().path_and_query().map_or("", |uri| uri.as_str()).to_owned();
        let bearer = bearer(&request);
        let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
        let parameters = parameters(&String::from_utf8_lossy(&body));
        Self { parameters, ..Self::of(method, uri.trim_start_matches('/'), bearer) }
    }

    /// A call by its relative URL; a token of its own comes before `token`.
    pub(super) fn of(method: Method, relative_url: &str, token: Option<String>) -> Self {
        let (path, query) = relative_url.split_once('?').unwrap_or((relative_url, ""));
        let (mut own, mut proof, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("access_token", token)) => own = Some(decoded(token)),
                Some(("appsecret_proof", value)) => proof = Some(decoded(value)),
                _ => rest.push(decoded(pair)),
            }
        }
        let separator = if rest.is_empty() { "" } else { "?" };
        let relative_url = format!("{}{separator}{}", decoded(path), rest.join("&"));
        let (token, parameters) = (own.or(token), Value::Null);
        Self { method, relative_url, token, proof, parameters, callback_answers: true }
    }

    pub(super) fn path(&self) -> &str {
        self.relative_url.split('?').next().unwrap_or_default()
    }

    /// A parameter of the body or of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str).or_else(|| {
            let (_, query) = self.relative_url.split_once('?')?;
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        })
    }

    /// A POST to the version, or to nothing, with a parameter `batch`.
    pub(super) fn batch(&self) -> Option<&str> {
        let path = self.relative_url.trim_end_matches('/');
        (self.method == Method::POST && !path.contains('/')).then_some(())?;
        self.parameters.get("batch")?.as_str()
    }

    /// The words of URL and body, among them whole ids.
    pub(super) fn words(&self) -> Vec<String> {
        let text = format!("{} {}", self.relative_url, self.parameters);
        let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
        text.split(|character| !is_part(character)).map(str::to_owned).collect()
    }
}

fn parameters(body: &str) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_str(body).unwrap_or_else(|_| {
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (decoded(name), decoded(value).into())).collect::<Map<_, _>>().into()
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn bearer(request: &Request<Incoming>) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}
