//! The guard of `k8s/guard` against deleting what holds data, asked of the server that evaluates it.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use weir_tests::manifests::render;
use weir_tests::until::until;

use crate::api_server::ApiServer;

/// A policy works some moments after it was made.
const WORKS_WITHIN: Duration = Duration::from_mins(1);
const GUARDED: &str = "guarded";
const OTHER: &str = "somebody-elses";
const REFUSAL: &str = "it holds data of Weir";

/// Deletes, as a dry run, what is guarded, what is released, and what is none of Weir's.
pub(crate) async fn check(server: &ApiServer) -> Result<()> {
    server.keep(&render("guard")?)?;
    let labels = json!({"app.kubernetes.io/part-of": "weir"});
    server.keep(&[namespace(GUARDED, &labels), namespace(OTHER, &json!({}))])?;
    server.keep(&[claim(GUARDED), claim(OTHER), topic(GUARDED)])?;
    let guarded = [
        ["pvc/data", "--namespace", GUARDED],
        ["kafkatopic/data", "--namespace", GUARDED],
        ["namespace/guarded", "--namespace", GUARDED],
    ];
    for object in guarded {
        until("the guard to refuse", WORKS_WITHIN, async || {
            let (_, said) = server.ask(&[&["delete", "--dry-run=server"], &object[..]].concat())?;
            Ok(said.contains(REFUSAL).then_some(()))
        })
        .await?;
    }
    taken(server, &["delete", "--dry-run=server", "pvc/data", "--namespace", OTHER])?;
    for object in guarded {
        taken(server, &[&["annotate"], &object[..], &["weir-delete=yes"]].concat())?;
        taken(server, &[&["delete", "--dry-run=server"], &object[..]].concat())?;
    }
    Ok(())
}

fn taken(server: &ApiServer, words: &[&str]) -> Result<()> {
    let (is_taken, said) = server.ask(words)?;
    ensure!(is_taken, "kubectl {}: {said}", words.join(" "));
    Ok(())
}

fn namespace(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn claim(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    })
}

fn topic(namespace: &str) -> Value {
    json!({"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": {"name": "data", "namespace": namespace}})
}
