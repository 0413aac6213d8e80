//! A broker with a listener for TLS and SASL, whose users may do what k8s/ gives them and nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use rcgen::{CertifiedIssuer, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::certificates;
use crate::foreign::{folder, run};
use crate::kafka::{self, Kafka};
use crate::manual::{OPTIONAL, SERVICES};
use crate::token_authority::TokenAuthority;
use crate::{ports, yaml};

/// Long enough for any test.
const FOR_GOOD: Duration = Duration::from_hours(1);
/// The password of every user, with both mechanisms.
pub const PASSWORD: &str = "p4ss=word:with signs";

/// A broker; programs of the tests reach it without TLS, everyone else over [`Secured::bootstrap`].
#[derive(Debug)]
pub struct Secured {
    /// The broker, with its listener for the tests, on which everything is allowed.
    pub kafka: Kafka,
    bootstrap: String,
    dir: TempDir,
}

impl Secured {
    /// Starts it with the users of `k8s/components/strimzi/users.yaml`.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be made or the broker does not start.
    pub async fn start() -> Result<Self> {
        Self::start_with(tempfile::tempdir().context("making a directory")?, &[], &[]).await
    }

    /// Starts it with an authority beside it, by whose tokens, of such a life, its users can log in too.
    ///
    /// # Errors
    ///
    /// As [`Self::start`], or when the authority does not start.
    pub async fn with_tokens(lives: Duration) -> Result<(Self, TokenAuthority)> {
        let dir = tempfile::tempdir().context("making a directory")?;
        let keys = dir.path().join("keys.json");
        let authority = TokenAuthority::start(lives, &keys).await?;
        let url = format!("file://{}", keys.display());
        let of_tokens = "org.apache.kafka.common.security.oauthbearer";
        let ([module, handler], listener) = (
            [
                format!("{of_tokens}.OAuthBearerLoginModule required;"),
                format!("{of_tokens}.OAuthBearerValidatorCallbackHandler"),
            ],
            "listener.name.secured",
        );
        let properties = [
            (format!("{listener}.sasl.enabled.mechanisms"), String::from("SCRAM-SHA-512,PLAIN,OAUTHBEARER")),
            (format!("{listener}.oauthbearer.sasl.jaas.config"), module),
            (format!("{listener}.oauthbearer.sasl.server.callback.handler.class"), handler),
            (format!("{listener}.oauthbearer.sasl.oauthbearer.jwks.endpoint.url"), url.clone()),
            // Without it a broker lets a client stay whose token has ended.
            (format!("{listener}.oauthbearer.connections.max.reauth.ms"), String::from("3600000")),
        ];
        let options = [format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={url}")];
        Ok((Self::start_with(dir, &properties, &options).await?, authority))
    }

    async fn start_with(dir: TempDir, own: &[(String, String)], options: &[String]) -> Result<Self> {
        make_certificate(dir.path())?;
        let [port] = ports::free()?;
        let properties = properties(port, dir.path());
        let properties = properties.iter().map(|(name, value)| (*name, value.as_str()));
        let own = own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kafka = Kafka::start_in(&properties.chain(own).collect::<Vec<_>>(), options).await?;
        users(&kafka, &users_and_rights()?)?;
        Ok(Self { kafka, bootstrap: format!("127.0.0.1:{port}"), dir })
    }

    /// `127.0.0.1:port` of the listener for TLS and SASL.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Takes the right to read a topic away from a user; what else it may do there is left.
    ///
    /// # Errors
    ///
    /// When the broker does not do it.
    pub fn forbid_reading(&self, user: &str, topic: &str) -> Result<()> {
        users(&self.kafka, &json!([{"name": user, "revoked": [reading(topic)]}]))
    }

    /// Gives it back.
    ///
    /// # Errors
    ///
    /// When the broker does not do it.
    pub fn allow_reading(&self, user: &str, topic: &str) -> Result<()> {
        users(&self.kafka, &json!([{"name": user, "acls": [reading(topic)]}]))
    }

    /// Writes a `client.properties` as docs/operations.md shows it, and returns its path.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn properties(&self, mechanism: &str, user: &str, password: &str) -> Result<String> {
        let authority = self.dir.path().join("ca.crt");
        let text = format!(
            "security.protocol=SASL_SSL\nsasl.mechanism={mechanism}\nsasl.username={user}\nsasl.password={password}\n\
             ssl.ca.location={}\n",
            authority.display()
        );
        self.write(&format!("{mechanism}-{user}.properties"), &text)
    }

    /// As [`Self::properties`], for who logs in by a token of this authority; `login` is what shows it who asks.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn properties_of_tokens(
        &self,
        authority: &TokenAuthority,
        name: &str,
        login: &str,
    ) -> Result<String> {
        // A container sees this folder alone.
        let root = self.dir.path().join("authority.crt");
        fs::copy(authority.root(), &root).context("copying the authority's certificate")?;
        let text = format!(
            "security.protocol=SASL_SSL\nssl.ca.location={}\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.method=oidc\n\
             sasl.oauthbearer.token.endpoint.url={}\nhttps.ca.location={}\n{login}\n",
            self.dir.path().join("ca.crt").display(),
            authority.endpoint(),
            root.display()
        );
        self.write(&format!("{name}.properties"), &text)
    }

    /// As [`Self::properties`], with an authority that did not sign the broker's certificate.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn properties_of_a_stranger(&self, user: &str) -> Result<String> {
        let other = tempfile::tempdir_in(self.dir.path()).context("making a directory")?.keep();
        make_certificate(&other)?;
        let path = self.properties("PLAIN", user, PASSWORD)?;
        let text = fs::read_to_string(&path)?.replace(
            &self.dir.path().join("ca.crt").display().to_string(),
            &other.join("ca.crt").display().to_string(),
        );
        self.write("stranger.properties", &text)
    }

    /// Writes a file beside the properties, and returns its path.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<String> {
        let path = self.dir.path().join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        Ok(path.to_string_lossy().into_owned())
    }
}

/// An authority, and a certificate of the broker that it has signed.
fn make_certificate(dir: &Path) -> Result<()> {
    let end = SystemTime::now() + FOR_GOOD;
    let authority = certificates::authority("an authority", end)?;
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let broker = certificates::params("a broker", &["127.0.0.1"], end)?.signed_by(&key, &authority)?;
    fs::write(dir.join("ca.crt"), authority.pem()).context("writing ca.crt")?;
    fs::write(dir.join("broker.pem"), key.serialize_pem() + &broker.pem()).context("writing broker.pem")
}

fn properties(port: u16, dir: &Path) -> Vec<(&'static str, String)> {
    let users = SERVICES.into_iter().chain(OPTIONAL).map(|name| format!(" user_{name}=\"{PASSWORD}\""));
    let plain_users = users.collect::<Vec<_>>().concat();
    let module = |name: &str| format!("org.apache.kafka.common.security.{name} required");
    vec![
        ("listeners", format!("{{usual}},SECURED://127.0.0.1:{port}")),
        ("advertised.listeners", format!("{{advertised}},SECURED://127.0.0.1:{port}")),
        (
            "listener.security.protocol.map",
            "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL".to_owned(),
        ),
        ("listener.name.secured.sasl.enabled.mechanisms", "SCRAM-SHA-512,PLAIN".to_owned()),
        ("listener.name.secured.scram-sha-512.sasl.jaas.config", module("scram.ScramLoginModule") + ";"),
        (
            "listener.name.secured.plain.sasl.jaas.config",
            module("plain.PlainLoginModule") + &plain_users + ";",
        ),
        ("ssl.keystore.type", "PEM".to_owned()),
        ("ssl.keystore.location", dir.join("broker.pem").display().to_string()),
        ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer".to_owned()),
        ("super.users", "User:ANONYMOUS".to_owned()),
    ]
}

/// Has users made, or their rights changed.
fn users(kafka: &Kafka, users: &Value) -> Result<()> {
    let mut java = Command::new(kafka::java_program()?);
    java.arg("-cp").arg(folder("tests/kafka/target/jars/*")).arg(folder("tests/kafka/Users.java"));
    run(java.arg(kafka.bootstrap()), &users.to_string())?;
    Ok(())
}

fn reading(topic: &str) -> Value {
    json!({"resource": {"type": "topic", "name": topic, "patternType": "literal"}, "operations": ["Read"]})
}

fn users_and_rights() -> Result<Value> {
    let users = yaml::documents(&yaml::text("k8s/components/strimzi/users.yaml")?)?;
    let user = |user: &Value| {
        json!({
            "name": user["metadata"]["name"], "password": PASSWORD, "acls": user["spec"]["authorization"]["acls"],
        })
    };
    Ok(users.iter().map(user).collect())
}
