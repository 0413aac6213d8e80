//! The pipeline as `docker-compose.yml` says it, on loopback: its commands, its variables, its Kafka and its Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::foreign::folder;
use crate::kafka::Kafka;
use crate::manual::{OPTIONAL, SERVICES};
use crate::process::Binary;
use crate::prometheus::Prometheus;
use crate::signed::Sender;
use crate::until::until;
use crate::{ports, yaml};

/// How long everything may take to come up.
pub const UP_WITHIN: Duration = Duration::from_mins(3);

/// What the tests' broker says itself: its place on the disk, and its quorum of one.
const OF_THE_HARNESS: [&str; 2] = ["KAFKA_LOG_DIRS", "KAFKA_CONTROLLER_QUORUM_VOTERS"];

/// What stands on loopback for the network and the volumes of Docker.
#[derive(Debug)]
pub struct Composed {
    /// The broker of the file.
    pub kafka: Kafka,
    compose: Value,
    env: BTreeMap<String, String>,
    volumes: TempDir,
    listen: String,
    running: Vec<Running>,
}

/// A service that runs.
#[derive(Debug)]
struct Running {
    name: &'static str,
    process: Binary,
    /// Where its metrics and probes are, `127.0.0.1:…`.
    admin: String,
}

impl Composed {
    /// Starts the broker with the variables of the file.
    ///
    /// # Errors
    ///
    /// When the file says what cannot be had here.
    pub async fn prepare() -> Result<Self> {
        let compose = yaml::file("docker-compose.yml")?;
        let variables =
            compose["services"]["kafka"]["environment"].as_object().context("Kafka's variables")?;
        let [host, listen] = ports::free()?;
        let own = variables.iter().filter(|(name, _)| !OF_THE_HARNESS.contains(&name.as_str()));
        let properties: Vec<_> = own.map(|(name, value)| property(name, value, host)).collect();
        let properties: Vec<_> =
            properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let kafka = Kafka::start_with(&properties).await?;
        let env = yaml::text(".env")?;
        let lines = env.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let env = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let volumes = tempfile::tempdir().context("making a directory")?;
        let listen = format!("127.0.0.1:{listen}");
        Ok(Self { kafka, compose, env, volumes, listen, running: Vec::new() })
    }

    /// Makes the topics, starts these services, and returns once the health check of each passes.
    ///
    /// `more` are variables beside those of the file.
    ///
    /// # Errors
    ///
    /// When one of them does not come up; the message has its words.
    pub async fn up(&mut self, services: &[&'static str], more: &[(&str, &str)]) -> Result<()> {
        let mut topics = self.start("topics", &[])?;
        ensure!(topics.wait(UP_WITHIN).await?.success(), "topics: {}", topics.stderr()?);
        // One more for weir-messages where it reads the feed.
        let ports = ports::free::<{ SERVICES.len() + OPTIONAL.len() + 1 }>()?;
        for (name, port) in services.iter().copied().zip(ports) {
            let admin = format!("127.0.0.1:{port}");
            let own = [("WEIR_ADMIN_LISTEN", admin.as_str()), ("WEIR_LISTEN", self.listen.as_str())];
            let all = [&own, more].concat();
            let process = self.start(name, &all)?;
            self.running.push(Running { name, process, admin });
        }
        for Running { name, process, admin } in &self.running {
            let check = &self.compose["services"][*name]["healthcheck"]["test"];
            let what = format!("{name} to be well");
            let well = until(&what, UP_WITHIN, async || Ok(is_well(check, admin).await?.then_some(())));
            well.await.with_context(|| process.stderr().unwrap_or_default())?;
        }
        Ok(())
    }

    /// Signs with the secret of `.env`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn sender(&self) -> Result<Sender> {
        let secret = self.env.get("WEIR_APP_SECRET").context("no secret in .env")?;
        Sender::new(&format!("http://{}/webhook", self.listen), secret.as_bytes())
    }

    /// The metrics of a service that runs.
    ///
    /// # Errors
    ///
    /// When it is not there or does not answer.
    pub async fn metrics(&self, name: &str) -> Result<String> {
        let running = self.running.iter().find(|running| running.name == name);
        let admin = &running.with_context(|| format!("{name} does not run"))?.admin;
        Ok(crate::http::get(&format!("http://{admin}/metrics")).await?.1)
    }

    /// Starts a Prometheus with the configuration of the file, its data in `dir`; names of containers are those of
    /// addresses on loopback, and it looks once a second.
    ///
    /// # Errors
    ///
    /// When it does not take the configuration.
    pub async fn prometheus(&self, dir: TempDir) -> Result<Prometheus> {
        let text = self.compose["configs"]["prometheus"]["content"].as_str().context("no configuration")?;
        let mut config = yaml::documents(&text.replace("$$", "$"))?.remove(0);
        let target = |Running { name, admin, .. }: &Running| json!({"targets": [admin], "labels": {"__meta_dns_name": name}});
        let scrape = config["scrape_configs"][0].as_object_mut().context("no scrape")?;
        scrape.remove("dns_sd_configs").context("found by name")?;
        scrape.insert("static_configs".to_owned(), self.running.iter().map(target).collect());
        config["rule_files"] = json!([folder("k8s/components/prometheus/rules/*.yaml")]);
        // Nobody is told of what fires.
        config.as_object_mut().context("no map")?.remove("alerting");
        // So that a minute is enough to see something.
        config["global"] = json!({"scrape_interval": "1s", "evaluation_interval": "1s"});
        Prometheus::start_with(&config, dir).await
    }

    /// Starts the command of a service with its variables.
    fn start(&self, name: &str, more: &[(&str, &str)]) -> Result<Binary> {
        let service = &self.compose["services"][name];
        let words: Vec<&str> =
            service["command"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let (binary, args) = words.split_first().context("a service without a command")?;
        let variables = service["environment"].as_object().context("a service without variables")?;
        let mut envs = Vec::new();
        for (name, value) in variables {
            envs.push((name.as_str(), self.on_loopback(value.as_str().unwrap_or_default())?));
        }
        let mut envs: Vec<_> = envs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        envs.extend(more);
        Binary::start(binary, args, &envs)
    }

    /// A value with what Compose would fill in, Docker's addresses and folders replaced.
    fn on_loopback(&self, value: &str) -> Result<String> {
        if let Some((name, _)) = value.strip_prefix("${").and_then(|rest| rest.split_once([':', '}'])) {
            return self.env.get(name).cloned().with_context(|| format!("{name} is not in .env"));
        }
        if let Some(path) = value.strip_prefix("file://") {
            return Ok(format!("file://{}", self.on_loopback(path)?));
        }
        if value.starts_with('/') {
            let folder = self.volumes.path().join(value.trim_start_matches('/'));
            std::fs::create_dir_all(&folder).context("making a volume")?;
            return Ok(folder.to_string_lossy().into_owned());
        }
        // Nobody listens for traces, which must not matter.
        Ok(value.replace("kafka:9094", self.kafka.bootstrap()).replace("traces:4318", "127.0.0.1:9"))
    }
}

/// As the image of Kafka does it: `KAFKA_LOG_DIRS` is `log.dirs`.
fn property(name: &str, value: &Value, host: u16) -> (String, String) {
    let name = name.trim_start_matches("KAFKA_").to_lowercase().replace('_', ".");
    let value =
        value.as_str().unwrap_or_default().replace("://:", "://127.0.0.1:").replace("kafka:", "127.0.0.1:");
    let value = value.replace("localhost:", "127.0.0.1:").replace(":9092", &format!(":{host}"));
    (name, value.replace(":9094", ":{broker}").replace(":9093", ":{controller}"))
}

/// Whether the health check of the file passes for the process at this address.
async fn is_well(check: &Value, admin: &str) -> Result<bool> {
    let words: Vec<&str> = check.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ensure!(words.first() == Some(&"CMD"), "{words:?} needs a shell");
    let mut health = Binary::start(words[1], &words[2..], &[("WEIR_ADMIN_LISTEN", admin)])?;
    Ok(health.wait(UP_WITHIN).await?.success())
}
