//! A connection to a broker: TCP, TLS where asked for, versions that both sides speak, and who we are.

use super::call::call;
use super::produce;
use super::security::Security;
use super::shared::Shared;
use kafka_protocol::messages::{ApiVersionsRequest, MetadataRequest, ProduceRequest};
use kafka_protocol::protocol::{Message as _, Request as _};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// What is read and written, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why there is no connection, or none any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no connection within {0:?}")]
    TimedOut(Duration),
    #[error("the broker did not answer a request within {0:?}")]
    Late(Duration),
    #[error(
        "the broker closed the connection; where it does so at once, it may expect TLS or SASL (security.protocol)"
    )]
    Closed,
    /// It has closed it while nothing was under way, as one does with a connection of no use for some minutes.
    #[error("the broker closed the connection, which was idle")]
    Idle,
    #[error("the broker has just started, and knows of no broker yet")]
    Starting,
    #[error("the peer does not speak Kafka's protocol, or expects TLS (security.protocol=SSL or SASL_SSL)")]
    NotKafka,
    #[error("the broker is too old or too new: it does not speak {0}")]
    Version(&'static str),
    #[error("authentication failed: {0}")]
    Refused(String),
    #[error("the name of the broker cannot be in a certificate")]
    Name,
}

/// A connection that can be asked for metadata and given records.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Stream>,
    /// What it began with.
    pub(super) security: Arc<Security>,
    /// The version of Metadata to ask with.
    pub(super) metadata_version: i16,
    /// How long the broker lets this client in, where it says.
    pub(super) lifetime: Option<Duration>,
}

impl Connection {
    /// Connects and proves who we are; bound it with [`within`].
    pub(super) async fn open(shared: &Shared, address: &str) -> Result<Self, ConnectionError> {
        let (security, client_id) = (shared.security.load_full(), &shared.client_id);
        let tcp = connect(address, shared.tuning.connects_within).await?;
        tcp.set_nodelay(true)?;
        let mut stream = security.wrap(tcp, address).await?;
        let metadata_version = versions(&mut *stream, client_id).await?;
        let lifetime = security.authenticate(&mut *stream, client_id).await?;
        Ok(Self { stream, security, metadata_version, lifetime })
    }
}

/// Gives up after so long.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, ConnectionError>>,
) -> Result<T, ConnectionError> {
    timeout(limit, work).await.unwrap_or(Err(ConnectionError::TimedOut(limit)))
}

/// Connects to the first of the host's addresses that answers; one that swallows packets has its part of the time alone.
async fn connect(address: &str, limit: Duration) -> Result<TcpStream, ConnectionError> {
    let found: Vec<_> = lookup_host(address).await?.collect();
    let each = limit / u32::try_from(found.len().max(1)).unwrap_or(u32::MAX);
    let mut failure = ConnectionError::from(io::Error::from(io::ErrorKind::AddrNotAvailable));
    for address in found {
        let connected = async { TcpStream::connect(address).await.map_err(ConnectionError::from) };
        match within(each, connected).await {
            Ok(tcp) => return Ok(tcp),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Checks that the broker speaks our Produce, and returns the newest Metadata that both know.
async fn versions(stream: &mut dyn Stream, client_id: &str) -> Result<i16, ConnectionError> {
    // Version 0 of ApiVersions is what every broker answers.
    let spoken = call(stream, client_id, 0, &ApiVersionsRequest::default()).await?;
    let newest = |key: i16, oldest: i16, newest: i16| {
        let theirs = spoken.api_keys.iter().find(|api| api.api_key == key)?;
        let newest = newest.min(theirs.max_version);
        (newest >= oldest.max(theirs.min_version)).then_some(newest)
    };
    newest(ProduceRequest::KEY, produce::VERSION, produce::VERSION)
        .ok_or(ConnectionError::Version("version 7 of Produce, as Kafka 2.1 to 4 do"))?;
    // From version 4 on nothing is created by asking.
    newest(MetadataRequest::KEY, 4, MetadataRequest::VERSIONS.max)
        .ok_or(ConnectionError::Version("a version of Metadata from 4 on"))
}
