//! A real Alertmanager, of Debian's package or of the path, with the configuration that is shipped.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::foreign::folder;
use crate::process::Binary;
use crate::prometheus::program;
use crate::{http, ports};

/// The configuration.
pub const FILE: &str = "k8s/components/alertmanager/alertmanager.yaml";
/// Debian's program reads its templates from one place, where they are only once the package is installed.
const WITH_TEMPLATES: &str = r#"set -e
from=$1
shift
if [ -d "$from" ]; then
  mount -t tmpfs tmpfs /usr/share
  mkdir /usr/share/prometheus
  mount --bind "$from" /usr/share/prometheus
fi
exec "$@""#;
const START_WITHIN: Duration = Duration::from_mins(1);

/// Dropping it ends it.
#[derive(Debug)]
pub struct Alertmanager {
    _process: Binary,
    url: String,
    /// Its data go with it.
    _dir: TempDir,
}

/// A notification that somebody gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Who.
    pub receiver: String,
    /// What its alerts have in common.
    pub labels: Value,
    /// How many alerts it is about.
    pub alerts: usize,
}

impl Alertmanager {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// When it is not there (the message names the command that gets it), does not take the configuration, or is not ready
    /// within a minute.
    pub async fn start() -> Result<Self> {
        let dir = tempfile::tempdir().context("making a directory")?;
        let [port] = ports::free()?;
        let listen = format!("127.0.0.1:{port}");
        let args = [
            format!("--config.file={}", folder(FILE).display()),
            format!("--storage.path={}", dir.path().display()),
            format!("--web.listen-address={listen}"),
            "--cluster.listen-address=".to_owned(),
        ];
        let alertmanager = program("prometheus-alertmanager")?;
        let templates = folder("tests/prometheus/target/usr/share/prometheus");
        let paths = [templates.display().to_string(), alertmanager.display().to_string()];
        let before = ["--user", "--map-root-user", "--mount", "sh", "-c", WITH_TEMPLATES, "sh"];
        let own = paths.iter().chain(&args).map(String::as_str);
        let args: Vec<&str> = before.into_iter().chain(own).collect();
        let mut process = Binary::run("alertmanager", Path::new("/usr/bin/unshare"), &args, &[])?;
        let url = format!("http://{listen}");
        process.ready(&format!("{url}/-/ready"), START_WITHIN).await?;
        Ok(Self { _process: process, url, _dir: dir })
    }

    /// Hands alerts over, each by its labels.
    ///
    /// # Errors
    ///
    /// When it does not take them.
    pub async fn fire(&self, alerts: &[Value]) -> Result<()> {
        let alerts: Vec<Value> = alerts.iter().map(|labels| json!({"labels": labels})).collect();
        let url = format!("{}/api/v2/alerts", self.url);
        let request = http::client()?.post(url).header("content-type", "application/json");
        let answer = request.body(Value::from(alerts).to_string()).send().await.context("telling it")?;
        ensure!(answer.status().is_success(), "{}", answer.text().await.unwrap_or_default());
        Ok(())
    }

    /// The notifications that it would send: groups with alerts that nothing inhibits.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn notifications(&self) -> Result<Vec<Notification>> {
        let (_, text) = http::get(&format!("{}/api/v2/alerts/groups?inhibited=false", self.url)).await?;
        let groups: Value = serde_json::from_str(&text).with_context(|| text.clone())?;
        let groups = groups.as_array().context("an answer without groups")?.iter();
        let notification = |group: &Value| Notification {
            receiver: group["receiver"]["name"].as_str().unwrap_or_default().to_owned(),
            labels: group["labels"].clone(),
            alerts: group["alerts"].as_array().map_or(0, Vec::len),
        };
        Ok(groups.map(notification).filter(|one| one.alerts > 0).collect())
    }
}
