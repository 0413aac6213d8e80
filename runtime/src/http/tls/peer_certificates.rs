//! What a server shows by TLS: its certificates, and what a client could object to. Nothing is sent to it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::provider;

/// What a server showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificates {
    /// Its own certificate.
    pub own: PeerCertificate,
    /// Those that it sent beside it, in its order.
    pub others: Vec<PeerCertificate>,
    /// Why no authority that is trusted vouches for its own certificate, at a time at which that is valid.
    pub distrust: Option<TrustError>,
    /// The names that its own certificate is for, where that of the server is none of them.
    pub other_names: Option<Vec<String>>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Whose it is, such as `CN=www.example.com`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// From when on it is valid.
    pub begins: SystemTime,
    /// Until when.
    pub ends: SystemTime,
}

/// Why a chain is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustError {
    /// It leads to no authority that is trusted.
    UnknownIssuer,
    /// Something else, in the words of the verifier.
    Other(String),
}

/// Looks at the server of this name at an address, as one who trusts `roots` at the time `now`.
///
/// # Errors
///
/// Where no connection or no handshake comes about, or what is shown is no certificate.
pub async fn fetch(
    address: SocketAddr,
    name: &str,
    roots: &RootCertStore,
    now: SystemTime,
) -> io::Result<PeerCertificates> {
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name.clone(), stream).await?;
    let seen = stream.get_ref().1.peer_certificates().unwrap_or_default();
    judge(seen, &name, roots, now).map_err(io::Error::other)
}

fn judge(
    seen: &[CertificateDer<'static>],
    name: &ServerName<'_>,
    roots: &RootCertStore,
    now: SystemTime,
) -> Result<PeerCertificates, Error> {
    let [first, rest @ ..] = seen else { return Err(unreadable()) };
    let (own, parsed) = (read(first)?, ParsedCertificate::try_from(first)?);
    let others = rest.iter().map(read).collect::<Result<_, _>>()?;
    let at = now.clamp(own.begins, own.ends.max(own.begins));
    let at = UnixTime::since_unix_epoch(at.duration_since(UNIX_EPOCH).unwrap_or_default());
    let algorithms = provider().signature_verification_algorithms.all;
    let trust = verify_server_cert_signed_by_trust_anchor(&parsed, roots, rest, at, algorithms);
    let distrust = trust.err().map(|error| match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => TrustError::UnknownIssuer,
        other => TrustError::Other(other.to_string()),
    });
    let other_names = verify_server_name(&parsed, name).err().map(|error| match error {
        Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => {
            presented.iter().map(|name| bare(name)).collect()
        }
        _ => Vec::new(),
    });
    Ok(PeerCertificates { own, others, distrust, other_names })
}

/// The verifier shows a name as `DnsName("a.example.com")`.
fn bare(name: &str) -> String {
    name.split('"').nth(1).unwrap_or(name).to_owned()
}

fn read(certificate: &CertificateDer<'_>) -> Result<PeerCertificate, Error> {
    let certificate = Certificate::from_der(certificate).map_err(|_| unreadable())?;
    let certificate = certificate.tbs_certificate();
    let time = |time: Duration| UNIX_EPOCH + time;
    Ok(PeerCertificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        begins: time(certificate.validity().not_before.to_unix_duration()),
        ends: time(certificate.validity().not_after.to_unix_duration()),
    })
}

const fn unreadable() -> Error {
    Error::InvalidCertificate(CertificateError::BadEncoding)
}

/// Takes whatever is shown, since nothing is said to who shows it.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, own, signature, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, own, signature, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
