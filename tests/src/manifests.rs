//! The manifests of k8s/ as kustomize renders them, and what the schemas of their kinds say of them.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::foreign::{self, folder, run};
use crate::{kafka, yaml};

/// The objects of a folder of k8s/, such as `overlays/prod`.
///
/// # Errors
///
/// When kustomize does not like it, or kubectl is missing.
pub fn render(path: &str) -> Result<Vec<Value>> {
    let kubectl = foreign::python()?.with_file_name("kubectl");
    yaml::documents(&run(Command::new(kubectl).arg("kustomize").arg(folder("k8s").join(path)), "")?)
}

/// The objects of the base with these components.
///
/// # Errors
///
/// As [`render`].
pub fn render_with(components: &[&str]) -> Result<Vec<Value>> {
    let dir = tempfile::tempdir().context("making a directory")?;
    let here = fs::canonicalize(dir.path())?;
    let k8s = fs::canonicalize(folder("k8s"))?;
    // kustomize takes relative paths alone.
    let up: String = here.iter().skip(1).map(|_| "../").collect();
    let k8s = format!("{}{}", up.trim_end_matches('/'), k8s.display());
    let components: Vec<String> = components.iter().map(|name| format!("{k8s}/components/{name}")).collect();
    let text =
        serde_json::json!({"resources": [format!("{k8s}/base")], "components": components}).to_string();
    fs::write(here.join("kustomization.yaml"), text).context("writing kustomization.yaml")?;
    render(here.to_str().context("a directory whose name is no UTF-8")?)
}

/// What the schemas say of each object: `fine`, or what is wrong.
///
/// # Errors
///
/// When one of the validators is missing, or no schema knows a kind.
pub fn verdicts(objects: &[Value]) -> Result<BTreeMap<String, String>> {
    let json = serde_json::to_string(objects).context("values are JSON")?;
    let mut own = Command::new(foreign::python()?);
    own.arg(folder("tests/python/kubernetes.py"));
    let mut operators = Command::new(foreign::node("tests/node")?);
    operators.arg(folder("tests/node/operators.js"));
    let mut strimzi = Command::new(kafka::java_program()?);
    let jars = folder("tests/strimzi/target/jars");
    ensure!(jars.is_dir(), "{} is not there: run `tests/run`, which gets it", jars.display());
    strimzi.arg("-cp").arg(jars.join("*")).arg(folder("tests/strimzi/Check.java"));
    let mut verdicts = BTreeMap::new();
    for validator in [&mut own, &mut operators, &mut strimzi] {
        for line in run(validator, &json)?.lines() {
            let (name, verdict) = line.split_once(": ").context("a line without a verdict")?;
            if verdict != "unknown kind" {
                verdicts.insert(name.to_owned(), verdict.to_owned());
            }
        }
    }
    for object in objects {
        ensure!(verdicts.contains_key(&name(object)), "no schema knows {}", name(object));
    }
    Ok(verdicts)
}

/// `Deployment weir-messages`.
pub fn name(object: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", word(&object["kind"]), word(&object["metadata"]["name"]))
}

/// The objects of a kind.
pub fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

/// The workloads, each with the specification of its pods.
pub fn workloads(objects: &[Value]) -> impl Iterator<Item = (&Value, &Value)> {
    objects.iter().filter_map(|object| {
        let template = match object["kind"].as_str()? {
            "Deployment" | "StatefulSet" | "Job" => &object["spec"]["template"],
            "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"],
            _ => return None,
        };
        Some((object, &template["spec"]))
    })
}

/// Those that run a binary of ours as soon as they are installed, each with its one container: a person or a time starts the others.
pub fn of_weir(objects: &[Value]) -> impl Iterator<Item = (&Value, &Value, &Value)> {
    let at_once = workloads(objects).filter(|(object, _)| object["kind"] != "CronJob");
    let with_container = at_once.map(|(object, pod)| (object, pod, &pod["containers"][0]));
    with_container.filter(|(_, _, container)| container["name"] == "weir")
}
