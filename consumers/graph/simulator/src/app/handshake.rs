//! Meta's handshake with the callback of an app that subscribes, where a test says to which address the callback leads.

use crate::request::Asked;
use crate::world::{World, lock};
use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::task::spawn_blocking;

/// How long a callback may take; how long Meta waits no document says.
const WITHIN: Duration = Duration::from_secs(10);
/// More than an answer to a challenge has.
const LONGEST: u64 = 16 * 1024;

/// What a callback is asked.
struct Handshake {
    to: SocketAddr,
    host: String,
    /// Path and query.
    target: String,
    challenge: String,
}

/// Whether the callback that a request names answers as it should; true where nobody said where it leads.
pub(crate) async fn is_answered(asked: &Asked, world: &World) -> bool {
    let Some(handshake) = Handshake::of(asked, world) else { return true };
    let answered = spawn_blocking(move || handshake.is_answered()).await;
    answered.is_ok_and(|answered| answered.unwrap_or(false))
}

impl Handshake {
    /// That of a request to subscribe, by the app itself.
    fn of(asked: &Asked, world: &World) -> Option<Self> {
        let subscribes = asked.method == Method::POST && asked.path().ends_with("/subscriptions");
        if !subscribes || world.apps().app_of(asked).is_none() {
            return None;
        }
        let (callback, token) = (asked.parameter("callback_url")?, asked.parameter("verify_token")?);
        let (host, path) = callback.strip_prefix("https://")?.split_once('/')?;
        let to = lock(&world.orders).callbacks.get(host).copied()?;
        // The standard library seeds each `RandomState` differently, which saves a dependency.
        let challenge = RandomState::new().build_hasher().finish().to_string();
        let token = utf8_percent_encode(token, NON_ALPHANUMERIC);
        let target = format!("/{path}?hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}");
        Some(Self { to, host: host.to_owned(), target, challenge })
    }

    /// 200, and the challenge as it is.
    fn is_answered(&self) -> io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&self.to, WITHIN)?;
        stream.set_read_timeout(Some(WITHIN))?;
        let Self { host, target, challenge, .. } = self;
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(LONGEST).read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        Ok(head.starts_with("HTTP/1.1 200 ") && body == challenge)
    }
}
