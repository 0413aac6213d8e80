//! What renews tokens may change the one Secret that they are in, and no other pod asks the API server.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use serde_json::{Value, json};
use weir_tests::manifests::{name, of_kind, render_with, workloads};
use weir_tests::manual::Manual;
use weir_tests::yaml;

const NAME: &str = "weir-tokens";

fn rendered() -> Vec<Value> {
    render_with(&["connect", "tokens", "toolbox", "topics"]).unwrap()
}

fn pod(cronjob: &Value) -> &Value {
    &cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[test]
fn it_may_get_and_patch_the_secret_that_it_is_told_to_write_and_nothing_else() {
    let objects = rendered();
    let named = |kind| of_kind(&objects, kind).find(|object| object["metadata"]["name"] == NAME).unwrap();
    let pod = pod(named("CronJob"));
    let container = &pod["containers"][0];
    let told = items(&container["env"]).find(|one| one["name"] == "WEIR_TO_SECRET").unwrap();
    let secret = told["value"].as_str().unwrap().strip_prefix("$(NAMESPACE)/").unwrap();
    let only = json!([{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [secret], "verbs": ["get", "patch"]}]);
    assert_eq!(named("Role")["rules"], only);
    let mounted = items(&pod["volumes"]).find(|volume| volume["name"] == "access-tokens").unwrap();
    assert_eq!(mounted["secret"]["secretName"], secret, "what is renewed is what is read");

    let binding = named("RoleBinding");
    assert_eq!((&binding["roleRef"]["kind"], &binding["roleRef"]["name"]), (&"Role".into(), &NAME.into()));
    assert_eq!(binding["subjects"], json!([{"kind": "ServiceAccount", "name": NAME}]));
    assert_eq!(pod["serviceAccountName"], named("ServiceAccount")["metadata"]["name"]);
    assert_eq!(of_kind(&objects, "Role").count() + of_kind(&objects, "RoleBinding").count(), 2);
    assert_eq!(of_kind(&objects, "ClusterRoleBinding").count(), 0);
}

#[test]
fn the_alert_is_about_it_and_a_round_that_failed_is_tried_again() {
    let rules = yaml::text("k8s/components/prometheus/rules/weir.yaml").unwrap();
    for metric in ["kube_cronjob_status_last_successful_time", "kube_cronjob_created"] {
        assert!(rules.contains(&format!("{metric}{{cronjob=\"{NAME}\"}}")), "{metric}");
    }
    let objects = rendered();
    let cronjob = of_kind(&objects, "CronJob").find(|object| object["metadata"]["name"] == NAME).unwrap();
    let job = &cronjob["spec"]["jobTemplate"]["spec"];
    assert!(job["backoffLimit"].as_u64() > Some(0), "{job}");
    // It is over before the alert counts it as missing.
    assert!(job["activeDeadlineSeconds"].as_u64().is_some_and(|seconds| seconds <= 3_600), "{job}");
}

#[test]
fn it_alone_is_given_the_token_of_a_service_account() {
    let objects = rendered();
    let asking: Vec<_> = workloads(&objects)
        .filter(|(_, pod)| pod["automountServiceAccountToken"] != false)
        .map(|(one, _)| name(one))
        .collect();
    assert_eq!(asking, ["CronJob weir-tokens"]);
}

#[test]
fn its_command_reads_its_variables_and_finds_its_files() {
    let objects = rendered();
    let cronjob = of_kind(&objects, "CronJob").find(|object| object["metadata"]["name"] == NAME).unwrap();
    let container = &pod(cronjob)["containers"][0];
    let command: Vec<&str> = items(&container["command"]).filter_map(Value::as_str).collect();
    let known = Manual::of(&command).unwrap().variables();
    for one in items(&container["env"]) {
        let (variable, value) = (one["name"].as_str().unwrap(), one["value"].as_str().unwrap_or_default());
        assert!(variable == "NAMESPACE" || known.contains(variable), "{variable}");
        let is_mounted = items(&container["volumeMounts"])
            .any(|mount| value.starts_with(mount["mountPath"].as_str().unwrap()));
        assert!(!value.starts_with('/') || is_mounted, "{one}");
    }
}
