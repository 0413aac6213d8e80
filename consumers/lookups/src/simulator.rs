//! A Graph API on this machine that answers as documented, for the demo and for tests.
//!
//! It speaks real HTTP on a loopback port, wants a bearer token, knows every id, and can be told to behave badly
//! about some.

mod behaviour;
mod fields;
mod nodes;

pub use behaviour::Behaviour;

use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::AUTHORIZATION;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// Calls that are remembered; older ones are forgotten.
const REMEMBERED: usize = 10_000;

/// A body whose end may be an error, which cuts the connection.
type Body = BoxBody<Bytes, io::Error>;

/// A Graph API on this machine; it ends when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    world: Arc<World>,
    _server: AbortOnDropHandle<()>,
}

/// A call that the simulator was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCall {
    /// Path and query without the leading slash, percent-decoded.
    pub relative_url: String,
    /// The bearer token, where there was one.
    pub token: Option<String>,
}

#[derive(Debug, Default)]
struct World {
    behaviours: Mutex<BTreeMap<String, Behaviour>>,
    calls: Mutex<VecDeque<SeenCall>>,
}

impl Simulator {
    /// Listens on a free loopback port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let world = Arc::<World>::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&world)));
        Ok(Self { address, world, _server: AbortOnDropHandle::new(server) })
    }

    /// What `--graph-url` takes.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The latest calls, oldest first.
    pub fn calls(&self) -> Vec<SeenCall> {
        lock(&self.world.calls).iter().cloned().collect()
    }

    /// From now on, calls that name `id` are answered as `behaviour` says.
    pub fn misbehave(&self, id: &str, behaviour: Behaviour) {
        lock(&self.world.behaviours).insert(id.to_owned(), behaviour);
    }

    /// Calls that name `id` are answered well again.
    pub fn behave(&self, id: &str) {
        lock(&self.world.behaviours).remove(id);
    }
}

impl World {
    /// How to answer a call: badly where one of its ids says so, else as documented.
    fn answer(&self, method: &Method, call: &SeenCall) -> Behaviour {
        if call.token.is_none() {
            return Behaviour::error(190, None);
        }
        let behaviours = lock(&self.behaviours);
        let named = ids(&call.relative_url).find_map(|id| behaviours.get(id));
        named.cloned().unwrap_or_else(|| {
            if method == Method::GET { nodes::read(&call.relative_url) } else { Behaviour::error(100, None) }
        })
    }

    fn remember(&self, call: SeenCall) {
        let mut calls = lock(&self.calls);
        if calls.len() == REMEMBERED {
            calls.pop_front();
        }
        calls.push_back(call);
    }
}

/// Every run of digits and underscores that is not part of a word.
fn ids(relative_url: &str) -> impl Iterator<Item = &str> {
    let is_part_of_word =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.');
    relative_url.split(move |character| !is_part_of_word(character))
}

async fn serve(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let world = Arc::clone(&world);
                let service = service_fn(move |request| respond(request, Arc::clone(&world)));
                connections.spawn(async move {
                    // A client that goes away, or that was told to be cut off, is no error here.
                    hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await
                        .unwrap_or_default();
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn respond(request: Request<Incoming>, world: Arc<World>) -> Result<Response<Body>, Infallible> {
    let uri = request.uri().path_and_query().map_or("", |uri| uri.as_str());
    let call = SeenCall {
        relative_url: percent_encoding::percent_decode_str(uri.trim_start_matches('/'))
            .decode_utf8_lossy()
            .into_owned(),
        token: bearer(&request),
    };
    let behaviour = world.answer(request.method(), &call);
    world.remember(call);
    Ok(behaviour.respond().await)
}

fn bearer(request: &Request<Incoming>) -> Option<String> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
