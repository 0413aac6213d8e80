//! A broker whose clients prove who they are with a certificate, and the authority that issues them.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use rcgen::{CertifiedIssuer, KeyPair};
use tempfile::TempDir;

use crate::certificates;
use crate::kafka::Kafka;
use crate::ports;

/// Long enough for any test.
const FOR_GOOD: Duration = Duration::from_hours(1);

/// A broker; programs of the tests reach it without TLS, everyone else over [`Mutual::bootstrap`].
#[derive(Debug)]
pub struct Mutual {
    /// The broker, with its listener for the tests.
    pub kafka: Kafka,
    bootstrap: String,
    authority: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl Mutual {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// When the certificates cannot be made or the broker does not start.
    pub async fn start() -> Result<Self> {
        let dir = tempfile::tempdir().context("making a directory")?;
        let params = certificates::authority("an authority", SystemTime::now() + FOR_GOOD)?;
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        replace(&dir.path().join("ca.crt"), &authority.pem())?;
        let (certificate, key) = issue(&authority, "127.0.0.1", FOR_GOOD)?;
        replace(&dir.path().join("broker.pem"), &format!("{key}{certificate}"))?;
        let [port] = ports::free()?;
        let path = |name: &str| dir.path().join(name).display().to_string();
        let properties = [
            ("listeners", format!("{{usual}},MUTUAL://127.0.0.1:{port}")),
            ("advertised.listeners", format!("{{advertised}},MUTUAL://127.0.0.1:{port}")),
            (
                "listener.security.protocol.map",
                String::from("BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,MUTUAL:SSL"),
            ),
            ("listener.name.mutual.ssl.client.auth", String::from("required")),
            ("ssl.keystore.type", String::from("PEM")),
            ("ssl.keystore.location", path("broker.pem")),
            ("ssl.truststore.type", String::from("PEM")),
            ("ssl.truststore.location", path("ca.crt")),
        ];
        let properties = properties.each_ref().map(|(name, value)| (*name, value.as_str()));
        let kafka = Kafka::start_with(&properties).await?;
        Ok(Self { kafka, bootstrap: format!("127.0.0.1:{port}"), authority, dir })
    }

    /// `127.0.0.1:port` of the listener for TLS.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Puts a new certificate and its key where [`Self::properties`] names them; returns when it ends, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// When they cannot be made or written.
    pub fn issue(&self, life: Duration) -> Result<u32> {
        let (certificate, key) = issue(&self.authority, "a client", life)?;
        replace(&self.dir.path().join("user.key"), &key)?;
        replace(&self.dir.path().join("user.crt"), &certificate)?;
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u32::try_from((since_1970.context("a clock before 1970")? + life).as_secs())
            .context("a clock after 2106")
    }

    /// Writes a `client.properties` as `k8s/components/strimzi` has it, and returns its path.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn properties(&self) -> Result<String> {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let text = format!(
            "security.protocol=SSL\nssl.ca.location={}\nssl.certificate.location={}\nssl.key.location={}\n",
            path("ca.crt"),
            path("user.crt"),
            path("user.key")
        );
        replace(&self.dir.path().join("client.properties"), &text)?;
        Ok(path("client.properties"))
    }
}

fn issue(authority: &CertifiedIssuer<'_, KeyPair>, name: &str, life: Duration) -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let params = certificates::params(name, &["127.0.0.1"], SystemTime::now() + life)?;
    let certificate = params.signed_by(&key, authority)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// In one step, so that nobody reads half of it.
fn replace(path: &Path, text: &str) -> Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text).with_context(|| format!("writing {}", new.display()))?;
    fs::rename(&new, path).with_context(|| format!("replacing {}", path.display()))
}
