//! What the operators are told fits what runs: users and certificates, replicas and partitions, what is scraped.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;
use std::process::Command;

use schemas::TopicSpec;
use serde_json::{Value, json};
use weir_tests::manifests::{name, of_kind, of_weir, render, render_with};
use weir_tests::manual::{OPTIONAL, PAGE_COMMENTS, SERVICES};
use weir_tests::{dashboards, foreign, generated, process, yaml};

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

fn settings(objects: &[Value]) -> &Value {
    let is_it = |map: &&Value| map["metadata"]["name"].as_str().unwrap().starts_with("weir-settings");
    &of_kind(objects, "ConfigMap").find(is_it).unwrap()["data"]
}

#[test]
fn every_process_is_a_user_of_its_own_with_the_certificate_that_strimzi_issues_for_it() {
    let objects = prod();
    let cluster = named(&objects, "Kafka weir");
    assert_eq!(cluster["spec"]["kafka"]["listeners"][0]["authentication"]["type"], "tls");
    let port = &cluster["spec"]["kafka"]["listeners"][0]["port"];
    assert_eq!(settings(&objects)["WEIR_BROKERS"], format!("weir-kafka-bootstrap:{port}"));
    for (object, pod, _) in of_weir(&objects) {
        let service = object["metadata"]["name"].as_str().unwrap();
        named(&objects, &format!("KafkaUser {service}"));
        let secret_of = |volume: &str| {
            let volume = items(&pod["volumes"]).find(|one| one["name"] == volume).unwrap();
            volume["secret"]["secretName"].as_str().unwrap().to_owned()
        };
        assert_eq!(secret_of("kafka-user"), service);
        assert_eq!(secret_of("kafka-ca"), "weir-cluster-ca-cert");
    }
}

#[test]
fn the_properties_name_files_that_are_mounted_and_the_binaries_take_them() {
    let objects = prod();
    let properties = yaml::text("k8s/components/strimzi/client.properties").unwrap();
    let (_, _, container) = of_weir(&objects).next().unwrap();
    let mounts: Vec<&str> =
        items(&container["volumeMounts"]).filter_map(|mount| mount["mountPath"].as_str()).collect();
    let files = properties.lines().filter_map(|line| line.split_once(".location=")).map(|(_, path)| path);
    for file in files {
        assert!(mounts.iter().any(|path| file.starts_with(&format!("{path}/"))), "{file} is not mounted");
    }
    let file = foreign::folder("k8s/components/strimzi/client.properties");
    // Without brokers it says what is wrong with its settings and ends: nothing with these.
    let mut ingest = Command::new(process::built("weir-messages").unwrap());
    let said = ingest.env_remove("WEIR_BROKERS").arg("--kafka-config").arg(file).output().unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    let of_file: Vec<&str> = said.lines().filter(|line| line.contains("client.properties")).collect();
    // It takes each line; the files are in the pod, and not here.
    let is_away = |line: &&str| line.contains("that can be read") && line.contains("No such file");
    assert!(said.contains("--brokers (not set)") && of_file.iter().all(is_away), "{said}");
}

#[test]
fn a_user_may_do_what_its_process_does_and_nothing_else() {
    let objects = prod();
    let users: BTreeSet<_> =
        of_kind(&objects, "KafkaUser").map(|user| user["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(users, SERVICES.into_iter().chain(OPTIONAL).chain([generated::OPERATOR]).collect());
    let topics: BTreeSet<_> =
        of_kind(&objects, "KafkaTopic").map(|one| one["metadata"]["name"].as_str().unwrap()).collect();
    for user in of_kind(&objects, "KafkaUser") {
        let service = user["metadata"]["name"].as_str().unwrap();
        for acl in items(&user["spec"]["authorization"]["acls"]) {
            let resource = &acl["resource"];
            assert_eq!(resource["patternType"], "literal", "{service}");
            match resource["type"].as_str().unwrap() {
                "topic" => {
                    assert!(topics.contains(resource["name"].as_str().unwrap()), "{service}: {resource}");
                }
                "group" if service == generated::OPERATOR && resource["name"] == "weir-redrive" => {}
                "group" if service == generated::OPERATOR => {
                    let group = resource["name"].as_str().unwrap();
                    // To reset it while none of its processes runs.
                    assert!(
                        SERVICES.iter().chain(&OPTIONAL).chain([&PAGE_COMMENTS]).any(|name| *name == group)
                            && acl["operations"] == json!(["Describe", "Read"]),
                        "{acl}"
                    );
                }
                "group" if resource["name"] == PAGE_COMMENTS => assert_eq!(service, "weir-messages"),
                "group" => assert_eq!(resource["name"], service),
                other => panic!("{service} has rights on a {other}"),
            }
        }
    }
}

#[test]
fn comments_of_pages_are_read_by_a_group_of_its_own_as_the_user_of_messages() {
    for of_kafka in ["strimzi", "sasl"] {
        let objects = render_with(&["page-comments", of_kafka]).unwrap();
        let found = of_weir(&objects).find(|(object, ..)| object["metadata"]["name"] == PAGE_COMMENTS);
        let (object, pod, container) = found.unwrap();
        assert_eq!(container["command"], json!(["weir-messages"]));
        assert_eq!(container["env"], json!([{"name": "WEIR_INPUT", "value": "feed"}]));
        let user = items(&pod["volumes"]).find(|volume| volume["name"] == "kafka-user").unwrap();
        assert_eq!(user["secret"]["secretName"], "weir-messages", "{of_kafka}");
        let budget = named(&objects, &format!("PodDisruptionBudget {PAGE_COMMENTS}"));
        assert_eq!(budget["spec"]["selector"], object["spec"]["selector"]);
    }
}

#[test]
fn what_calls_the_graph_api_can_be_left_out_with_all_that_belongs_to_it() {
    let objects = render_with(&["strimzi", "keda", "without-graph-api"]).unwrap();
    let left: Vec<_> = objects
        .iter()
        .map(name)
        .filter(|name| name.ends_with("lookups") || name.ends_with("replies"))
        .collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(of_kind(&objects, "Deployment").count(), SERVICES.len() - 3);
}

/// Each that KEDA scales: no more than there are partitions, by the lag of its own group, which it reads as itself.
fn scaled_by_their_own_lag(objects: &[Value]) -> BTreeSet<&str> {
    let mut all = BTreeSet::new();
    for scaled in of_kind(objects, "ScaledObject") {
        let service = scaled["spec"]["scaleTargetRef"]["name"].as_str().unwrap();
        let most = scaled["spec"]["maxReplicaCount"].as_u64().unwrap();
        assert!(most <= u64::from(TopicSpec::DEFAULT_PARTITIONS), "{service}: {most}");
        assert_eq!(named(objects, &format!("Deployment {service}"))["spec"].get("replicas"), None);
        let trigger = &scaled["spec"]["triggers"][0];
        assert_eq!(trigger["metadata"]["consumerGroup"], service);
        let who = named(
            objects,
            &format!("TriggerAuthentication {}", trigger["authenticationRef"]["name"].as_str().unwrap()),
        );
        for reference in items(&who["spec"]["secretTargetRef"]) {
            let secret = reference["name"].as_str().unwrap();
            assert!(
                [service, "weir-cluster-ca-cert"].contains(&secret),
                "{service} reads the lag as {secret}"
            );
        }
        all.insert(service);
    }
    all
}

#[test]
fn weir_media_is_scaled_as_the_other_consumers_are_where_it_runs() {
    let objects = render_with(&["media", "strimzi", "keda", "keda-media"]).unwrap();
    assert_eq!(
        scaled_by_their_own_lag(&objects),
        SERVICES.into_iter().skip(1).chain(OPTIONAL).collect::<BTreeSet<_>>()
    );
}

#[test]
fn no_more_consumers_are_started_than_there_are_partitions_and_one_hand_sets_the_number() {
    let objects = prod();
    assert_eq!(scaled_by_their_own_lag(&objects), SERVICES.into_iter().skip(1).collect::<BTreeSet<_>>());
    let ingest = named(&objects, "StatefulSet weir-ingest");
    assert_eq!(ingest["spec"].get("replicas"), None);
    let scaler = named(&objects, "HorizontalPodAutoscaler weir-ingest");
    assert_eq!(scaler["spec"]["scaleTargetRef"]["name"], "weir-ingest");
    assert_eq!(
        scaler["spec"]["behavior"]["scaleDown"]["selectPolicy"], "Disabled",
        "a spool would be left behind"
    );
}

#[test]
fn the_spool_outlives_its_pod_and_has_more_room_than_it_takes() {
    for overlay in ["overlays/dev", "overlays/prod"] {
        let objects = render(overlay).unwrap();
        let ingest = named(&objects, "StatefulSet weir-ingest");
        let policy = &ingest["spec"]["persistentVolumeClaimRetentionPolicy"];
        assert_eq!((&policy["whenDeleted"], &policy["whenScaled"]), (&"Retain".into(), &"Retain".into()));
        let room = ingest["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
            .as_str()
            .unwrap();
        let (_, _, container) = of_weir(&objects).find(|(object, ..)| name(object) == name(ingest)).unwrap();
        let most = items(&container["env"]).find(|one| one["name"] == "WEIR_SPOOL_MAX_BYTES").unwrap();
        // A quarter more for the files, and 32 MiB for the WAL and the reserve.
        let of_files = mebibytes(most["value"].as_str().unwrap()) / 4 * 5 + 32;
        assert!(of_files < mebibytes(room), "{overlay}");
    }
}

fn mebibytes(size: &str) -> u64 {
    let (number, unit) = size.split_at(size.find(|symbol: char| !symbol.is_ascii_digit()).unwrap());
    number.parse::<u64>().unwrap() * if unit.starts_with("Gi") { 1024 } else { 1 }
}

#[test]
fn whoever_is_paged_finds_the_runbook_and_routes_that_are_stock_know_the_severity() {
    let objects = prod();
    let rules = named(&objects, "PrometheusRule weir");
    let address = rules["metadata"]["annotations"]["runbooks"].as_str().unwrap();
    assert!(address.starts_with("https://"));
    let alerts = items(&rules["spec"]["groups"]).flat_map(|group| items(&group["rules"]));
    for alert in alerts.filter(|rule| rule["alert"].is_string()) {
        let section = alert["alert"].as_str().unwrap().to_lowercase();
        assert_eq!(alert["annotations"]["runbook_url"], format!("{address}#{section}"));
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{section}: {severity}");
    }
    for what in ["PodMonitor weir", "PrometheusRule weir", "Probe weir-public-address"] {
        let release = &named(&objects, what)["metadata"]["labels"]["release"];
        assert_eq!(release, "kube-prometheus-stack", "{what}");
    }
}

#[test]
fn what_selects_pods_finds_them() {
    let objects = prod();
    let labels = |object: &Value| object["spec"]["template"]["metadata"]["labels"].clone();
    let pods: Vec<Value> = of_weir(&objects).map(|(object, ..)| labels(object)).collect();
    let finds = |selector: &Value| {
        let by_label = |pod: &&Value| {
            let equal = selector["matchLabels"].as_object().into_iter().flatten();
            let among = items(&selector["matchExpressions"]);
            equal.into_iter().all(|(label, value)| pod[label] == *value)
                && among
                    .into_iter()
                    .all(|one| items(&one["values"]).any(|value| pod[one["key"].as_str().unwrap()] == *value))
        };
        pods.iter().filter(by_label).count()
    };
    assert_eq!(finds(&named(&objects, "PodMonitor weir")["spec"]["selector"]), SERVICES.len());
    for budget in of_kind(&objects, "PodDisruptionBudget") {
        assert_eq!(finds(&budget["spec"]["selector"]), 1, "{}", name(budget));
    }
    for (object, pod, _) in of_weir(&objects) {
        for spread in items(&pod["topologySpreadConstraints"]) {
            assert_eq!(spread["labelSelector"], object["spec"]["selector"], "{}", name(object));
        }
        assert_eq!(items(&pod["topologySpreadConstraints"]).count(), 2, "{}", name(object));
    }
}

#[test]
fn what_is_scraped_has_a_job_without_the_name_of_its_namespace() {
    // Else that of the exporter in `weir-staging` is a process of Weir to the alerts.
    let objects = prod();
    for monitor in of_kind(&objects, "PodMonitor") {
        assert_eq!(monitor["spec"]["jobLabel"], "app.kubernetes.io/name", "{}", name(monitor));
    }
}

#[test]
fn every_dashboard_and_the_rules_are_in_maps_that_are_small_enough() {
    const LARGEST: usize = 1024 * 1024;
    let objects = render_with(&["grafana", "prometheus"]).unwrap();
    let maps: Vec<&Value> = of_kind(&objects, "ConfigMap")
        .filter(|map| map["metadata"]["labels"]["grafana_dashboard"] == "1")
        .collect();
    let files = dashboards::files().unwrap();
    assert_eq!(maps.len(), files.len());
    for (path, text) in files {
        let file = path.rsplit_once('/').unwrap().1;
        assert!(text.len() < LARGEST, "{path}");
        assert!(maps.iter().any(|map| map["data"][file] == text), "{path} is in no map");
    }
}
