//! An API server of Kubernetes that has one Secret, behind TLS: versions, merge patches and dry runs as Kubernetes documents them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use weir_tests::edge::{Edge, NAMES};

/// The Secret that it has.
pub(crate) const SECRET: &str = "weir/weir-access-tokens";
const PATH: &str = "/api/v1/namespaces/weir/secrets/weir-access-tokens";
/// Whom it lets in.
pub(crate) const TOKEN: &str = "token-of-the-service-account";

/// What it does not do as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The service account has no right to this.
    Forbids(Method),
    /// The Secret is not there.
    HasNone,
    /// The Secret cannot be changed.
    Immutable,
    /// It refuses each change that is no dry run, in words that repeat it.
    Repeats,
    /// It makes a change, and its answer is lost.
    LosesAnswer,
    /// Somebody else writes this key just before each change.
    OtherWrites(&'static str, &'static str),
}

#[derive(Debug, Default)]
struct State {
    version: u64,
    data: BTreeMap<String, String>,
    fault: Option<Fault>,
}

/// A running API server; it ends when dropped.
#[derive(Debug)]
pub(crate) struct ApiServer {
    edge: Edge,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl ApiServer {
    /// Starts it with these keys in its Secret.
    pub(crate) async fn start(data: &[(&str, &str)]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("a port for the API server")?;
        let edge = Edge::start(&listener.local_addr()?.to_string(), None).await?;
        let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let state = Arc::new(Mutex::new(State { version: 4711, data, fault: None }));
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self { edge, state, task })
    }

    /// The variables that a pod has.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        [
            ("KUBERNETES_SERVICE_HOST", NAMES[1].to_owned()),
            ("KUBERNETES_SERVICE_PORT", self.edge.port().to_string()),
        ]
    }

    /// What is mounted into a pod as its service account.
    pub(crate) fn mount(&self, folder: &Path) -> Result<()> {
        fs::write(folder.join("token"), TOKEN)?;
        fs::copy(self.edge.root(), folder.join("ca.crt")).map(drop).context("copying the authority")
    }

    /// From now on.
    pub(crate) fn set(&self, fault: Option<Fault>) {
        lock(&self.state).fault = fault;
    }

    /// Somebody writes a key.
    pub(crate) fn put(&self, key: &str, value: &str) {
        lock(&self.state).keep([(key.to_owned(), value.to_owned())].into());
    }

    /// What is in its Secret.
    pub(crate) fn data(&self) -> BTreeMap<String, String> {
        lock(&self.state).data.clone()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&state)));
            let connection = hyper::server::conn::http1::Builder::new();
            // A client that goes away is its own business.
            drop(connection.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (status, object) = match lock(&state).answer(&head, &body) {
        Ok(object) => (StatusCode::OK, object),
        Err((status, message)) => {
            (status, json!({"kind": "Status", "code": status.as_u16(), "message": message}))
        }
    };
    let mut response = Response::new(Full::from(object.to_string()));
    *response.status_mut() = status;
    Ok(response)
}

impl State {
    fn answer(&mut self, head: &Parts, body: &[u8]) -> Result<Value, (StatusCode, String)> {
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if header(AUTHORIZATION) != format!("Bearer {TOKEN}") {
            return Err((StatusCode::UNAUTHORIZED, String::from("Unauthorized")));
        }
        if head.uri.path() != PATH || self.fault == Some(Fault::HasNone) {
            return Err((StatusCode::NOT_FOUND, String::from("secrets \"weir-access-tokens\" not found")));
        }
        if self.fault == Some(Fault::Forbids(head.method.clone())) {
            let verb = head.method.as_str().to_lowercase();
            return Err((
                StatusCode::FORBIDDEN,
                format!("secrets \"weir-access-tokens\" is forbidden: cannot {verb}"),
            ));
        }
        if head.method == Method::GET {
            return Ok(self.object(&self.data));
        }
        if header(CONTENT_TYPE) != "application/merge-patch+json" {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, String::from("it takes merge patches")));
        }
        let patch: Value =
            serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
        let is_dry = head.uri.query().unwrap_or_default().split('&').any(|one| one == "dryRun=All");
        self.patch(&patch, is_dry)
    }

    fn patch(&mut self, patch: &Value, is_dry: bool) -> Result<Value, (StatusCode, String)> {
        if let (Some(Fault::OtherWrites(key, value)), false) = (self.fault.clone(), is_dry) {
            self.keep([(key.to_owned(), value.to_owned())].into());
            self.fault = None;
        }
        let now = self.version.to_string();
        if patch
            .pointer("/metadata/resourceVersion")
            .is_some_and(|version| version.as_str() != Some(now.as_str()))
        {
            return Err((StatusCode::CONFLICT, String::from("the object has been modified")));
        }
        let mut changed = self.data.clone();
        for (key, value) in patch["data"].as_object().into_iter().flatten() {
            let value = value.as_str().and_then(|value| STANDARD.decode(value).ok());
            let value = value.and_then(|value| String::from_utf8(value).ok());
            changed.insert(key.clone(), value.ok_or((StatusCode::BAD_REQUEST, String::from("no Base64")))?);
        }
        match self.fault {
            Some(Fault::Immutable) if changed != self.data => Err((
                StatusCode::UNPROCESSABLE_ENTITY,
                String::from("data: Forbidden: field is immutable when `immutable` is set"),
            )),
            Some(Fault::Repeats) if !is_dry => {
                Err((StatusCode::UNPROCESSABLE_ENTITY, format!("not {changed:?}")))
            }
            _ if is_dry => Ok(self.object(&changed)),
            _ => {
                self.keep(changed);
                match self.fault.take_if(|fault| *fault == Fault::LosesAnswer) {
                    Some(_) => Err((StatusCode::GATEWAY_TIMEOUT, String::from("timeout"))),
                    None => Ok(self.object(&self.data)),
                }
            }
        }
    }

    /// Each change is a version.
    fn keep(&mut self, changed: BTreeMap<String, String>) {
        self.version += 1;
        self.data.extend(changed);
    }

    fn object(&self, data: &BTreeMap<String, String>) -> Value {
        let data: BTreeMap<_, _> = data.iter().map(|(key, value)| (key, STANDARD.encode(value))).collect();
        json!({"kind": "Secret", "apiVersion": "v1", "metadata": {"resourceVersion": self.version.to_string()}, "data": data})
    }
}
