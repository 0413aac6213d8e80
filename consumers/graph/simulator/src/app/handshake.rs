//! Meta's handshake with the callback of an app that subscribes, where a test says to which address the callback leads.

use crate::request::Asked;
use crate::world::{World, drawn, lock};
use hyper::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::time::Duration;
use tokio::task::spawn_blocking;

/// How long a callback may take; how long Meta waits no document says.
const CALLBACK_TIMEOUT: Duration = Duration::from_secs(10);
/// More than an answer to a challenge has.
const MAX_ANSWER_BYTES: u64 = 16 * 1024;

/// Whether the callback that a request names answers as it should; true where nobody said where it leads.
pub(crate) async fn is_answered(asked: &Asked, world: &Mutex<World>) -> bool {
    let challenge = drawn().to_string();
    let Some((to, question)) = question(asked, &challenge, &lock(world)) else { return true };
    let answered = spawn_blocking(move || is_answered_with(&challenge, to, &question)).await;
    answered.is_ok_and(|answered| answered.unwrap_or(false))
}

/// What the callback of a request to subscribe, by the app itself, is asked, and where it is.
fn question(asked: &Asked, challenge: &str, world: &World) -> Option<(SocketAddr, String)> {
    let subscribes = asked.method == Method::POST && asked.path().ends_with("/subscriptions");
    if !subscribes || world.apps.app_of(asked).is_none() {
        return None;
    }
    let (callback, token) = (asked.parameter("callback_url")?, asked.parameter("verify_token")?);
    let (host, path) = callback.strip_prefix("https://")?.split_once('/')?;
    let token = utf8_percent_encode(token, NON_ALPHANUMERIC);
    let target = format!("/{path}?hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}");
    let question = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    Some((*world.callbacks.get(host)?, question))
}

/// 200, and the challenge as it is.
fn is_answered_with(challenge: &str, to: SocketAddr, question: &str) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&to, CALLBACK_TIMEOUT)?;
    stream.set_read_timeout(Some(CALLBACK_TIMEOUT))?;
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.take(MAX_ANSWER_BYTES).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    Ok(head.starts_with("HTTP/1.1 200 ") && body == challenge)
}
