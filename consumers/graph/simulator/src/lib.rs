//! A Graph API on this machine that answers as documented, for the demo and for tests.
//!
//! It speaks real HTTP on a loopback port, wants a bearer token, knows every id, takes batches, and can be told to
//! behave badly about some ids, some tokens, or batches as such. Of apps, installs and tokens it knows those that it was told
//! of, and remembers what was subscribed to.

mod app;
mod batch;
mod behaviour;
mod fields;
mod nodes;
mod request;
mod world;

pub use app::{KnownToken, Login};
pub use behaviour::Behaviour;
pub use request::Asked;

use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;
use world::{World, lock};

type Body = BoxBody<Bytes, Infallible>;

/// A Graph API on this machine; it ends when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    _server: AbortOnDropHandle<()>,
}

impl Simulator {
    /// Listens on a free loopback port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let world = Arc::<Mutex<World>>::default();
        let server = tokio::spawn(serve(listener, Arc::clone(&world)));
        Ok(Self { address, world, _server: AbortOnDropHandle::new(server) })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    /// What `--graph-url` takes.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The latest reads, oldest first; those of batches one by one.
    pub fn calls(&self) -> Vec<Asked> {
        self.world().calls.iter().cloned().collect()
    }

    /// What it was told to do, oldest first, whatever it answered.
    pub fn posts(&self) -> Vec<Asked> {
        self.world().posts.iter().cloned().collect()
    }

    /// HTTP requests so far; a batch is one.
    pub fn requests(&self) -> usize {
        self.world().requests
    }

    /// From now on, calls that name `id` are answered as `behaviour` says.
    pub fn misbehave(&self, id: &str, behaviour: Behaviour) {
        self.world().scripts.insert(id.to_owned(), (behaviour, None));
    }

    /// The next calls that name `id`, so many of them, are answered as `behaviour` says.
    pub fn misbehave_times(&self, id: &str, behaviour: Behaviour, times: usize) {
        self.world().scripts.insert(id.to_owned(), (behaviour, Some(times)));
    }

    /// From now on, batches are answered as `behaviour` says, whatever is in them.
    pub fn misbehave_batches(&self, behaviour: Behaviour) {
        self.world().batches = Some(behaviour);
    }

    /// From now on, so many percent of all requests, drawn by lot, are answered as `behaviour` says, whatever is in them. What they tell it to
    /// do counts among [`Self::posts`] all the same.
    pub fn misbehave_partly(&self, behaviour: Behaviour, percent: u64) {
        self.world().partly = Some((behaviour, percent));
    }

    /// No part of all requests is answered badly any more.
    pub fn behave_wholly(&self) {
        self.world().partly = None;
    }

    /// Calls that name `id` are answered well again.
    pub fn behave(&self, id: &str) {
        self.world().scripts.remove(id);
    }

    /// Batches are answered well again.
    pub fn behave_about_batches(&self) {
        self.world().batches = None;
    }

    /// From now on, every answer takes so long.
    pub fn slow_down(&self, delay: Duration) {
        self.world().delay = delay;
    }

    /// From now on, this token is expired (190/463).
    pub fn refuse_token(&self, token: &str) {
        self.world().refused.insert(token.to_owned());
    }

    /// There is an app of this id and secret.
    pub fn add_app(&self, id: &str, secret: &str) {
        self.world().apps.secrets.insert(id.to_owned(), secret.to_owned());
    }

    /// From now on, whoever subscribes with a callback at this host is asked Meta's handshake, at this address and without TLS. Of callbacks
    /// at other hosts it is taken as answered.
    pub fn lead_callbacks(&self, host: &str, to: SocketAddr) {
        self.world().callbacks.insert(host.to_owned(), to);
    }

    /// There is a token, which the edges about apps and tokens want to know.
    pub fn add_token(&self, token: &str, known: KnownToken) {
        self.world().apps.tokens.insert(token.to_owned(), known);
    }

    /// There is a message in the conversation with a user, sent at a time such as `2026-11-21T18:30:00+0000`.
    pub fn add_message(&self, user: &str, mid: &str, created: &str) {
        self.world().apps.add_message(user, mid, created);
    }

    /// The review of this app has approved a permission.
    pub fn approve(&self, app: &str, permission: &str) {
        self.world().apps.approved.entry(app.to_owned()).or_default().push(permission.to_owned());
    }

    /// This page has a linked Instagram account.
    pub fn link(&self, page: &str, instagram: &str) {
        self.world().apps.linked.insert(page.to_owned(), instagram.to_owned());
    }

    /// This account has no app installed any more, as after an hour of failures.
    pub fn uninstall(&self, account: &str) {
        self.world().apps.installs.retain(|(of, _), _| of != account);
    }

    /// From now on, every answer and every item of a batch has this header.
    pub fn say_usage(&self, name: &str, value: &str) {
        self.world().usage.push((name.to_owned(), value.to_owned()));
    }

    /// No answer has headers of usage any more.
    pub fn say_no_usage(&self) {
        self.world().usage.clear();
    }
}

async fn serve(listener: TcpListener, world: Arc<Mutex<World>>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
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
}

async fn respond(request: Request<Incoming>, world: Arc<Mutex<World>>) -> Result<Response<Body>, Infallible> {
    let mut asked = Asked::read(request).await;
    asked.callback_answers = app::handshake::is_answered(&asked, &world).await;
    let behaviour = lock(&world).answer(&asked);
    let delay = lock(&world).delay;
    tokio::time::sleep(delay).await;
    let mut response = behaviour.respond().await;
    for (name, value) in &lock(&world).usage {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}
