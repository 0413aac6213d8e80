//! The pipeline comes up from nothing as `docker-compose.yml` says: its commands, variables, Kafka and Prometheus, on loopback.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use weir_tests::foreign::folder;
use weir_tests::kafka::Kafka;
use weir_tests::manual::SERVICES;
use weir_tests::process::Binary;
use weir_tests::prometheus::Prometheus;
use weir_tests::signed::Sender;
use weir_tests::until::until;
use weir_tests::{ports, yaml};

const UP_WITHIN: Duration = Duration::from_mins(1);
/// Nothing in it is looked up, for which an access token of Meta would be needed.
const DELIVERY: &[u8] = include_bytes!("../../schemas/fixtures/batch/conversation.json");

/// What the tests' broker says itself: its place on the disk, and its quorum of one.
const OF_THE_HARNESS: [&str; 2] = ["KAFKA_LOG_DIRS", "KAFKA_CONTROLLER_QUORUM_VOTERS"];

/// What stands on loopback for the network and the volumes of Docker.
struct Stage {
    compose: Value,
    env: BTreeMap<String, String>,
    kafka: Kafka,
    volumes: TempDir,
}

impl Stage {
    async fn set() -> Result<Self> {
        let compose = yaml::file("docker-compose.yml")?;
        let variables =
            compose["services"]["kafka"]["environment"].as_object().context("Kafka's variables")?;
        let [host] = ports::free()?;
        let own = variables.iter().filter(|(name, _)| !OF_THE_HARNESS.contains(&name.as_str()));
        let properties: Vec<_> = own.map(|(name, value)| property(name, value, host)).collect();
        let properties: Vec<_> =
            properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let kafka = Kafka::start_with(&properties).await?;
        let env = yaml::text(".env")?;
        let lines = env.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let env = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Self { compose, env, kafka, volumes: tempfile::tempdir().context("making a directory")? })
    }

    /// Starts the command of a service with its variables, and the admin port at this address.
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
        if value.starts_with('/') {
            let folder = self.volumes.path().join(value.trim_start_matches('/'));
            std::fs::create_dir_all(&folder).context("making a volume")?;
            return Ok(folder.to_string_lossy().into_owned());
        }
        // Nobody listens for traces, which must not matter.
        Ok(value.replace("kafka:9094", self.kafka.bootstrap()).replace("traces:4318", "127.0.0.1:9"))
    }

    /// Prometheus with the configuration of the file; names of containers are those of addresses on loopback.
    async fn prometheus(&self, jobs: &[(&str, String)]) -> Result<Prometheus> {
        let text = self.compose["configs"]["prometheus"]["content"].as_str().context("no configuration")?;
        let mut config = yaml::documents(&text.replace("$$", "$"))?.remove(0);
        let targets = |(job, address): &(&str, String)| json!({"targets": [address], "labels": {"__meta_dns_name": job}});
        let scrape = config["scrape_configs"][0].as_object_mut().context("no scrape")?;
        scrape.remove("dns_sd_configs").context("found by name")?;
        scrape.insert("static_configs".to_owned(), jobs.iter().map(targets).collect());
        config["rule_files"] = json!([folder("k8s/components/prometheus/rules/*.yaml")]);
        // So that a minute is enough to see something.
        config["global"] = json!({"scrape_interval": "1s", "evaluation_interval": "1s"});
        Prometheus::start_with(&config, tempfile::tempdir().context("making a directory")?).await
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

#[tokio::test]
async fn everything_comes_up_from_nothing_takes_a_delivery_and_no_alert_fires() {
    let stage = Stage::set().await.unwrap();
    let start = Instant::now();
    let mut topics = stage.start("topics", &[]).unwrap();
    assert!(topics.wait(UP_WITHIN).await.unwrap().success(), "{}", topics.stderr().unwrap());

    let listen = format!("127.0.0.1:{}", ports::free::<1>().unwrap()[0]);
    let mut running = Vec::new();
    for (name, port) in SERVICES.into_iter().zip(ports::free::<5>().unwrap()) {
        let admin = format!("127.0.0.1:{port}");
        let more = [("WEIR_ADMIN_LISTEN", admin.as_str()), ("WEIR_LISTEN", listen.as_str())];
        running.push((name, stage.start(name, &more).unwrap(), admin));
    }
    for (name, _, admin) in &running {
        let check = &stage.compose["services"][*name]["healthcheck"]["test"];
        until(&format!("{name} to be well"), UP_WITHIN, async || {
            Ok(is_well(check, admin).await?.then_some(()))
        })
        .await
        .unwrap();
    }
    assert!(start.elapsed() < UP_WITHIN, "it took {:?}", start.elapsed());

    let sender =
        Sender::new(&format!("http://{listen}/webhook"), stage.env["WEIR_APP_SECRET"].as_bytes()).unwrap();
    sender.post_until_accepted(DELIVERY, UP_WITHIN).await.unwrap();
    let jobs: Vec<_> = running.iter().map(|(name, _, admin)| (*name, admin.clone())).collect();
    let prometheus = stage.prometheus(&jobs).await.unwrap();
    let up = "count(up{job=~\"weir-.+\"} == 1)";
    until("every target to be up", UP_WITHIN, async || {
        let series = prometheus.query(up).await?;
        Ok((series.first().map(|one| &one["value"][1]) == Some(&json!("5"))).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(prometheus.down().await.unwrap(), [""; 0]);
    assert_eq!(prometheus.firing().await.unwrap(), [""; 0]);
}
