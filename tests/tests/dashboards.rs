//! The dashboards have one form, Prometheus takes every query, and each panel says what it shows.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_tests::prometheus::promtool;
use weir_tests::promql::{labels_of, metrics_of};
use weir_tests::{catalogue, dashboards, yaml};

/// What Grafana writes into a dashboard that it exports, and what is of one Grafana alone.
const OF_ONE_GRAFANA: [&str; 5] = ["id", "version", "iteration", "__inputs", "__requires"];
/// What is not ours: of Prometheus itself, of components/blackbox, of the Kafka Exporter that Strimzi brings, of the kubelet.
const OF_OTHERS: [&str; 8] = [
    "up",
    "probe_ssl_earliest_cert_expiry",
    "ALERTS",
    "kafka_brokers",
    "kafka_topic_partition_under_replicated_partition",
    "kafka_consumergroup_lag",
    "kubelet_volume_stats_used_bytes",
    "kubelet_volume_stats_capacity_bytes",
];
/// Their labels beside those of the catalogue.
const LABELS_OF_OTHERS: [&str; 5] =
    ["alertname", "alertstate", "severity", "consumergroup", "persistentvolumeclaim"];
/// Panels with what their alerts judge by drawn in, and the alerts.
const DRAWN: [(&str, &str, &[&str]); 10] = [
    ("Weir / Consumers", "Lag in time", &["WeirConsumerLag", "WeirConsumerFarBehind"]),
    ("Weir / Consumers", "Silence", &["WeirAccountQuiet"]),
    ("Weir / Overview", "Silence", &["WeirAccountQuiet"]),
    ("Weir / Overview", "Spools", &["WeirSpoolFilling"]),
    ("Weir / Overview", "First certificate ends", &["WeirCertificateEnds", "WeirCertificateEndsSoon"]),
    (
        "Weir / Overview",
        "Public certificate ends",
        &["WeirPublicCertificateExpires", "WeirPublicCertificateExpiresSoon"],
    ),
    ("Weir / Kafka client", "Certificates end in", &["WeirCertificateEnds", "WeirCertificateEndsSoon"]),
    ("Weir / Kafka client", "Disks of the brokers", &["WeirKafkaDiskFilling"]),
    ("Weir / Graph API", "Quota", &["WeirGraphQuota"]),
    ("Weir / Ingest", "Oldest", &["WeirSpoolNotDraining"]),
];
/// Grafana's grid is this wide.
const WIDTH: u64 = 24;

fn all() -> Vec<Value> {
    dashboards::files().unwrap().iter().map(|(_, text)| serde_json::from_str(text).unwrap()).collect()
}

/// The panels but for the headings of rows.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row")
}

fn targets(dashboard: &Value) -> impl Iterator<Item = &Value> {
    panels(dashboard).flat_map(|panel| panel["targets"].as_array().unwrap())
}

#[test]
fn the_files_are_in_their_normal_form() {
    for (path, text) in dashboards::files().unwrap() {
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        let hint = "keys sorted, two spaces: jq -S . FILE";
        assert!(format!("{dashboard:#}\n") == text, "{path} is not in its normal form ({hint})");
    }
}

#[test]
fn every_dashboard_has_a_name_of_its_own_and_nothing_of_one_grafana() {
    let mut names = BTreeSet::new();
    for dashboard in all() {
        let uid = dashboard["uid"].as_str().unwrap().to_owned();
        assert!(uid.starts_with("weir-") && names.insert(uid), "{}", dashboard["uid"]);
        for member in OF_ONE_GRAFANA {
            assert_eq!(dashboard.get(member), None, "{member} of {}", dashboard["uid"]);
        }
        assert!(dashboard["schemaVersion"].as_u64() >= Some(39), "{}", dashboard["uid"]);
        assert_eq!(dashboard["tags"], json!(["weir"]));
    }
}

#[test]
fn no_panel_lies_on_another_or_beside_the_grid() {
    for dashboard in all() {
        let mut taken = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let of = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            assert!(of("x") + of("w") <= WIDTH, "{}", panel["title"]);
            for (x, y) in (of("x")..of("x") + of("w")).flat_map(|x| (0..of("h")).map(move |y| (x, y))) {
                assert!(taken.insert((x, of("y") + y)), "{} of {}", panel["title"], dashboard["title"]);
            }
        }
    }
}

#[test]
fn prometheus_takes_every_query() {
    let mut rules = String::from("groups:\n  - name: queries\n    rules:\n");
    for dashboard in all() {
        let of_annotations = dashboard["annotations"]["list"].as_array().unwrap().iter();
        for query in targets(&dashboard).chain(of_annotations) {
            let query = serde_json::to_string(&dashboards::filled(query["expr"].as_str().unwrap())).unwrap();
            let number = rules.len();
            rules =
                format!("{rules}      - {{record: a, labels: {{number: \"{number}\"}}, expr: {query}}}\n");
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("queries.yaml");
    std::fs::write(&file, rules).unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()], "").unwrap();
}

#[test]
fn every_query_names_metrics_and_labels_of_the_catalogue() {
    let metrics = catalogue::names().unwrap();
    let mut labels = catalogue::labels().unwrap();
    labels.extend(LABELS_OF_OTHERS.map(str::to_owned));
    let rules = yaml::text("k8s/components/prometheus/rules/weir.yaml").unwrap();
    for dashboard in all() {
        for target in targets(&dashboard) {
            let query = target["expr"].as_str().unwrap();
            let is_recorded =
                |name: &String| name.contains(':') && rules.contains(&format!("record: {name}\n"));
            let known = |name: &String| {
                metrics.contains(name) || is_recorded(name) || OF_OTHERS.contains(&name.as_str())
            };
            assert!(metrics_of(query).iter().all(known), "{query}");
            assert!(labels_of(query).is_subset(&labels), "{query}");
            let legend = target["legendFormat"].as_str().unwrap();
            let legend = legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0.to_owned());
            assert!(legend.collect::<BTreeSet<_>>().is_subset(&labels), "{target}");
        }
    }
}

#[test]
fn every_metric_of_ours_is_on_a_dashboard() {
    let shown: BTreeSet<String> = all()
        .iter()
        .flat_map(|one| {
            targets(one).flat_map(|target| metrics_of(target["expr"].as_str().unwrap())).collect::<Vec<_>>()
        })
        .collect();
    let is_shown =
        |name: &String| ["", "_bucket"].iter().any(|suffix| shown.contains(&format!("{name}{suffix}")));
    let own = catalogue::metrics().unwrap().into_keys().filter(|name| name.starts_with("weir_"));
    let missing: Vec<_> = own.filter(|name| !is_shown(name)).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_from_the_chosen_source() {
    for dashboard in all() {
        let titles: BTreeSet<_> = panels(&dashboard).map(|panel| panel["title"].as_str().unwrap()).collect();
        assert_eq!(
            titles.len(),
            panels(&dashboard).count(),
            "two panels of one title in {}",
            dashboard["title"]
        );
        for panel in panels(&dashboard) {
            let title = panel["title"].as_str().unwrap();
            assert!(panel["description"].as_str().unwrap().ends_with('.'), "{title}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{title}");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
            for target in panel["targets"].as_array().unwrap() {
                let query = target["expr"].as_str().unwrap();
                let place = "cluster=~\"$cluster\",namespace=~\"$namespace\"";
                assert!(query.contains(place), "{query}");
                let is_chosen = query.contains("job=~\"$job\",instance=~\"$instance\"");
                let of_others = metrics_of(query).iter().all(|name| OF_OTHERS.contains(&name.as_str()));
                assert!(is_chosen || query.contains("weir:") || of_others, "{query}");
                assert!(!query.contains("rate(") || query.contains("[$__rate_interval]"), "{query}");
            }
        }
        let ids: BTreeSet<_> =
            dashboard["panels"].as_array().unwrap().iter().map(|panel| panel["id"].as_u64()).collect();
        assert_eq!(ids.len(), dashboard["panels"].as_array().unwrap().len(), "two panels of one id");
        let variables = dashboard["templating"]["list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap());
        assert_eq!(variables.collect::<Vec<_>>(), ["datasource", "cluster", "namespace", "job", "instance"]);
        assert_eq!(dashboard["editable"], false);
    }
}

#[test]
fn what_alerts_judge_by_is_drawn_in() {
    let rules = yaml::file("k8s/components/prometheus/rules/weir.yaml").unwrap();
    let groups = rules["groups"].as_array().unwrap();
    let alerts: Vec<&Value> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    for (dashboard, title, judged) in DRAWN {
        let all = all();
        let of_it = all.iter().find(|one| one["title"] == dashboard).unwrap();
        let panel = panels(of_it).find(|panel| panel["title"] == title).unwrap();
        let defaults = &panel["fieldConfig"]["defaults"];
        assert!(
            panel["type"] == "stat" || defaults["custom"]["thresholdsStyle"]["mode"] == "dashed",
            "{title}"
        );
        let steps = defaults["thresholds"]["steps"].as_array().unwrap();
        let steps: Vec<f64> = steps.iter().filter_map(|step| step["value"].as_f64()).collect();
        let expressions = judged.iter().map(|name| {
            alerts.iter().find(|rule| rule["alert"] == **name).unwrap()["expr"].as_str().unwrap()
        });
        let expressions = expressions.collect::<Vec<_>>().join("\n");
        for step in &steps {
            let days = step / 86_400.0;
            let forms = [format!("> {step}"), format!("< {days} * 86400")];
            assert!(
                forms.iter().any(|form| expressions.contains(form)),
                "{title}: no alert judges by {step}"
            );
        }
        assert!(!steps.is_empty(), "{title}");
    }
}

#[test]
fn a_single_number_is_that_of_now() {
    // Of a range Grafana takes the last that is a number: where nothing is known any more, one of hours ago.
    for dashboard in all() {
        for panel in panels(&dashboard).filter(|panel| panel["type"] == "stat") {
            // Nor is `NaN` passed over, which says that it is not known.
            assert_eq!(panel["options"]["reduceOptions"]["calcs"], json!(["last"]), "{}", panel["title"]);
            for target in panel["targets"].as_array().unwrap() {
                assert_eq!(
                    (&target["instant"], &target["range"]),
                    (&true.into(), &false.into()),
                    "{}",
                    panel["title"]
                );
            }
        }
    }
}

#[test]
fn legends_stay_within_their_panels() {
    for dashboard in all() {
        for panel in panels(&dashboard).filter(|panel| panel["type"] == "timeseries") {
            let legend = &panel["options"]["legend"];
            // A table scrolls where there are many, the largest on top; a list grows over the lines.
            assert_eq!(
                (&legend["displayMode"], &legend["sortBy"]),
                (&json!("table"), &json!("Max")),
                "{}",
                panel["title"]
            );
        }
    }
}
