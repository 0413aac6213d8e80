//! Requests and responses as bytes, and one call to a broker: metadata, versions, authentication.

use super::connection::{ConnectionError, Stream};
use bytes::Bytes;
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable as _, Encodable as _, HeaderVersion as _, Request, StrBytes};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

/// Of every request: nothing else is under way on the connection.
const CORRELATION: i32 = 1;
/// More is no answer to what is asked here.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Asks, and waits for the answer: nothing else is under way on the connection.
pub(super) async fn call<Q: Request>(
    stream: &mut dyn Stream,
    client_id: &str,
    version: i16,
    request: &Q,
) -> Result<Q::Response, ConnectionError> {
    let request = encode(CORRELATION, client_id, version, request).ok_or(ConnectionError::NotKafka)?;
    stream.write_all(&request).await?;
    stream.flush().await?;
    let mut answer = read_frame(stream, MAX_ANSWER_BYTES).await?;
    match decode::<Q>(&mut answer, version) {
        Some((CORRELATION, answer)) => Ok(answer),
        _ => Err(ConnectionError::NotKafka),
    }
}

/// The request with its length in front; `None` where the version does not have a field that is set.
pub(super) fn encode<Q: Request>(
    correlation: i32,
    client_id: &str,
    version: i16,
    request: &Q,
) -> Option<Vec<u8>> {
    let header = RequestHeader::default()
        .with_request_api_key(Q::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(StrBytes::from_string(client_id.to_owned())));
    let (of_header, mut out) = (Q::header_version(version), vec![0_u8; 4]);
    out.reserve_exact(header.compute_size(of_header).ok()? + request.compute_size(version).ok()?);
    header.encode(&mut out, of_header).ok()?;
    request.encode(&mut out, version).ok()?;
    let length = i32::try_from(out.len() - 4).ok()?;
    *out.first_chunk_mut()? = length.to_be_bytes();
    Some(out)
}

/// The correlation of an answer without its length, and the answer; what is behind it is left there.
pub(super) fn decode<Q: Request>(answer: &mut Bytes, version: i16) -> Option<(i32, Q::Response)> {
    let header = ResponseHeader::decode(answer, Q::Response::header_version(version)).ok()?;
    Some((header.correlation_id, Q::Response::decode(answer, version).ok()?))
}

/// Reads an answer without its length.
pub(super) async fn read_frame<R: AsyncRead + Unpin + ?Sized>(
    reader: &mut R,
    largest: usize,
) -> Result<Bytes, ConnectionError> {
    let length = usize::try_from(reader.read_i32().await.map_err(ended)?).ok();
    let length = length.filter(|length| *length <= largest).ok_or(ConnectionError::NotKafka)?;
    let mut frame = vec![0; length];
    reader.read_exact(&mut frame).await.map_err(ended)?;
    Ok(frame.into())
}

fn ended(error: io::Error) -> ConnectionError {
    if error.kind() == io::ErrorKind::UnexpectedEof { ConnectionError::Closed } else { error.into() }
}
