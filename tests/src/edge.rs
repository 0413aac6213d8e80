//! An edge as it stands before ingest: it ends TLS, with certificates of the test's choice, and hands on what comes.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use rcgen::{CertifiedIssuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, copy_bidirectional, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio::try_join;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificates::{authority, params};

/// The names that its certificate is for, unless it has a fault; the second one leads to this machine.
pub const NAMES: [&str; 2] = ["webhooks.example.com", "localhost"];
/// Most bytes of an answer that come late together.
const PIECE: usize = 64 << 10;
const DAY: Duration = Duration::from_hours(24);
/// What its certificate has left, unless it has a fault.
const LEFT: Duration = Duration::from_hours(30 * 24 + 12);

/// What is wrong with its certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its own ended yesterday.
    Expired,
    /// Its own is for another name.
    OtherName,
    /// The intermediate one is not sent.
    WithoutIntermediate,
    /// The intermediate one ended yesterday.
    IntermediateExpired,
    /// Its own vouches for itself.
    SelfSigned,
}

/// A running edge; it ends when dropped.
#[derive(Debug)]
pub struct Edge {
    port: u16,
    dir: TempDir,
    server: JoinHandle<()>,
}

impl Edge {
    /// Starts it before the server at this address, `127.0.0.1:…`.
    ///
    /// # Errors
    ///
    /// When its certificates cannot be made, or nothing can be listened on.
    pub async fn start(upstream: &str, fault: Option<Fault>) -> Result<Self> {
        let upstream = upstream.to_owned();
        Self::serving(fault, move |client| hand_on(client, upstream.clone())).await
    }

    /// Starts it before the server at this address, of whose answers each piece comes so much later.
    ///
    /// # Errors
    ///
    /// When its certificates cannot be made, or nothing can be listened on.
    pub async fn late(upstream: &str, pause: Duration) -> Result<Self> {
        let upstream = upstream.to_owned();
        Self::serving(None, move |client| hand_on_late(client, upstream.clone(), pause)).await
    }

    /// Starts it with nothing behind it: what comes is served here.
    pub(crate) async fn serving<F>(
        fault: Option<Fault>,
        respond: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + 'static,
    ) -> Result<Self>
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let dir = tempfile::tempdir().context("making a directory")?;
        let root = CertifiedIssuer::self_signed(
            authority("a root", SystemTime::now() + LEFT)?,
            KeyPair::generate()?,
        )?;
        fs::write(dir.path().join("root.pem"), root.pem()).context("writing the root")?;
        let acceptor = TlsAcceptor::from(Arc::new(config(&root, fault)?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listening")?;
        let port = listener.local_addr().context("asking for the port")?.port();
        let server = tokio::spawn(serve(listener, acceptor, respond));
        Ok(Self { port, dir, server })
    }

    /// Where it listens, of 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The file of the certificate of the authority at the end of its chain.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("root.pem")
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn config(root: &CertifiedIssuer<'_, KeyPair>, fault: Option<Fault>) -> Result<ServerConfig> {
    let ends = |is_over: bool| if is_over { SystemTime::now() - DAY } else { SystemTime::now() + LEFT };
    let of_intermediate = authority("an intermediate", ends(fault == Some(Fault::IntermediateExpired)))?;
    let intermediate = CertifiedIssuer::signed_by(of_intermediate, KeyPair::generate()?, root)?;
    let names: &[&str] = if fault == Some(Fault::OtherName) { &["other.example.com"] } else { &NAMES };
    let own = params("an edge", names, ends(fault == Some(Fault::Expired)))?;
    let key = KeyPair::generate()?;
    let mut chain: Vec<CertificateDer<'static>> = match fault {
        Some(Fault::SelfSigned) => vec![own.self_signed(&key)?.der().clone()],
        _ => vec![own.signed_by(&key, &intermediate)?.der().clone(), intermediate.der().clone()],
    };
    if fault == Some(Fault::WithoutIntermediate) {
        chain.truncate(1);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    Ok(config.with_no_client_auth().with_single_cert(chain, key)?)
}

async fn serve<F>(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    served: impl Fn(TlsStream<TcpStream>) -> F + Clone + Send + 'static,
) where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, served) = (acceptor.clone(), served.clone());
        tokio::spawn(async move {
            // A piece would wait for the acknowledgement of the one before.
            stream.set_nodelay(true)?;
            let client = acceptor.accept(stream).await?;
            served(client).await
        });
    }
}

async fn hand_on(mut client: TlsStream<TcpStream>, upstream: String) -> io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

async fn hand_on_late(client: TlsStream<TcpStream>, upstream: String, pause: Duration) -> io::Result<()> {
    let (mut from_client, mut to_client) = split(client);
    let (mut from_server, mut to_server) = TcpStream::connect(upstream).await?.into_split();
    let answers = async {
        let mut piece = vec![0; PIECE];
        loop {
            let length = from_server.read(&mut piece).await?;
            if length == 0 {
                return to_client.shutdown().await;
            }
            sleep(pause).await;
            to_client.write_all(&piece[..length]).await?;
            to_client.flush().await?;
        }
    };
    try_join!(copy(&mut from_client, &mut to_server), answers).map(drop)
}
