//! Delivers as Meta does: over HTTP, on a connection that is kept.

use super::DemoError;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// Longer than ingest takes for anything.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const PATH: &str = "/webhook";

/// A connection to ingest.
#[derive(Debug)]
pub(super) struct Deliverer {
    connection: SendRequest<Full<Bytes>>,
    host: String,
}

/// What ingest answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The body.
    pub(super) text: String,
    /// From the first byte out to the last one in.
    pub(super) took: Duration,
}

impl Deliverer {
    /// Connects.
    pub(super) async fn connect(address: SocketAddr) -> Result<Self, DemoError> {
        let stream = TcpStream::connect(address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        // Its errors are those of the requests that wait for it.
        tokio::spawn(async move { connection.await.unwrap_or_default() });
        Ok(Self { connection: sender, host: address.to_string() })
    }

    /// Posts a body with a signature.
    pub(super) async fn post(&mut self, body: &'static str, signature: &str) -> Result<Answer, DemoError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(PATH)
            .header("host", &self.host)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature)
            .body(Full::from(body));
        self.send(request.map_err(failed)?).await
    }

    /// Asks what Meta asks when the webhook is entered in the app's dashboard
    /// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started#verification-requests>).
    pub(super) async fn handshake(&mut self, token: &str, challenge: &str) -> Result<Answer, DemoError> {
        let query = format!("hub.mode=subscribe&hub.verify_token={token}&hub.challenge={challenge}");
        let request = Request::builder().uri(format!("{PATH}?{query}")).header("host", &self.host);
        self.send(request.body(Full::default()).map_err(failed)?).await
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, DemoError> {
        let exchange = async {
            // After an answer the connection needs a moment before it takes the next request.
            self.connection.ready().await?;
            let start = Instant::now();
            let response = self.connection.send_request(request).await?;
            let status = response.status().as_u16();
            let body = response.into_body().collect().await?.to_bytes();
            Ok::<_, hyper::Error>((status, body, start.elapsed()))
        };
        let (status, body, took) = timeout(ANSWER_WITHIN, exchange).await.map_err(failed)?.map_err(failed)?;
        Ok(Answer { status, text: String::from_utf8_lossy(&body).into_owned(), took })
    }
}

fn failed(error: impl std::fmt::Display) -> DemoError {
    DemoError::Deliver(error.to_string())
}
