//! What is applied: the overlays, the base with each component, and the chart.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;
use weir_tests::foreign::folder;
use weir_tests::manifests::{render, render_with};
use weir_tests::{chart, yaml};

use crate::api_server::NAMESPACE;

/// Objects that somebody may apply together.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) objects: Vec<Value>,
}

/// Components that only make sense behind others.
const NEEDS: [(&str, &[&str]); 4] = [
    ("keda", &["strimzi"]),
    ("keda-media", &["media", "strimzi"]),
    ("kafka-exporter", &["strimzi"]),
    ("kafka-tools", &["strimzi"]),
];

/// Kinds that the clusters of one cloud serve, and whose definitions are in no module.
const OF_ONE_CLOUD: [&str; 2] = ["cloud.google.com/", "networking.gke.io/"];

/// Every overlay, the base, the base with each component, and what Helm rendered of the chart.
pub(crate) fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for overlay in folders("k8s/overlays")? {
        let objects = render(&format!("overlays/{overlay}"))?;
        cases.push(Case { name: format!("overlays/{overlay}"), objects });
    }
    cases.push(Case { name: "base".to_owned(), objects: render("base")? });
    for component in folders("k8s/components")? {
        let needed = NEEDS.iter().find(|(name, _)| *name == component).map(|(_, needed)| *needed);
        let needed = needed.unwrap_or_default().iter().copied();
        let components: Vec<&str> = needed.chain([component.as_str()]).collect();
        let name = format!("base with {}", components.join(" and "));
        cases.push(Case { name, objects: render_with(&components)? });
    }
    for case in chart::KEPT {
        let rendered = fs::read_to_string(chart::kept(case)).with_context(|| case.to_owned())?;
        cases.push(Case { name: format!("the chart, case {case}"), objects: yaml::documents(&rendered)? });
    }
    for case in &mut cases {
        case.objects.retain(|object| !is_of_one_cloud(object));
        case.objects.iter_mut().for_each(name_namespace_of_subjects);
    }
    Ok(cases)
}

/// As an overlay does, by kustomize, of whoever a role is bound to.
fn name_namespace_of_subjects(object: &mut Value) {
    for subject in object.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        if subject["namespace"].is_null() {
            subject["namespace"] = NAMESPACE.into();
        }
    }
}

fn is_of_one_cloud(object: &Value) -> bool {
    let group = object["apiVersion"].as_str().unwrap_or_default();
    OF_ONE_CLOUD.iter().any(|cloud| group.starts_with(cloud))
}

fn folders(path: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder(path)).with_context(|| path.to_owned())?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}
