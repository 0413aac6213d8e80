//! The floor: bare hyper that reads a body, throws it away and answers 200.

use std::convert::Infallible;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::{Request, Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<()> {
    let address = std::env::args().nth(1).context("give an address to listen on")?;
    let listener = TcpListener::bind(&address).await.with_context(|| format!("listening on {address}"))?;
    loop {
        let (stream, _) = listener.accept().await.context("accepting")?;
        stream.set_nodelay(true).context("a connection that is gone")?;
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    // Who hangs up in the middle of a body reads no answer either.
    while let Some(Ok(_)) = request.body_mut().frame().await {}
    Ok(Response::new(Empty::new()))
}
