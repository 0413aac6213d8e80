//! Kafka as Strimzi is told to run it: pods that are let in, disks that do not fill, data that are not deleted by accident.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use weir_tests::foreign::folder;
use weir_tests::manifests::{name, of_kind, of_weir, render, render_with};
use weir_tests::{generated, yaml};

fn prod() -> Vec<Value> {
    render("overlays/prod").unwrap()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn named<'a>(objects: &'a [Value], of: &str) -> &'a Value {
    let found = objects.iter().find(|object| name(object) == of);
    found.ok_or_else(|| format!("there is no {of}")).unwrap()
}

#[test]
fn the_toolbox_runs_when_it_is_told_alone_and_as_a_user_that_no_process_is() {
    let objects = prod();
    let spec = &named(&objects, "CronJob weir-toolbox")["spec"];
    assert_eq!(spec["suspend"], true);
    // Whose exit code another command would take away.
    assert!(spec["failedJobsHistoryLimit"].as_u64() > Some(1), "{spec}");
    let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
    let volume = items(&pod["volumes"]).find(|volume| volume["name"] == "kafka-user").unwrap();
    assert_eq!(volume["secret"]["secretName"], generated::OPERATOR);
    let ingest = &named(&objects, "StatefulSet weir-ingest")["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["envFrom"], ingest["containers"][0]["envFrom"]);
}

#[test]
fn kafkas_own_tools_reach_the_brokers_as_the_operator_by_files_that_are_mounted() {
    let objects = prod();
    let spec = &named(&objects, "CronJob weir-kafka-tools")["spec"];
    assert_eq!(spec["suspend"], true);
    // Whose exit code another command would take away.
    assert!(spec["failedJobsHistoryLimit"].as_u64() > Some(1), "{spec}");
    let pod = &spec["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let user = items(&pod["volumes"]).find(|volume| volume["name"] == "kafka-user").unwrap();
    assert_eq!(user["secret"]["secretName"], generated::OPERATOR);
    let mounts: Vec<&str> =
        items(&container["volumeMounts"]).filter_map(|mount| mount["mountPath"].as_str()).collect();
    let properties = of_kind(&objects, "ConfigMap").find_map(|map| map["data"]["admin.properties"].as_str());
    let command = container["command"][2].as_str().unwrap();
    // `/a/b` and `${dir:/a:b}` name files alike.
    let text = format!("{} {command}", properties.unwrap()).replace(".crt}", "").replace(".key}", "");
    let paths = text.split(['=', ':', ' ', '\n']).filter(|word| word.starts_with("/etc/weir/"));
    let paths: Vec<_> = paths.collect();
    assert!(paths.len() >= 4, "{paths:?}");
    for path in paths {
        assert!(
            mounts.iter().any(|mount| path == *mount || path.starts_with(&format!("{mount}/"))),
            "{path}"
        );
    }
    let pod_security = &pod["securityContext"];
    assert_eq!(
        (&pod_security["runAsNonRoot"], &pod_security["seccompProfile"]["type"]),
        (&true.into(), &"RuntimeDefault".into())
    );
    let security = &container["securityContext"];
    assert_eq!(
        (&security["readOnlyRootFilesystem"], &security["capabilities"]["drop"][0]),
        (&true.into(), &"ALL".into())
    );
}

#[test]
fn to_brokers_elsewhere_each_process_is_a_user_of_its_own() {
    let objects = render_with(&["topics", "toolbox", "sasl"]).unwrap();
    let toolbox = &named(&objects, "CronJob weir-toolbox")["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let topics = &named(&objects, "Job weir-topics")["spec"]["template"]["spec"];
    let processes = of_weir(&objects).filter(|(object, ..)| object["kind"] != "Job");
    let processes = processes.map(|(object, pod, _)| (object["metadata"]["name"].as_str().unwrap(), pod));
    let mut pods = 0;
    for (user, pod) in processes.chain([(generated::OPERATOR, toolbox), (generated::TOPICS, topics)]) {
        let volume = items(&pod["volumes"]).find(|volume| volume["name"] == "kafka-user").unwrap();
        assert_eq!(
            (&volume["secret"]["secretName"], &volume["secret"]["defaultMode"]),
            (&user.into(), &0o440.into())
        );
        // The files are the group's.
        assert_eq!(pod["securityContext"]["fsGroup"], 65532, "{user}");
        let mounts = &pod["containers"][0]["volumeMounts"];
        let mount =
            items(mounts).find(|mount| mount["name"] == "kafka-user").unwrap()["mountPath"].as_str().unwrap();
        let settings =
            of_kind(&objects, "ConfigMap").find_map(|map| map["data"]["WEIR_KAFKA_CONFIG"].as_str());
        assert_eq!(settings.unwrap(), format!("{mount}/client.properties"), "{user}");
        pods += 1;
    }
    assert_eq!(pods, 7);
}

/// The overlay as its head says to adapt it: with components/sasl, and without all that is of Strimzi.
fn prod_with_brokers_elsewhere() -> Vec<Value> {
    let dir = tempfile::tempdir().unwrap();
    let here = fs::canonicalize(dir.path()).unwrap();
    // kustomize takes relative paths alone.
    let up: String = here.iter().skip(1).map(|_| "../").collect();
    let k8s = format!("{}{}/", up.trim_end_matches('/'), fs::canonicalize(folder("k8s")).unwrap().display());
    let mut overlay = yaml::text("k8s/overlays/prod/kustomization.yaml").unwrap();
    for of_strimzi in ["kafka-tools", "keda", "kafka-exporter"] {
        overlay = overlay.replace(&format!("  - ../../components/{of_strimzi}\n"), "");
    }
    let overlay = overlay.replace("components/strimzi\n", "components/sasl\n").replace("../../", &k8s);
    fs::write(here.join("kustomization.yaml"), overlay).unwrap();
    fs::copy(folder("k8s/overlays/prod/namespace.yaml"), here.join("namespace.yaml")).unwrap();
    render(here.to_str().unwrap()).unwrap()
}

#[test]
fn the_overlay_is_had_without_strimzi_too() {
    let objects = prod_with_brokers_elsewhere();
    let of_strimzi = |object: &&Value| object["apiVersion"].as_str().unwrap().contains("strimzi.io");
    assert_eq!(objects.iter().filter(of_strimzi).map(name).collect::<Vec<_>>(), [""; 0]);
    assert!(!objects.iter().any(|object| object.to_string().contains("weir-cluster-ca-cert")));
    assert_eq!(
        named(&objects, "Probe weir-public-address")["spec"]["prober"]["url"],
        "weir-probe.weir.svc:9115"
    );
}

#[test]
fn topics_whose_size_nobody_foresees_cannot_fill_a_brokers_disk() {
    let objects = prod();
    let size = &named(&objects, "KafkaNodePool nodes")["spec"]["storage"]["volumes"][0]["size"];
    let volume = size.as_str().unwrap().trim_end_matches("Gi").parse::<u64>().unwrap() << 30;
    assert_eq!(volume, generated::KAFKA_VOLUME_BYTES, "the guards follow from another size");
    let guarded = of_kind(&objects, "KafkaTopic").filter_map(|topic| {
        let bytes = topic["spec"]["config"].get("retention.bytes")?.as_u64()?;
        Some((topic["metadata"]["name"].as_str()?, bytes * topic["spec"]["partitions"].as_u64()?))
    });
    let guarded: Vec<_> = guarded.collect();
    let letters = of_kind(&objects, "KafkaTopic")
        .filter(|topic| topic["metadata"]["name"].as_str().unwrap().contains("dlq"));
    assert_eq!(guarded.len(), letters.count() + 2, "{guarded:?}");
    // What docs/operations.md says of a delivery a second, at the 50 that the volume is for.
    let raw = 560 * 50 * 30 * 86_400;
    assert!(guarded.iter().any(|(name, bytes)| name.ends_with("raw.v1") && *bytes > raw), "{guarded:?}");
    let others = 1_640 * 50 * 7 * 86_400;
    let all = others + guarded.iter().map(|(_, bytes)| bytes).sum::<u64>();
    assert!(all < volume / 10 * 8, "{all} of {volume}");
}

#[test]
fn kafka_and_its_operators_have_the_contexts_that_the_restricted_profile_asks_for() {
    let objects = prod();
    let pool = &named(&objects, "KafkaNodePool nodes")["spec"]["template"];
    let operators = &named(&objects, "Kafka weir")["spec"]["entityOperator"]["template"];
    let exporter = &named(&objects, "Kafka weir")["spec"]["kafkaExporter"]["template"];
    for pod in [&pool["pod"], &operators["pod"], &exporter["pod"]] {
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    }
    let of_operators = [&operators["topicOperatorContainer"], &operators["userOperatorContainer"]];
    let containers = [&pool["kafkaContainer"], &exporter["container"]].into_iter().chain(of_operators);
    for container in containers {
        assert_eq!(container["securityContext"]["allowPrivilegeEscalation"], false);
        assert_eq!(container["securityContext"]["capabilities"]["drop"][0], "ALL");
    }
}

#[test]
fn what_holds_data_is_pruned_by_no_tool_and_guarded_by_a_policy() {
    let objects = prod();
    let guard = render("guard").unwrap();
    let rules = &named(&guard, "ValidatingAdmissionPolicy weir-keeps-data")["spec"]["matchConstraints"]["resourceRules"];
    let guarded: BTreeSet<_> =
        items(rules).flat_map(|rule| items(&rule["resources"])).filter_map(Value::as_str).collect();
    let holds = |object: &&Value| {
        ["Namespace", "Kafka", "KafkaNodePool", "KafkaTopic"].iter().any(|kind| object["kind"] == *kind)
    };
    for object in objects.iter().filter(holds) {
        let annotations = &object["metadata"]["annotations"];
        assert_eq!(
            annotations["argocd.argoproj.io/sync-options"],
            "Prune=false,Delete=false",
            "{}",
            name(object)
        );
        assert_eq!(annotations["kustomize.toolkit.fluxcd.io/prune"], "disabled", "{}", name(object));
        let plural = format!("{}s", object["kind"].as_str().unwrap().to_lowercase());
        assert!(guarded.contains(plural.as_str()), "{plural} are not guarded");
    }
    assert!(guarded.contains("persistentvolumeclaims"));
    let selector = &named(&guard, "ValidatingAdmissionPolicyBinding weir-keeps-data")["spec"]["matchResources"]
        ["namespaceSelector"];
    let label = &objects.iter().find(|one| one["kind"] == "Namespace").unwrap()["metadata"]["labels"]["app.kubernetes.io/part-of"];
    assert_eq!(selector["matchLabels"]["app.kubernetes.io/part-of"], *label);
}
