//! Who reaches whom: what the policies select whatever components stand together, names that are read in another namespace, balancers.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};
use weir_tests::manifests::{name, of_kind, render, render_with};
use weir_tests::manual::{OPTIONAL, PAGE_COMMENTS, SERVICES};
use weir_tests::{foreign, prometheus, yaml};

/// In an order that each takes; `connect` comes first, and last.
const TOGETHER: [&str; 18] = [
    "connect",
    "tokens",
    "topics",
    "toolbox",
    "media",
    "page-comments",
    "strimzi",
    "kafka-tools",
    "keda",
    "keda-media",
    "prometheus-operator",
    "kafka-exporter",
    "severities",
    "blackbox",
    "grafana",
    "gateway-api",
    "gke",
    "networkpolicy",
];

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn named<'a>(objects: &'a [Value], of: &str) -> &'a Value {
    let found = objects.iter().find(|object| name(object) == of);
    found.ok_or_else(|| format!("there is no {of}")).unwrap()
}

/// The metadata of the pods that each object makes: Strimzi's have the labels of its own objects.
fn pods(objects: &[Value]) -> impl Iterator<Item = (&str, &Value)> {
    objects.iter().filter_map(|object| {
        let pod = match object["kind"].as_str()? {
            "Deployment" | "StatefulSet" | "Job" => &object["spec"]["template"]["metadata"],
            "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"]["metadata"],
            "Kafka" | "KafkaNodePool" => &object["metadata"],
            _ => return None,
        };
        Some((object["metadata"]["name"].as_str()?, pod))
    })
}

/// Whose pods a policy is about.
fn selected<'a>(objects: &'a [Value], policy: &str) -> BTreeSet<&'a str> {
    let selector = &named(objects, &format!("NetworkPolicy {policy}"))["spec"]["podSelector"];
    let fits = |labels: &Value| {
        let mut equal = selector["matchLabels"].as_object().into_iter().flatten();
        let mut among = items(&selector["matchExpressions"]);
        equal.all(|(label, value)| labels[label] == *value)
            && among
                .all(|one| items(&one["values"]).any(|value| labels[one["key"].as_str().unwrap()] == *value))
    };
    pods(objects).filter(|(_, pod)| fits(&pod["labels"])).map(|(name, _)| name).collect()
}

#[test]
fn the_policies_are_about_every_pod_of_weir_and_no_other_whatever_stands_beside_it() {
    let connect_last = [&TOGETHER[1..], &TOGETHER[..1]].concat();
    let few = ["blackbox", "connect", "networkpolicy"];
    for components in [&TOGETHER[..], &connect_last, &few] {
        let objects = render_with(components).unwrap();
        let is_there = |name: &&str| objects.iter().any(|object| object["metadata"]["name"] == *name);
        let ours: BTreeSet<&str> = SERVICES
            .into_iter()
            .chain(OPTIONAL)
            .chain([PAGE_COMMENTS, "weir-connect", "weir-tokens"])
            .chain(["weir-topics", "weir-toolbox", "weir-kafka-tools"])
            .filter(is_there)
            .collect();
        for policy in ["weir-default-deny", "weir-kafka-and-dns", "weir-monitoring"] {
            assert_eq!(selected(&objects, policy), ours, "{policy} with {components:?}");
        }
        assert_eq!(selected(&objects, "weir-webhooks"), ["weir-ingest"].into());
        let calling =
            ["weir-connect", "weir-lookups", "weir-media", "weir-replies", "weir-tokens"].into_iter();
        assert_eq!(selected(&objects, "weir-graph-api"), calling.filter(is_there).collect());
        let asking = ["weir-tokens"].into_iter();
        assert_eq!(selected(&objects, "weir-api-server"), asking.filter(is_there).collect());
    }
}

#[test]
fn the_page_names_everyone_who_reaches_the_outside() {
    let page = yaml::text("docs/networks.md").unwrap();
    let row =
        page.lines().find(|line| line.contains("| the outside but for private networks, 443 |")).unwrap();
    let who = row.trim_start_matches('|').split('|').next().unwrap();
    let told: BTreeSet<&str> = who.split('`').filter(|word| word.starts_with("weir-")).collect();
    assert_eq!(told, selected(&render_with(&TOGETHER).unwrap(), "weir-graph-api"));
}

#[test]
fn a_component_leaves_alone_what_another_one_brings() {
    let together = render_with(&TOGETHER).unwrap();
    for (component, of) in [
        ("blackbox", "Deployment weir-probe"),
        ("blackbox", "Service weir-probe"),
        ("connect", "Deployment weir-connect"),
        ("tokens", "CronJob weir-tokens"),
        ("prometheus-operator", "PodMonitor weir"),
        ("networkpolicy", "NetworkPolicy weir-default-deny"),
    ] {
        let alone = render_with(&[component]).unwrap();
        let without_settings = |object: &Value| {
            let mut object = object.clone();
            // The map's name has the digest of what every component put there.
            for pod in ["/spec/template", "/spec/jobTemplate/spec/template"] {
                if let Some(container) = object.pointer_mut(&format!("{pod}/spec/containers/0")) {
                    container["envFrom"] = Value::Null;
                }
            }
            object
        };
        assert_eq!(without_settings(named(&together, of)), without_settings(named(&alone, of)));
    }
}

#[test]
fn who_looks_from_another_namespace_finds_brokers_and_prober_by_their_full_names() {
    let objects = render("overlays/prod").unwrap();
    let namespace = named(&objects, "Namespace weir")["metadata"]["name"].as_str().unwrap();
    let settings = of_kind(&objects, "ConfigMap").find_map(|map| map["data"]["WEIR_BROKERS"].as_str());
    let (host, port) = settings.unwrap().split_once(':').unwrap();
    let mut scaled = 0;
    for one in of_kind(&objects, "ScaledObject") {
        for trigger in items(&one["spec"]["triggers"]) {
            assert_eq!(
                trigger["metadata"]["bootstrapServers"],
                format!("{host}.{namespace}.svc:{port}"),
                "{}",
                name(one)
            );
            scaled += 1;
        }
    }
    assert_eq!(scaled, SERVICES.len() - 1);
    let port = &named(&objects, "Service weir-probe")["spec"]["ports"][0]["port"];
    let url = &named(&objects, "Probe weir-public-address")["spec"]["prober"]["url"];
    assert_eq!(*url, format!("weir-probe.{namespace}.svc:{port}"));
}

#[test]
fn names_are_asked_for_wherever_a_cluster_keeps_its_resolver() {
    let objects = render_with(&["networkpolicy"]).unwrap();
    let policy = named(&objects, "NetworkPolicy weir-kafka-and-dns");
    let at = |port: u64| {
        items(&policy["spec"]["egress"])
            .filter(move |rule| items(&rule["ports"]).any(|one| one["port"] == port))
    };
    let usual: Vec<_> = at(53).flat_map(|rule| items(&rule["to"])).collect();
    for address in ["169.254.20.10/32", "169.254.169.254/32"] {
        assert!(usual.iter().any(|to| to["ipBlock"]["cidr"] == address), "{address}");
    }
    let of_openshift = at(5353).flat_map(|rule| items(&rule["to"])).next().unwrap();
    assert_eq!(
        of_openshift["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
        "openshift-dns"
    );
    for rule in at(53).chain(at(5353)) {
        let protocols: BTreeSet<_> = items(&rule["ports"]).map(|port| port["protocol"].as_str()).collect();
        assert_eq!(protocols, [Some("TCP"), Some("UDP")].into());
    }
}

#[test]
fn the_toolbox_reaches_the_admin_port_of_ingest_and_nobody_else_new_does() {
    let objects = render_with(&["toolbox", "strimzi", "kafka-tools", "networkpolicy"]).unwrap();
    let into = named(&objects, "NetworkPolicy weir-ingest-from-toolbox");
    let out = named(&objects, "NetworkPolicy weir-toolbox-to-ingest");
    assert_eq!(selected(&objects, "weir-ingest-from-toolbox"), ["weir-ingest"].into());
    assert_eq!(selected(&objects, "weir-toolbox-to-ingest"), ["weir-toolbox"].into());
    let ingest = &named(&objects, "StatefulSet weir-ingest")["spec"]["template"]["spec"]["containers"][0];
    let admin = items(&ingest["ports"]).find(|port| port["name"] == "admin").unwrap();
    for (rules, peer, other, port) in [
        (&into["spec"]["ingress"], "from", out, &admin["name"]),
        (&out["spec"]["egress"], "to", into, &admin["containerPort"]),
    ] {
        let expected = json!([{
            peer: [{"podSelector": other["spec"]["podSelector"]}],
            "ports": [{"protocol": "TCP", "port": port}],
        }]);
        assert_eq!(*rules, expected);
    }
}

#[test]
fn googles_balancers_ask_the_admin_port_and_are_let_in() {
    let objects = render_with(&["networkpolicy", "gke"]).unwrap();
    let check =
        &named(&objects, "HealthCheckPolicy weir-ingest")["spec"]["default"]["config"]["httpHealthCheck"];
    let backend = &named(&objects, "BackendConfig weir-ingest")["spec"]["healthCheck"];
    let ingest = named(&objects, "StatefulSet weir-ingest");
    let container = &ingest["spec"]["template"]["spec"]["containers"][0];
    let admin = items(&container["ports"]).find(|port| port["name"] == "admin").unwrap();
    for check in [check, backend] {
        assert_eq!(check["port"], admin["containerPort"]);
        assert_eq!(check["requestPath"], container["readinessProbe"]["httpGet"]["path"]);
    }
    let annotation =
        &named(&objects, "Service weir-ingest")["metadata"]["annotations"]["cloud.google.com/backend-config"];
    let named_there: Value = serde_json::from_str(annotation.as_str().unwrap()).unwrap();
    assert_eq!(named_there["default"], "weir-ingest");
    let policy = named(&objects, "NetworkPolicy weir-google-front-ends");
    assert_eq!(policy["spec"]["podSelector"]["matchLabels"], ingest["spec"]["selector"]["matchLabels"]);
    // Whom it does not name it keeps out, also where no other policy is there.
    let sources: Vec<&Value> =
        items(&policy["spec"]["ingress"]).flat_map(|rule| items(&rule["from"])).collect();
    let is_let_in = |kind: &str, label: &str, value: &str| {
        sources.iter().any(|source| source[kind]["matchLabels"][label] == value)
    };
    assert!(is_let_in("namespaceSelector", "kubernetes.io/metadata.name", "monitoring"));
    assert!(is_let_in("podSelector", "app.kubernetes.io/name", "weir-toolbox"));
}

/// What a variable of ingest says, in seconds.
fn ingest_seconds(objects: &[Value], variable: &str) -> u64 {
    let container = &named(objects, "StatefulSet weir-ingest")["spec"]["template"]["spec"]["containers"][0];
    let own = items(&container["env"]).find(|one| one["name"] == variable).unwrap();
    own["value"].as_str().unwrap().trim_end_matches('s').parse().unwrap()
}

#[test]
fn ingest_keeps_idle_connections_for_longer_than_googles_balancers() {
    const THEIRS: u64 = 600;
    let objects = render_with(&["gke"]).unwrap();
    assert!(ingest_seconds(&objects, "WEIR_IDLE_TIMEOUT") > THEIRS);
}

#[test]
fn ingest_takes_connections_until_googles_balancers_have_seen_that_it_ends() {
    let objects = render_with(&["gke"]).unwrap();
    let gateway = &named(&objects, "HealthCheckPolicy weir-ingest")["spec"]["default"];
    let ingress = &named(&objects, "BackendConfig weir-ingest")["spec"]["healthCheck"];
    for probes in [gateway, ingress] {
        let [every, times] =
            ["checkIntervalSec", "unhealthyThreshold"].map(|of| probes[of].as_u64().unwrap());
        assert!(ingest_seconds(&objects, "WEIR_DRAIN_DELAY") > every * times, "{probes}");
    }
}

#[test]
fn the_public_address_is_probed_as_the_route_and_the_rules_name_it() {
    let objects = render("overlays/prod").unwrap();
    let probe = &named(&objects, "Probe weir-public-address")["spec"];
    let route = &named(&objects, "HTTPRoute weir-ingest")["spec"];
    let host = route["hostnames"][0].as_str().unwrap();
    let path = route["rules"][0]["matches"][0]["path"]["value"].as_str().unwrap();
    assert_eq!(probe["targets"]["staticConfig"]["static"][0], format!("https://{host}{path}"));
    let rules = yaml::text("k8s/components/prometheus/rules/weir.yaml").unwrap();
    assert!(rules.contains(&format!("probe_success{{job={}}}", probe["jobName"])));
    let file = foreign::folder("k8s/components/blackbox/blackbox.yaml");
    let mut check = Command::new(prometheus::program("prometheus-blackbox-exporter").unwrap());
    foreign::run(check.args(["--config.check", "--config.file"]).arg(file), "").unwrap();
    let modules = yaml::file("k8s/components/blackbox/blackbox.yaml").unwrap();
    let module = &modules["modules"][probe["module"].as_str().unwrap()];
    // By itself it takes IPv6 wherever the name has an address of it, and most pods have none.
    assert_eq!(module["http"]["preferred_ip_protocol"], "ip4");
}
