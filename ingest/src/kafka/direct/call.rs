//! A question to a broker and its answer, for everything but records: metadata, versions, authentication.

use super::connection::{ConnectionError, Stream};
use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable as _, Encodable as _, HeaderVersion as _, Request, StrBytes};
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Of every question: nothing else is under way on the connection.
const CORRELATION: i32 = 1;
/// More is no answer to what is asked here.
const LARGEST: usize = 16 << 20;

/// Asks, and waits for the answer: nothing else is under way on the connection.
pub(super) async fn call<Q: Request>(
    stream: &mut dyn Stream,
    client_id: &str,
    version: i16,
    question: &Q,
) -> Result<Q::Response, ConnectionError> {
    let request = encode(client_id, version, question).ok_or(ConnectionError::NotKafka)?;
    stream.write_all(&request).await?;
    stream.flush().await?;
    let mut answer = read_frame(stream).await?;
    decode::<Q>(&mut answer, version).ok_or(ConnectionError::NotKafka)
}

/// The request with its length in front; `None` where the version does not have a field that is set.
fn encode<Q: Request>(client_id: &str, version: i16, question: &Q) -> Option<Vec<u8>> {
    let header = RequestHeader::default()
        .with_request_api_key(Q::KEY)
        .with_request_api_version(version)
        .with_correlation_id(CORRELATION)
        .with_client_id(Some(StrBytes::from_string(client_id.to_owned())));
    let mut out = BytesMut::new();
    header.encode(&mut out, Q::header_version(version)).ok()?;
    question.encode(&mut out, version).ok()?;
    let length = i32::try_from(out.len()).ok()?.to_be_bytes();
    Some([&length[..], &out].concat())
}

fn decode<Q: Request>(answer: &mut Bytes, version: i16) -> Option<Q::Response> {
    let header = ResponseHeader::decode(answer, Q::Response::header_version(version)).ok()?;
    if header.correlation_id != CORRELATION {
        return None;
    }
    Q::Response::decode(answer, version).ok()
}

async fn read_frame(stream: &mut dyn Stream) -> Result<Bytes, ConnectionError> {
    let length =
        usize::try_from(stream.read_i32().await.map_err(ended)?).ok().filter(|length| *length <= LARGEST);
    let mut frame = vec![0; length.ok_or(ConnectionError::NotKafka)?];
    stream.read_exact(&mut frame).await.map_err(ended)?;
    Ok(frame.into())
}

fn ended(error: io::Error) -> ConnectionError {
    if error.kind() == io::ErrorKind::UnexpectedEof { ConnectionError::Closed } else { error.into() }
}
