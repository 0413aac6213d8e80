//! Prometheus and promtool, of Debian's package or of the path.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::foreign::{self, folder};
use crate::process::Binary;
use crate::until::until;
use crate::{http, ports, yaml};

const GET_THEM: &str = "run `tests/run`, which gets it";
const RULES: &str = "k8s/components/prometheus/rules/weir.yaml";
const START_WITHIN: Duration = Duration::from_mins(1);

/// Runs promtool to its end; returns what it printed.
///
/// # Errors
///
/// When it is not there (the message names the command that gets it), or does not like what it was given.
pub fn promtool(args: &[&str], stdin: &str) -> Result<String> {
    foreign::run(Command::new(program("promtool")?).args(args), stdin)
}

/// A Prometheus with the rules, which looks at everything once a second. Dropping it ends it.
#[derive(Debug)]
pub struct Prometheus {
    process: Binary,
    url: String,
    /// Its data go with it.
    _dir: TempDir,
}

/// How long an alert has to hold before it fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as the rules say.
    AsStated,
    /// A second, a lag of 3 s is one, and who says nothing for 5 s is quiet, so that a test sees within seconds what an operator sees within minutes.
    Short,
}

impl Prometheus {
    /// Starts one that scrapes each job at its address, `127.0.0.1:…`.
    ///
    /// # Errors
    ///
    /// When it is not there (the message names the command that gets it), or is not ready within a minute.
    pub async fn start(jobs: &[(&str, &str)], patience: Patience) -> Result<Self> {
        Self::start_in(tempfile::tempdir().context("making a directory")?, jobs, patience).await
    }

    /// As [`Self::start`], in a folder that may have data already.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_in(dir: TempDir, jobs: &[(&str, &str)], patience: Patience) -> Result<Self> {
        let scrapes: Vec<Value> = jobs.iter().map(|(job, address)| scrape(job, address)).collect();
        let config = serde_json::json!({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": scrapes,
        });
        fs::write(dir.path().join("rules.yaml"), rules(patience)?).context("writing the rules")?;
        Self::start_with(&config, dir).await
    }

    /// Starts one with a configuration; paths in it are those of `dir`, or absolute.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub async fn start_with(config: &Value, dir: TempDir) -> Result<Self> {
        let file = dir.path().join("prometheus.yml");
        fs::write(file, config.to_string()).context("writing the configuration")?;
        let [port] = ports::free()?;
        let listen = format!("127.0.0.1:{port}");
        let flag = |name: &str, value: &str| format!("--{name}={value}");
        let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let args = [
            flag("config.file", &path("prometheus.yml")),
            flag("storage.tsdb.path", &path("data")),
            flag("web.listen-address", &listen),
        ];
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let process = Binary::run("prometheus", &program("prometheus")?, &args, &[])?;
        let mut prometheus = Self { process, url: format!("http://{listen}"), _dir: dir };
        let ready = format!("{}/-/ready", prometheus.url);
        prometheus.process.ready(&ready, START_WITHIN).await?;
        Ok(prometheus)
    }

    /// What an expression gives now: the series, each with its labels and its last value.
    ///
    /// # Errors
    ///
    /// When Prometheus does not take it.
    pub async fn query(&self, expression: &str) -> Result<Vec<Value>> {
        let answer = self.get("query", &[("query", expression)]).await?;
        answer["data"]["result"].as_array().cloned().context("an answer without a result")
    }

    /// What an expression gives from `start` to `end`, both in seconds since 1970, every `step` seconds: the series, each
    /// with its labels and its values.
    ///
    /// # Errors
    ///
    /// When Prometheus does not take it.
    pub async fn query_range(&self, expression: &str, start: f64, end: f64, step: f64) -> Result<Vec<Value>> {
        let [start, end, step] = [start, end, step].map(|number| number.to_string());
        let parameters = [("query", expression), ("start", &start), ("end", &end), ("step", &step)];
        let answer = self.get("query_range", &parameters).await?;
        answer["data"]["result"].as_array().cloned().context("an answer without a result")
    }

    /// The targets that could not be scraped, each with what was wrong.
    ///
    /// # Errors
    ///
    /// When Prometheus does not answer.
    pub async fn down(&self) -> Result<Vec<String>> {
        let answer = self.get("targets", &[("state", "active")]).await?;
        let targets = answer["data"]["activeTargets"].as_array().context("an answer without targets")?;
        let down = targets.iter().filter(|target| target["health"] != "up");
        Ok(down.map(|target| format!("{}: {}", target["scrapePool"], target["lastError"])).collect())
    }

    /// Waits until every target was scraped when it was looked at last: a busy machine may let one of the scrapes fail, which have a
    /// second each.
    ///
    /// # Errors
    ///
    /// When one still fails after `within`; the message has each with what was wrong.
    pub async fn until_none_is_down(&self, within: Duration) -> Result<()> {
        let mut down = Vec::new();
        let waited = until("every target to be scraped", within, async || {
            down = self.down().await?;
            Ok(down.is_empty().then_some(()))
        });
        let waited = waited.await;
        waited.with_context(|| format!("{down:?}"))
    }

    /// The names of the alerts that fire, once each, in alphabetical order.
    ///
    /// # Errors
    ///
    /// When Prometheus does not answer.
    pub async fn firing(&self) -> Result<Vec<String>> {
        let answer = self.get("alerts", &[]).await?;
        let alerts = answer["data"]["alerts"].as_array().context("an answer without alerts")?;
        let firing = alerts.iter().filter(|alert| alert["state"] == "firing");
        let mut names: Vec<String> =
            firing.filter_map(|alert| Some(alert["labels"]["alertname"].as_str()?.to_owned())).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    async fn get(&self, what: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let request = http::client()?.get(format!("{}/api/v1/{what}", self.url)).query(parameters);
        let text = request.send().await.context("asking Prometheus")?.text().await?;
        let answer: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
        ensure!(answer["status"] == "success", "{parameters:?}: {text}");
        Ok(answer)
    }
}

fn scrape(job: &str, address: &str) -> Value {
    serde_json::json!({"job_name": job, "static_configs": [{"targets": [address]}]})
}

fn rules(patience: Patience) -> Result<String> {
    let rules = yaml::text(RULES)?.replace("    interval: 30s\n", "");
    if patience == Patience::AsStated {
        return Ok(rules);
    }
    let hurried = |line: &str| match line.trim_start() {
        what if what.starts_with("for: ") => "        for: 1s".to_owned(),
        what if what
            .starts_with("expr: max by (cluster, namespace, job, topic) (weir_consumer_lag_seconds)") =>
        {
            line.replace("> 300", "> 3")
        }
        what if what.starts_with(
            "expr: min by (cluster, namespace, account) (weir_metrics_account_silence_seconds)",
        ) =>
        {
            line.replace("> 86400", "> 5")
        }
        _ => line.to_owned(),
    };
    Ok(rules.lines().map(hurried).collect::<Vec<_>>().join("\n"))
}

/// The file of a program of Debian's packages.
///
/// # Errors
///
/// When it is not there; the message names the command that gets it.
pub fn program(name: &str) -> Result<PathBuf> {
    let unpacked = folder("tests/prometheus/target/usr/bin").join(name);
    if unpacked.is_file() {
        return Ok(unpacked);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("{name} is not there: {GET_THEM}"))
}
