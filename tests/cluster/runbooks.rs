//! What the runbooks say to do with kubectl, done to the overlay that they are for, as far as it needs no kubelet, controller or
//! operator to end.

use anyhow::{Result, ensure};
use serde_json::json;
use weir_tests::manifests::{render, render_with};
use weir_tests::yaml;

use crate::api_server::ApiServer;

const RUNBOOKS: [&str; 3] = ["docs/operations.md", "docs/recovery.md", "docs/upgrades.md"];
const NAMESPACE: &str = "weir";
/// In a command that waits for somebody who is not here, or asks for what he makes.
const BEYOND: [&str; 7] = [" exec ", " logs ", " wait ", " rollout ", "--cascade=orphan", " pod ", " | "];
/// There are more, and a document that is read wrongly has none.
const AT_LEAST: usize = 20;
const CLASS: &str = "disks";
const VOLUMES: usize = 3;

/// A command, and why it failed if it did.
pub(crate) struct Done {
    pub(crate) command: String,
    pub(crate) complaint: Option<String>,
}

/// Keeps the overlay, and does to it what the documents say, in their order.
pub(crate) fn follow(server: &ApiServer) -> Result<Vec<Done>> {
    server.keep(&render("overlays/prod")?)?;
    keep_tokens(server)?;
    keep_volumes(server)?;
    let mut all = Vec::new();
    for runbook in RUNBOOKS {
        for command in commands(&yaml::text(runbook)?) {
            let complaint = server.shell(&command).err().map(|error| format!("{runbook}: {error:#}"));
            all.push(Done { command, complaint });
        }
    }
    ensure!(all.len() >= AT_LEAST, "only {} commands were found", all.len());
    let wrong = [use_toolbox(server), look_at_volumes(server)].into_iter().filter_map(Result::err);
    all.extend(wrong.map(|error| Done { command: String::new(), complaint: Some(format!("{error:#}")) }));
    Ok(all)
}

/// The `CronJob` that the runbook of its alert starts.
fn keep_tokens(server: &ApiServer) -> Result<()> {
    let mut objects = render_with(&["tokens"])?;
    objects.retain(|object| object["kind"] == "CronJob");
    for object in &mut objects {
        object["metadata"]["namespace"] = NAMESPACE.into();
    }
    server.keep(&objects)
}

/// As controllers make and bind them, of a class whose volumes can grow.
fn keep_volumes(server: &ApiServer) -> Result<()> {
    server.keep(&[json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": CLASS},
        "provisioner": "example.com/disks", "allowVolumeExpansion": true,
    })])?;
    let labels = json!({"app.kubernetes.io/name": "weir-ingest"});
    let bound = json!({"status": {"phase": "Bound", "capacity": {"storage": "10Gi"}}});
    for number in 0..VOLUMES {
        let name = format!("spool-weir-ingest-{number}");
        server.keep(&[json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "storageClassName": CLASS, "volumeName": name,
                "resources": {"requests": {"storage": "10Gi"}},
            },
        })])?;
        server.shell(&format!(
            "kubectl -n {NAMESPACE} patch pvc {name} --subresource=status --type merge -p '{bound}'"
        ))?;
    }
    Ok(())
}

/// Indented lines and loops, and what is patched in the midst of a sentence.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines().filter(|line| line.starts_with("    ")).map(str::trim) {
        open = match open {
            Some(lines) if line.starts_with("done") => {
                commands.push(format!("{lines}\n{line}"));
                None
            }
            Some(lines) => Some(format!("{lines}\n{line}")),
            None if line.starts_with("for ") && line.ends_with("; do") => Some(line.to_owned()),
            None => {
                commands.extend(line.starts_with("kubectl ").then(|| line.to_owned()));
                None
            }
        };
    }
    let spans = text.split('`').skip(1).step_by(2);
    commands.extend(spans.filter(|span| span.starts_with("kubectl -n weir patch ")).map(str::to_owned));
    commands.retain(|command| !BEYOND.iter().any(|word| command.contains(word)));
    commands
}

/// Nobody runs its pod, so that it is ended while it waits: the Job that it made has the words that it was given.
fn use_toolbox(server: &ApiServer) -> Result<()> {
    server.shell("timeout 15 k8s/toolbox dlq list || true")?;
    let words = "{.items[*].spec.template.spec.containers[0].args}";
    let made = server.shell(&format!("kubectl -n {NAMESPACE} get jobs --output jsonpath='{words}'"))?;
    ensure!(made.contains(r#"["dlq","list"]"#), "k8s/toolbox made no Job of its command: {made}");
    Ok(())
}

fn look_at_volumes(server: &ApiServer) -> Result<()> {
    let size = "{.spec.resources.requests.storage}";
    let claim = "spool-weir-ingest-0";
    let asked =
        server.shell(&format!("kubectl -n {NAMESPACE} get pvc {claim} --output jsonpath='{size}'"))?;
    ensure!(asked == "20Gi", "{claim} was to be enlarged and asks for {asked}");
    Ok(())
}
