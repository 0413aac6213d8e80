//! How a connection is secured, from the properties of `--kafka-config`; the names are those of librdkafka's CONFIGURATION.md.

mod oauthbearer;
mod properties;
mod scram;
mod tls;

use self::oauthbearer::Tokens;
use self::scram::{Attempt, Hash};
use super::call::call;
use super::connection::{ConnectionError, Stream};
use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use rustls::pki_types::ServerName;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

pub(crate) use self::properties::not_honoured;

/// A file of certificates is smaller.
const LARGEST_FILE: u64 = 1 << 20;

/// What every connection begins with.
pub(super) struct Security {
    tls: Option<TlsConnector>,
    sasl: Option<Sasl>,
}

struct Sasl {
    mechanism: String,
    login: Login,
}

/// What shows who we are.
enum Login {
    Plain { username: String, password: String },
    Scram { hash: Hash, username: String, password: String },
    OAuthBearer(Arc<Tokens>),
}

impl Security {
    /// Blocks for as long as it takes to read the files that are named. The reason names a property, never its value.
    pub(super) fn new(properties: &BTreeMap<String, String>) -> Result<Self, String> {
        let protocol =
            properties.get("security.protocol").map_or("plaintext", String::as_str).to_ascii_lowercase();
        let tls =
            if protocol.ends_with("ssl") { Some(TlsConnector::from(tls::config(properties)?)) } else { None };
        let sasl = if protocol.starts_with("sasl") { Some(Sasl::new(properties)?) } else { None };
        Ok(Self { tls, sasl })
    }

    /// Encrypts the connection, where asked for; the certificate has to be for the host of this address.
    pub(super) async fn wrap(
        &self,
        tcp: TcpStream,
        address: &str,
    ) -> Result<Box<dyn Stream>, ConnectionError> {
        let Some(tls) = &self.tls else { return Ok(Box::new(tcp)) };
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        // One of version 6 may have brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectionError::Name)?;
        Ok(Box::new(tls.connect(name, tcp).await?))
    }

    /// Says who we are, where asked for; for how long that counts, where the broker says.
    pub(super) async fn authenticate(
        &self,
        stream: &mut dyn Stream,
        client_id: &str,
    ) -> Result<Option<Duration>, ConnectionError> {
        let Some(sasl) = &self.sasl else { return Ok(None) };
        let mechanism = StrBytes::from_string(sasl.mechanism.clone());
        let request = SaslHandshakeRequest::default().with_mechanism(mechanism);
        if call(stream, client_id, 1, &request).await?.error_code != 0 {
            return Err(refused(&format!("the broker does not offer {}", sasl.mechanism)));
        }
        sasl.prove(stream, client_id).await
    }
}

impl Sasl {
    fn new(properties: &BTreeMap<String, String>) -> Result<Self, String> {
        let get = |name: &str| properties.get(name).cloned().ok_or(format!("{name} is missing"));
        let mechanism = get("sasl.mechanism")?;
        let login = match (mechanism.as_str(), Hash::of(&mechanism)) {
            ("OAUTHBEARER", _) => Login::OAuthBearer(Arc::new(Tokens::new(properties)?)),
            (_, Some(hash)) => {
                Login::Scram { hash, username: get("sasl.username")?, password: get("sasl.password")? }
            }
            ("PLAIN", None) => {
                Login::Plain { username: get("sasl.username")?, password: get("sasl.password")? }
            }
            _ => {
                let expected = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER is expected";
                return Err(format!("sasl.mechanism: {expected}"));
            }
        };
        Ok(Self { mechanism, login })
    }

    async fn prove(
        &self,
        stream: &mut dyn Stream,
        client_id: &str,
    ) -> Result<Option<Duration>, ConnectionError> {
        match &self.login {
            Login::Plain { username, password } => {
                let words = format!("\0{username}\0{password}");
                sasl_round_trip(stream, client_id, words).await.map(|(_, lifetime)| lifetime)
            }
            Login::Scram { hash, username, password } => {
                scram(stream, client_id, *hash, username, password).await
            }
            Login::OAuthBearer(tokens) => show_token(tokens, stream, client_id).await,
        }
    }
}

/// A broker that does not take a token says why in JSON, and waits for a word before it counts the failure (RFC 7628, 3.2.3).
async fn show_token(
    tokens: &Arc<Tokens>,
    stream: &mut dyn Stream,
    client_id: &str,
) -> Result<Option<Duration>, ConnectionError> {
    let token = tokens.token().await?;
    let answer = sasl_round_trip(stream, client_id, tokens.client_first(&token)).await;
    let failure = match answer {
        Ok((why, lifetime)) if why.is_empty() => return Ok(lifetime),
        Ok((why, _)) => {
            drop(sasl_round_trip(stream, client_id, String::from("\x01")).await);
            refused(&why)
        }
        Err(failure) => failure,
    };
    if matches!(failure, ConnectionError::Refused(_)) {
        tokens.refused(&token).await;
    }
    Err(failure)
}

async fn scram(
    stream: &mut dyn Stream,
    client_id: &str,
    hash: Hash,
    username: &str,
    password: &str,
) -> Result<Option<Duration>, ConnectionError> {
    // New each time, and with a hundred random bits nobody can guess it.
    let nonce = format!("{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple());
    let attempt = Attempt::new(hash, username, nonce);
    let (server_first, _) = sasl_round_trip(stream, client_id, attempt.client_first()).await?;
    let password = password.to_owned();
    // Thousands of hashes are not for a thread that serves requests.
    let proof = tokio::task::spawn_blocking(move || attempt.prove(&password, &server_first)).await;
    let proof = proof.ok().flatten().ok_or_else(|| refused("invalid SCRAM challenge"))?;
    let (server_final, lifetime) = sasl_round_trip(stream, client_id, proof.client_final.clone()).await?;
    if proof.is_mutual(&server_final) {
        Ok(lifetime)
    } else {
        Err(refused("the broker failed SCRAM mutual authentication"))
    }
}

/// What the broker answers, and for how long it then lets this client in, where it says.
async fn sasl_round_trip(
    stream: &mut dyn Stream,
    client_id: &str,
    words: String,
) -> Result<(String, Option<Duration>), ConnectionError> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(words));
    let answer = call(stream, client_id, 1, &request).await?;
    if answer.error_code != 0 {
        return Err(refused(answer.error_message.as_deref().unwrap_or_default()));
    }
    let lifetime = u64::try_from(answer.session_lifetime_ms).ok().filter(|millis| *millis > 0);
    let words = String::from_utf8(answer.auth_bytes.to_vec()).map_err(|_| ConnectionError::NotKafka)?;
    Ok((words, lifetime.map(Duration::from_millis)))
}

fn refused(why: &str) -> ConnectionError {
    ConnectionError::Refused(why.to_owned())
}
