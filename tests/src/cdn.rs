//! A CDN of a test: it has files, links that have died, and every fault that a server on the other side may have.

mod made;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use self::made::Body;
pub use self::made::Made;
use crate::edge::Edge;

/// What it answers to one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status; 200 where it is 0.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A running CDN behind TLS; it ends when dropped.
#[derive(Debug)]
pub struct Cdn {
    edge: Edge,
    answers: Answers,
}

/// By path, with how often each was asked for.
type Answers = Arc<Mutex<BTreeMap<String, (Answer, usize)>>>;

impl Cdn {
    /// Starts it with nothing.
    ///
    /// # Errors
    ///
    /// When nothing can be listened on.
    pub async fn start() -> Result<Self> {
        let answers = Answers::default();
        let known = Arc::clone(&answers);
        let edge = Edge::serving(None, move |client| serve(client, Arc::clone(&known))).await?;
        Ok(Self { edge, answers })
    }

    /// Has it answer so to a path from now on; the link to it.
    pub fn answer(&self, path: &str, answer: Answer) -> String {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path.to_owned(), (answer, 0));
        self.link(path)
    }

    /// The link to something that is made when it is asked for, of so many bytes, which no other name has.
    pub fn made(&self, what: Made, bytes: u64, name: &str) -> String {
        self.link(&what.path(bytes, name))
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(path).map_or(0, |(_, asked)| *asked)
    }

    /// The rule of its host, for `--media-hosts`.
    pub fn host(&self) -> String {
        format!("localhost:{}", self.edge.port())
    }

    /// The file of the certificate that vouches for it.
    pub fn root(&self) -> PathBuf {
        self.edge.root()
    }

    fn link(&self, path: &str) -> String {
        format!("https://{}{path}", self.host())
    }
}

async fn serve(client: TlsStream<TcpStream>, answers: Answers) -> io::Result<()> {
    let answer = service_fn(move |request: Request<Incoming>| {
        let response = respond(request.uri().path(), &answers);
        async move { Ok::<_, Infallible>(response) }
    });
    http1::Builder::new().serve_connection(TokioIo::new(client), answer).await.map_err(io::Error::other)
}

/// What is not there is gone.
fn respond(path: &str, answers: &Answers) -> Response<Body> {
    if let Some(response) = made::response(path) {
        return response;
    }
    let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    let gone = (Answer { status: 404, ..Answer::default() }, 0);
    let (answer, asked) = answers.entry(path.to_owned()).or_insert(gone);
    *asked += 1;
    let mut response = Response::new(Full::from(answer.body.clone()).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    for (name, value) in &answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}
