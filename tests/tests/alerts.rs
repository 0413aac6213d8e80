//! Every alert has a case that makes it fire, a section that says what to do, and only metrics that are exposed.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use weir_tests::prometheus::promtool;
use weir_tests::promql::{labels_of, metrics_of};
use weir_tests::{catalogue, foreign::folder, yaml};

const RULES: &str = "k8s/components/prometheus/rules/weir.yaml";
const CASES: &str = "tests/prometheus";
/// What Prometheus itself, the exporter of components/blackbox, the kubelet and kube-state-metrics have.
const OF_OTHERS: [&str; 7] = [
    "up",
    "probe_success",
    "probe_ssl_earliest_cert_expiry",
    "kubelet_volume_stats_used_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "kube_cronjob_created",
    "kube_cronjob_status_last_successful_time",
];

fn rules() -> Vec<Value> {
    let groups = yaml::file(RULES).unwrap()["groups"].as_array().unwrap().clone();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

fn alerts() -> Vec<Value> {
    rules().into_iter().filter(|rule| rule["alert"].is_string()).collect()
}

fn name(alert: &Value) -> &str {
    alert["alert"].as_str().unwrap()
}

fn case_files() -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder(CASES)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect()
}

#[test]
fn prometheus_takes_the_rules_and_they_do_in_every_case_what_they_should() {
    promtool(&["check", "rules", "--lint-fatal", folder(RULES).to_str().unwrap()], "").unwrap();
    for file in case_files() {
        promtool(&["test", "rules", file.to_str().unwrap()], "").unwrap();
    }
}

/// Compared with the `PodMonitor` in what finds the pods: their labels are the same there.
#[test]
fn prometheus_without_its_operator_finds_the_same_pods() {
    const SCRAPE: &str = "k8s/components/prometheus/scrape.yaml";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("prometheus.yml");
    // Debian's Prometheus is built without Kubernetes.
    let text = std::fs::read_to_string(folder(SCRAPE)).unwrap();
    std::fs::write(&file, text.replace("kubernetes_sd_configs: [{role: pod}]", "static_configs: []"))
        .unwrap();
    let said = promtool(&["check", "config", file.to_str().unwrap()], "").unwrap();
    assert!(said.contains("SUCCESS"), "{said}");

    let scrape = yaml::file(SCRAPE).unwrap()["scrape_configs"][0].clone();
    let monitor = yaml::file("k8s/components/prometheus-operator/podmonitor.yaml").unwrap()["spec"].clone();
    let rule = |of: &str| {
        let label = format!("__meta_kubernetes_{of}");
        let rules = scrape["relabel_configs"].as_array().unwrap();
        rules.iter().find(|rule| rule["source_labels"][0] == label).unwrap()
    };
    let endpoint = &monitor["podMetricsEndpoints"][0];
    assert_eq!(rule("pod_container_port_name")["regex"], endpoint["port"]);
    assert_eq!(
        (&scrape["scrape_interval"], &scrape["scrape_timeout"]),
        (&endpoint["interval"], &endpoint["scrapeTimeout"])
    );
    let components = monitor["selector"]["matchExpressions"][0]["values"].as_array().unwrap();
    let components: Vec<&str> = components.iter().map(|component| component.as_str().unwrap()).collect();
    assert_eq!(rule("pod_label_app_kubernetes_io_component")["regex"], components.join("|"));
    assert_eq!(monitor["jobLabel"], "app.kubernetes.io/name");
    assert_eq!(rule("pod_label_app_kubernetes_io_name")["target_label"], "job");
}

#[test]
fn every_alert_fires_in_a_case_and_is_silent_in_another() {
    let (mut fires, mut is_silent) = (BTreeSet::new(), BTreeSet::new());
    for file in case_files() {
        let path = file.strip_prefix(folder("")).unwrap();
        for test in yaml::file(path.to_str().unwrap()).unwrap()["tests"].as_array().unwrap() {
            for case in test["alert_rule_test"].as_array().into_iter().flatten() {
                let seen = case["exp_alerts"].as_array().is_some_and(|alerts| !alerts.is_empty());
                let name = case["alertname"].as_str().unwrap().to_owned();
                _ = if seen { fires.insert(name) } else { is_silent.insert(name) };
            }
        }
    }
    let all: BTreeSet<_> = alerts().iter().map(|alert| name(alert).to_owned()).collect();
    assert_eq!(all.difference(&fires).collect::<Vec<_>>(), [""; 0], "no case makes these fire");
    assert_eq!(all.difference(&is_silent).collect::<Vec<_>>(), [""; 0], "no case has these silent");
}

#[test]
fn every_alert_says_how_grave_it_is_and_has_a_section_that_says_what_to_do() {
    let operations = yaml::text("docs/operations.md").unwrap();
    let sections: BTreeSet<_> =
        operations.lines().filter_map(|line| line.strip_prefix("### ")).map(str::trim).collect();
    for alert in alerts() {
        let name = name(&alert);
        let severity = alert["labels"]["severity"].as_str().unwrap();
        assert!(["page", "ticket"].contains(&severity), "{name}: {severity}");
        assert!(sections.contains(name), "docs/operations.md has no section ### {name}");
        let url = format!("docs/operations.md#{}", name.to_lowercase());
        assert_eq!(alert["annotations"]["runbook_url"], url, "{name}");
        for annotation in ["summary", "description"] {
            assert!(alert["annotations"][annotation].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        }
    }
    let named: BTreeSet<_> = alerts().iter().map(|alert| name(alert).to_owned()).collect();
    let spoken_of = sections.iter().filter(|section| section.starts_with("Weir"));
    for section in spoken_of {
        assert!(named.contains(*section), "docs/operations.md speaks of {section}, which is no alert");
    }
}

#[test]
fn the_rules_name_only_metrics_of_the_catalogue_and_records_of_their_own() {
    let known = catalogue::names().unwrap();
    let recorded: BTreeSet<_> =
        rules().iter().filter_map(|rule| rule["record"].as_str().map(str::to_owned)).collect();
    let mut labels = catalogue::labels().unwrap();
    labels.extend(["persistentvolumeclaim", "cronjob", "pod"].map(str::to_owned));
    for rule in rules() {
        let used = labels_of(rule["expr"].as_str().unwrap());
        assert!(used.is_subset(&labels), "{used:?} in {rule}");
        for metric in metrics_of(rule["expr"].as_str().unwrap()) {
            assert!(
                known.contains(&metric) || recorded.contains(&metric) || OF_OTHERS.contains(&metric.as_str()),
                "{metric} in {rule}"
            );
        }
    }
}

#[test]
fn the_catalogue_says_which_alerts_read_a_metric() {
    let catalogue = catalogue::metrics().unwrap();
    let in_catalogue = |name: &str| {
        let suffixes = ["_bucket", "_sum", "_count"];
        let base = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        [name, base].into_iter().find(|name| catalogue.contains_key(*name)).map(str::to_owned)
    };
    let rules = rules();
    let mut reads: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut others = BTreeSet::new();
    for alert in alerts() {
        let (mut read, mut left) = (BTreeSet::new(), vec![alert["expr"].as_str().unwrap()]);
        while let Some(expression) = left.pop() {
            let metrics = metrics_of(expression);
            read.extend(metrics.iter().filter_map(|metric| in_catalogue(metric)));
            let recorded = |rule: &&Value| rule["record"].as_str().is_some_and(|name| metrics.contains(name));
            left.extend(rules.iter().filter(recorded).map(|rule| rule["expr"].as_str().unwrap()));
        }
        let name = name(&alert).to_owned();
        if read.is_empty() {
            others.insert(name.clone());
        }
        for metric in read {
            reads.entry(metric).or_default().insert(name.clone());
        }
    }
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let lines: Vec<_> =
        reads.iter().map(|(metric, alerts)| format!("- `{metric}`: {}\n", list(alerts))).collect();
    let end = format!(": {}.\n\n{}", list(&others), lines.concat());
    assert!(yaml::text("docs/metrics.md").unwrap().ends_with(&end), "{end}");
}

#[test]
fn nothing_is_summed_over_namespaces() {
    for rule in rules() {
        let expression = rule["expr"].as_str().unwrap();
        for rest in
            ["sum", "min", "max", "count", "quantile"].iter().flat_map(|name| aggregations(expression, name))
        {
            assert!(rest.starts_with(" by (cluster, namespace"), "{rule}");
        }
    }
}

/// Each place where an aggregation is called, with what follows it.
fn aggregations<'a>(expression: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let is_word = |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == ':';
    expression.match_indices(name).filter_map(move |(at, _)| {
        let (before, rest) = (expression.get(..at)?, expression.get(at + name.len()..)?);
        let is_whole = !before.ends_with(is_word) && !rest.starts_with(is_word);
        is_whole.then_some(rest)
    })
}
