//! The pods that controllers would make, since no controller runs: of workloads, and of what Strimzi is told about its own.

use serde_json::{Value, json};
use weir_tests::manifests::{of_kind, workloads};

/// The pods of everything among the objects that has some.
pub(crate) fn of(objects: &[Value]) -> Vec<Value> {
    let of_workloads = workloads(objects).map(|(object, spec)| pod(object, spec.clone()));
    let of_nodes = of_kind(objects, "KafkaNodePool")
        .map(|pool| pod(pool, as_strimzi_makes_it(&pool["spec"]["template"], &["kafkaContainer"])));
    let of_operators = of_kind(objects, "Kafka").map(|kafka| {
        let template = &kafka["spec"]["entityOperator"]["template"];
        pod(kafka, as_strimzi_makes_it(template, &["topicOperatorContainer", "userOperatorContainer"]))
    });
    let of_exporters = of_kind(objects, "Kafka").filter(|kafka| kafka["spec"].get("kafkaExporter").is_some());
    let of_exporters = of_exporters.map(|kafka| {
        let mut exporter =
            pod(kafka, as_strimzi_makes_it(&kafka["spec"]["kafkaExporter"]["template"], &["container"]));
        exporter["metadata"]["name"] = json!("kafka-exporter");
        exporter
    });
    of_workloads.chain(of_nodes).chain(of_operators).chain(of_exporters).collect()
}

fn pod(of: &Value, mut spec: Value) -> Value {
    // The StatefulSet's controller would add them.
    for claim in of["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten() {
        let name = &claim["metadata"]["name"];
        let volume = json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
        match spec["volumes"].as_array_mut() {
            Some(volumes) => volumes.push(volume),
            None => spec["volumes"] = json!([volume]),
        }
    }
    let kind = of["kind"].as_str().unwrap_or_default().to_lowercase();
    let name = of["metadata"]["name"].as_str().unwrap_or_default();
    let mut metadata =
        json!({"name": format!("{kind}-{name}"), "labels": of["spec"]["template"]["metadata"]["labels"]});
    if let Some(namespace) = of["metadata"].get("namespace") {
        metadata["namespace"] = namespace.clone();
    }
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// By Strimzi's default provider, a pod has the contexts of its template and no others.
fn as_strimzi_makes_it(template: &Value, containers: &[&str]) -> Value {
    let container = |name: &&str| {
        let mut container = json!({"name": name.to_lowercase(), "image": "strimzi"});
        if let Some(context) = template[name].get("securityContext") {
            container["securityContext"] = context.clone();
        }
        container
    };
    let mut spec = json!({"containers": containers.iter().map(container).collect::<Vec<_>>()});
    if let Some(context) = template["pod"].get("securityContext") {
        spec["securityContext"] = context.clone();
    }
    spec
}
