//! Any bytes on a connection: they are the same requests however they arrive, and nothing is served after a refusal.

#![no_main]

#[path = "../../../ingest/src/http/framing.rs"]
#[allow(dead_code, reason = "not all of it is used here")]
mod framing;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use sha2::{Digest as _, Sha256};
use std::convert::Infallible;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// More than any head or body here has.
const ROOM: usize = 1 << 16;
/// Turns that a server gets to go on with what it has; it needs a few a request.
const TURNS: usize = 64;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((piece, requests)) = input.split_first() else { return };
    // hyper judges a head that has begun when it came at once, and when it is whole otherwise: each is made whole.
    let requests = [requests, b"\r\n\r\n"].concat();
    let whole = answers(&requests, ROOM);
    let in_pieces = answers(&requests, usize::from(*piece).max(1));
    assert_eq!(text(&whole), text(&in_pieces), "pieces of {piece} bytes are read differently");
    nothing_comes_after_a_refusal(&text(&whole));
});

fn text(answers: &[u8]) -> String {
    String::from_utf8_lossy(answers).into_owned()
}

fn nothing_comes_after_a_refusal(answers: &str) {
    let refusals = answers.matches("HTTP/1.1 4").count() + answers.matches("HTTP/1.0 4").count();
    assert!(refusals <= 1, "{answers}");
    if let Some((_, after)) = answers.split_once("HTTP/1.1 4") {
        assert!(!after.contains("HTTP/1."), "{answers}");
    }
}

/// What a server answers to the bytes, given in pieces.
fn answers(requests: &[u8], piece: usize) -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without IO");
    runtime.block_on(async {
        let (client, server) = tokio::io::duplex(ROOM);
        let (mut answers, mut requests_to) = tokio::io::split(client);
        let http = http1::Builder::new()
            .auto_date_header(false)
            .max_header_size(ROOM / 8)
            .max_buf_size(ROOM / 8)
            .serve_connection(TokioIo::new(server), service_fn(serve));
        let served = tokio::spawn(http);
        let read = tokio::spawn(async move {
            let mut all = Vec::new();
            // The server may hang up on what it does not understand; what it said before counts.
            let _end = answers.read_to_end(&mut all).await;
            all
        });
        for piece in requests.chunks(piece) {
            if requests_to.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        for _ in 0..TURNS * (1 + requests.len() / 16) {
            if served.is_finished() {
                break;
            }
            tokio::task::yield_now().await;
        }
        served.abort();
        let _end = served.await;
        drop(requests_to);
        read.await.expect("reading does not panic")
    })
}

/// As ingest does: the head is checked, then the body is read.
async fn serve(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if framing::fault(request.version(), request.headers()).is_some() {
        return Ok(refusal("the head is none"));
    }
    let path = format!("{} {} ", request.method(), request.uri());
    Ok(match Limited::new(request.into_body(), ROOM).collect().await {
        Ok(body) => {
            let body = body.to_bytes();
            let digest: String =
                Sha256::digest(&body)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            // Not the path itself, in which anything can stand.
            let path: String =
                Sha256::digest(path.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            Response::new(Full::from(format!("{path} {} {digest}", body.len())))
        }
        Err(_) => refusal("the body is none"),
    })
}

fn refusal(why: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(why));
    *response.status_mut() = hyper::StatusCode::BAD_REQUEST;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
