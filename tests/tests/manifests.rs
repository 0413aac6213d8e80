//! What no schema checks of the manifests: names, ports, flags and paths are those of the binaries, and pods are safe to run.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use weir_tests::image::Image;
use weir_tests::manifests::{name, of_kind, of_weir, render, render_with, workloads};
use weir_tests::manual::{Manual, SERVICES};
use weir_tests::{generated, yaml};

const OVERLAYS: [&str; 2] = ["overlays/dev", "overlays/prod"];

fn overlays() -> impl Iterator<Item = Vec<Value>> {
    OVERLAYS.into_iter().map(|overlay| render(overlay).unwrap())
}

/// Those of the overlays, and what somebody may add to one.
fn with_all_components() -> impl Iterator<Item = Vec<Value>> {
    let added = ["connect", "tokens", "media", "page-comments", "toolbox", "topics"];
    overlays().chain([render_with(&added).unwrap()])
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The variables of a container, those of its settings map included.
fn variables(container: &Value, objects: &[Value]) -> BTreeMap<String, String> {
    let map = container["envFrom"][0]["configMapRef"]["name"].as_str().unwrap();
    let map = of_kind(objects, "ConfigMap").find(|object| object["metadata"]["name"] == map).unwrap();
    let of_map = map["data"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
    let own = items(&container["env"]).map(|one| (one["name"].as_str().unwrap(), &one["value"]));
    of_map.chain(own).map(|(name, value)| (name.to_owned(), value.as_str().unwrap().to_owned())).collect()
}

fn port_of(manual: &Manual, flag: &str) -> u64 {
    manual.default(flag).unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn what_is_generated_is_as_its_sources_say() {
    for (path, text) in generated::files().unwrap() {
        let hint = "run `cargo run -p weir-tests --example generate`";
        assert!(yaml::text(path).unwrap() == text, "{path} is not what its source says: {hint}");
    }
}

#[test]
fn every_binary_that_runs_for_good_has_a_workload_and_an_account_and_a_budget_of_its_name() {
    for objects in overlays() {
        let names: BTreeSet<_> = of_weir(&objects)
            .filter(|(object, ..)| object["kind"] != "Job")
            .map(|(object, ..)| name(object))
            .collect();
        let expected = SERVICES.map(|service| match service {
            "weir-ingest" => format!("StatefulSet {service}"),
            _ => format!("Deployment {service}"),
        });
        assert_eq!(names, expected.into());
        for kind in ["ServiceAccount", "PodDisruptionBudget"] {
            let names: BTreeSet<_> =
                of_kind(&objects, kind).map(|one| one["metadata"]["name"].as_str().unwrap()).collect();
            assert_eq!(names, SERVICES.into(), "{kind}");
        }
    }
}

#[test]
fn commands_flags_and_variables_are_those_that_the_binaries_read() {
    let mut unknown = Vec::new();
    for objects in overlays() {
        for (object, _, container) in of_weir(&objects) {
            let command = words(&container["command"]);
            let of = name(object);
            assert!(of.ends_with(command[0]) || command[0] == "weir", "{of} runs {command:?}");
            let manual = Manual::of(&command).unwrap();
            let known = manual.variables();
            // A setting of every service may be none of the tool's.
            let used = variables(container, &objects).into_keys().filter(|_| command[0] != "weir");
            unknown.extend(used.filter(|used| !known.contains(used)).map(|used| format!("{of}: {used}")));
            let flags = command
                .iter()
                .chain(&words(&container["args"]))
                .filter(|word| word.starts_with("--"))
                .count();
            assert_eq!(flags, 0, "{of}: settings are variables, so that an overlay can change one of them");
        }
    }
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn what_a_variable_names_is_mounted_where_it_says() {
    for objects in overlays() {
        for (object, pod, container) in of_weir(&objects) {
            let mounts: BTreeMap<_, _> = items(&container["volumeMounts"])
                .map(|mount| (mount["mountPath"].as_str().unwrap(), mount["name"].as_str().unwrap()))
                .collect();
            for (variable, value) in
                variables(container, &objects).iter().filter(|(_, value)| value.starts_with('/'))
            {
                let mounted =
                    mounts.keys().any(|path| value == path || value.starts_with(&format!("{path}/")));
                // The job of the topics shares the settings map, and needs no files in dev.
                assert!(mounted, "{}: {variable}={value}", name(object));
            }
            let claims =
                items(&object["spec"]["volumeClaimTemplates"]).map(|claim| &claim["metadata"]["name"]);
            let volumes: BTreeSet<_> = items(&pod["volumes"])
                .map(|volume| &volume["name"])
                .chain(claims)
                .filter_map(Value::as_str)
                .collect();
            assert_eq!(volumes, mounts.values().copied().collect(), "{}", name(object));
        }
    }
}

#[test]
fn what_keeps_the_subscriptions_finds_its_files_is_scraped_and_may_call_meta() {
    let objects = render_with(&["connect", "networkpolicy", "prometheus-operator"]).unwrap();
    let (object, _, container) =
        of_weir(&objects).find(|(object, ..)| name(object) == "Deployment weir-connect").unwrap();
    for one in items(&container["env"]) {
        let value = one["value"].as_str().unwrap();
        let is_mounted = items(&container["volumeMounts"])
            .any(|mount| value.starts_with(mount["mountPath"].as_str().unwrap()));
        assert!(is_mounted, "{one}");
    }
    let labels = &object["spec"]["template"]["metadata"]["labels"];
    for (kind, named, selector) in [
        ("PodMonitor", "weir", "/spec/selector/matchExpressions/0"),
        ("NetworkPolicy", "weir-graph-api", "/spec/podSelector/matchExpressions/0"),
    ] {
        let chosen = of_kind(&objects, kind).find(|one| one["metadata"]["name"] == named).unwrap();
        let chosen = chosen.pointer(selector).unwrap();
        let label = &labels[chosen["key"].as_str().unwrap()];
        assert!(items(&chosen["values"]).any(|value| value == label), "{kind} {named}: {label}");
    }
}

#[test]
fn probes_ask_the_admin_port_for_what_each_is_about() {
    for objects in overlays() {
        for (object, _, container) in of_weir(&objects).filter(|(object, ..)| object["kind"] != "Job") {
            let manual = Manual::of(&words(&container["command"])).unwrap();
            let admin = items(&container["ports"]).find(|port| port["name"] == "admin").unwrap();
            assert_eq!(admin["containerPort"], port_of(&manual, "--admin-listen"), "{}", name(object));
            for (probe, path) in
                [("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")]
            {
                assert_eq!(container[probe]["httpGet"]["path"], path, "{}", name(object));
                assert_eq!(container[probe]["httpGet"]["port"], "admin", "{}", name(object));
            }
        }
    }
}

#[test]
fn the_webhook_and_its_apps_are_reached_at_the_port_and_path_of_ingest_and_nothing_else_is() {
    let manual = Manual::of(&["weir-ingest"]).unwrap();
    let objects = render_with(&["gateway-api", "ingress"]).unwrap();
    let (_, _, container) = of_weir(&objects).find(|(object, ..)| object["kind"] == "StatefulSet").unwrap();
    let http = items(&container["ports"]).find(|port| port["name"] == "http").unwrap();
    assert_eq!(http["containerPort"], port_of(&manual, "--listen"));
    let service = of_kind(&objects, "Service").find(|one| one["metadata"]["name"] == "weir-ingest").unwrap();
    assert_eq!(service["spec"]["ports"][0]["targetPort"], "http");
    assert_eq!(service["spec"]["selector"], object_labels(&objects, "weir-ingest"));
    let route = &of_kind(&objects, "HTTPRoute").next().unwrap()["spec"]["rules"];
    assert_eq!(route.as_array().unwrap().len(), 1);
    let parent = &of_kind(&objects, "HTTPRoute").next().unwrap()["spec"]["parentRefs"][0];
    assert_eq!(parent["sectionName"], "https", "a route without it is on the listener without TLS too");
    // Whole segments, as ingest has it: the path, and the names of apps below it.
    assert_eq!(route[0]["matches"][0]["path"]["type"], "PathPrefix");
    assert_eq!(route[0]["matches"][0]["path"]["value"], manual.default("--path").unwrap());
    assert_eq!(route[0]["backendRefs"][0]["name"], service["metadata"]["name"]);
    assert_eq!(route[0]["backendRefs"][0]["port"], service["spec"]["ports"][0]["port"]);
    let ingress = &of_kind(&objects, "Ingress").next().unwrap()["spec"]["rules"][0]["http"]["paths"];
    assert_eq!(ingress.as_array().unwrap().len(), 1);
    assert_eq!(
        (&ingress[0]["pathType"], &ingress[0]["path"]),
        (&Value::from("Prefix"), &route[0]["matches"][0]["path"]["value"])
    );
    assert_eq!(ingress[0]["backend"]["service"]["port"]["name"], service["spec"]["ports"][0]["name"]);
}

fn object_labels(objects: &[Value], name: &str) -> Value {
    let (object, ..) = of_weir(objects).find(|(object, ..)| object["metadata"]["name"] == name).unwrap();
    object["spec"]["selector"]["matchLabels"].clone()
}

#[test]
fn a_pod_has_longer_to_end_than_its_process_takes() {
    let seconds = |binary, flag| {
        let default = Manual::of(&[binary]).unwrap().default(flag).unwrap().to_owned();
        Duration::from_secs(default.trim_end_matches('s').parse().unwrap())
    };
    let ingest = seconds("weir-ingest", "--drain-delay") + seconds("weir-ingest", "--drain-timeout");
    // A consumer needs as long again to leave its group, `close_timeout` in runtime/src/consumer/options.rs.
    let longest = ingest.max(seconds("weir-messages", "--finish-timeout") * 2);
    for objects in overlays() {
        for (object, pod, _) in of_weir(&objects).filter(|(object, ..)| object["kind"] != "Job") {
            let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
            assert!(Duration::from_secs(grace) >= longest * 2, "{}: {grace} s", name(object));
        }
    }
}

#[test]
fn every_pod_is_one_that_the_restricted_profile_lets_in() {
    for objects in overlays() {
        let namespace = of_kind(&objects, "Namespace").next().unwrap();
        assert_eq!(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
        for (object, _) in workloads(&objects) {
            assert_eq!(object["metadata"]["namespace"], namespace["metadata"]["name"], "{}", name(object));
        }
    }
    for objects in with_all_components() {
        for (object, pod) in workloads(&objects) {
            let of = name(object);
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{of}");
            assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault", "{of}");
            // The one that asks the API server: `manifests_tokens.rs`.
            let asks = of == "CronJob weir-tokens";
            assert_eq!(pod["automountServiceAccountToken"], asks, "{of}");
            for container in items(&pod["containers"]) {
                let security = &container["securityContext"];
                assert_eq!(security["allowPrivilegeEscalation"], false, "{of}");
                assert_eq!(words(&security["capabilities"]["drop"]), ["ALL"], "{of}");
                assert!(container["name"] == "kafka" || security["readOnlyRootFilesystem"] == true, "{of}");
            }
        }
    }
}

#[test]
fn every_container_has_bounds_and_an_image_of_a_known_version() {
    let manifest = yaml::text("Cargo.toml").unwrap();
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("version = \""))
        .unwrap()
        .trim_end_matches('"')
        .to_owned();
    for objects in with_all_components() {
        for (object, pod) in workloads(&objects) {
            for container in items(&pod["containers"]) {
                let reference = container["image"].as_str().unwrap();
                let image = Image::of(reference);
                let is_known = if image.repository.ends_with("weir") {
                    image.tag == Some(&*version)
                } else {
                    image.tag.is_some_and(|tag| tag != "latest") && image.is_pinned()
                };
                assert!(is_known, "{}: {reference}", name(object));
                assert_eq!(container["imagePullPolicy"], "IfNotPresent", "{}", name(object));
                for what in ["cpu", "memory", "ephemeral-storage"] {
                    for bound in ["requests", "limits"] {
                        let value = &container["resources"][bound][what];
                        assert!(value.is_string(), "{}: {bound} {what}", name(object));
                    }
                }
            }
        }
    }
}
