//! An API server of Kubernetes with its etcd, on loopback: no node, no controller, no operator.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use weir_tests::foreign::{self, folder, run};
use weir_tests::ports;
use weir_tests::process::Binary;
use weir_tests::until::until;

/// Where objects go that name no namespace.
pub(crate) const NAMESPACE: &str = "default";
const READY_WITHIN: Duration = Duration::from_mins(2);
const TOKEN: &str = "of-this-run-alone";

/// Dropping it ends both processes.
pub(crate) struct ApiServer {
    url: String,
    _server: Binary,
    _etcd: Binary,
    _dir: TempDir,
}

/// What came of objects that were handed over together.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// How many were taken.
    pub(crate) taken: usize,
    /// Warnings and refusals, in the server's words.
    pub(crate) complaints: Vec<String>,
}

impl ApiServer {
    /// Starts both and waits until the server is ready.
    pub(crate) async fn start(etcd: &Path, server: &Path) -> Result<Self> {
        let dir = tempfile::tempdir().context("making a directory")?;
        let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let [client, peer, secure] = ports::free()?;
        let etcd_url = format!("http://127.0.0.1:{client}");
        let peer_url = format!("http://127.0.0.1:{peer}");
        let of_etcd = [
            format!("--data-dir={}", path("etcd")),
            format!("--listen-client-urls={etcd_url}"),
            format!("--advertise-client-urls={etcd_url}"),
            format!("--listen-peer-urls={peer_url}"),
            format!("--initial-advertise-peer-urls={peer_url}"),
            format!("--initial-cluster=default={peer_url}"),
        ];
        let etcd = start("etcd", etcd, &of_etcd)?;

        let key = path("service-accounts.key");
        run(Command::new("openssl").args(["genrsa", "-out", &key, "2048"]), "")?;
        fs::write(path("tokens.csv"), format!("{TOKEN},admin,admin,system:masters\n"))?;
        let of_server = [
            format!("--etcd-servers={etcd_url}"),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={secure}"),
            format!("--cert-dir={}", path("certificates")),
            format!("--token-auth-file={}", path("tokens.csv")),
            "--authorization-mode=RBAC".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={key}"),
            format!("--service-account-signing-key-file={key}"),
            "--service-cluster-ip-range=10.96.0.0/16".to_owned(),
            // Its address is one of loopback, which no Endpoints may name.
            "--endpoint-reconciler-type=none".to_owned(),
            // No controller makes the accounts that it would ask for.
            "--disable-admission-plugins=ServiceAccount".to_owned(),
        ];
        let process = start("kube-apiserver", server, &of_server)?;
        let url = format!("https://127.0.0.1:{secure}");
        let server = Self { url, _server: process, _etcd: etcd, _dir: dir };
        until("the API server to be ready", READY_WITHIN, async || {
            Ok(run(server.kubectl()?.args(["get", "--raw", "/readyz"]), "").ok())
        })
        .await?;
        Ok(server)
    }

    /// Installs the kinds of a folder's folders, and makes the namespace of what names none, in which pods have to be
    /// `restricted`.
    pub(crate) async fn install(&self, crds: &Path) -> Result<()> {
        let mut install = self.kubectl()?;
        install.args(["apply", "--server-side", "--recursive", "--filename"]).arg(crds);
        run(&mut install, "")?;
        self.keep(&[open_kinds_of_strimzi(), restricted(NAMESPACE)].concat())?;
        let mut wait = self.kubectl()?;
        wait.args(["wait", "--for=condition=Established", "--timeout=60s", "crd", "--all"]);
        run(&mut wait, "")?;
        // The server serves a new kind some moments after it is established.
        until("every kind to be served", READY_WITHIN, async || {
            let kinds = run(self.kubectl()?.args(["api-resources", "--no-headers"]), "")?;
            let is_served = |kind: &&str| kinds.lines().any(|line| line.ends_with(kind));
            Ok(["ScaledObject", "PrometheusRule", "HTTPRoute", "KafkaNodePool"]
                .iter()
                .all(is_served)
                .then_some(()))
        })
        .await
    }

    /// Hands objects over as an apply that keeps nothing; the namespaces among them are kept, for the others to be in.
    pub(crate) fn apply(&self, objects: &[Value]) -> Result<Applied> {
        if objects.is_empty() {
            return Ok(Applied::default());
        }
        let is_namespace = |object: &&Value| object["kind"] == "Namespace";
        self.keep(&objects.iter().filter(is_namespace).cloned().collect::<Vec<_>>())?;
        let mut apply = self.kubectl()?;
        apply.args(["apply", "--dry-run=server", "--validate=strict", "--filename=-"]);
        let (taken, said) = talk(&mut apply, objects)?;
        let complaints = said.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Applied { taken: taken.lines().count(), complaints })
    }

    /// `v1.35.4`.
    pub(crate) fn version(&self) -> Result<String> {
        let answer = run(self.kubectl()?.args(["get", "--raw", "/version"]), "")?;
        let answer: Value = serde_json::from_str(&answer).context("the version is no JSON")?;
        Ok(answer["gitVersion"].as_str().context("a version without a name")?.to_owned())
    }

    /// Runs kubectl: whether it did what it was asked, and what it said to the contrary.
    pub(crate) fn ask(&self, words: &[&str]) -> Result<(bool, String)> {
        let output = self.kubectl()?.args(words).output().context("starting kubectl")?;
        Ok((output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()))
    }

    /// Runs a script in the folder of the workspace, in which `kubectl` asks this server; returns what it printed.
    pub(crate) fn shell(&self, script: &str) -> Result<String> {
        let kubectl = self.kubectl()?;
        let words = std::iter::once(kubectl.get_program()).chain(kubectl.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
        // For the scripts that it starts too.
        let script = format!("kubectl() {{ {} \"$@\"; }}\nexport -f kubectl\n{script}", words.join(" "));
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", &script]).current_dir(folder(""));
        run(bash.env("KUBECONFIG", "/dev/null"), "")
    }

    /// Makes objects that stay.
    pub(crate) fn keep(&self, objects: &[Value]) -> Result<()> {
        if !objects.is_empty() {
            let mut apply = self.kubectl()?;
            run(apply.args(["apply", "--filename=-"]), &list(objects))?;
        }
        Ok(())
    }

    fn kubectl(&self) -> Result<Command> {
        let mut command = Command::new(foreign::python()?.with_file_name("kubectl"));
        // The server's certificate is its own, made a moment ago, and the way to it is loopback.
        command.args(["--insecure-skip-tls-verify", "--token", TOKEN, "--server", &self.url]);
        command.env("KUBECONFIG", "/dev/null");
        Ok(command)
    }
}

fn start(name: &str, program: &Path, args: &[String]) -> Result<Binary> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Binary::run(name, program, &args, &[])
}

/// What kubectl prints and what it says beside that, whether it takes everything or not.
fn talk(command: &mut Command, objects: &[Value]) -> Result<(String, String)> {
    let dir = tempfile::tempdir().context("making a directory")?;
    let input = dir.path().join("objects.json");
    fs::write(&input, list(objects)).context("writing objects")?;
    let input = fs::File::open(&input).context("reading objects")?;
    let output = command.stdin(Stdio::from(input)).output().context("starting kubectl")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    ensure!(
        output.status.success() || !output.stderr.is_empty(),
        "kubectl ended with {} and no word",
        output.status
    );
    Ok((text(&output.stdout), text(&output.stderr)))
}

fn list(objects: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()
}

fn restricted(name: &str) -> Vec<Value> {
    let labels = json!({
        "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted",
    });
    vec![json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})]
}

/// Strimzi's definitions are in no package that can be had: these have its names and take every member. Its classes
/// check the members, in `tests/tests/manifests_schemas.rs`.
fn open_kinds_of_strimzi() -> Vec<Value> {
    let kinds = [
        ("Kafka", "kafkas"),
        ("KafkaNodePool", "kafkanodepools"),
        ("KafkaTopic", "kafkatopics"),
        ("KafkaUser", "kafkausers"),
    ];
    let open = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let definition = |(kind, plural): (&str, &str)| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.kafka.strimzi.io")},
            "spec": {
                "group": "kafka.strimzi.io", "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": open}],
            },
        })
    };
    kinds.into_iter().map(definition).collect()
}
