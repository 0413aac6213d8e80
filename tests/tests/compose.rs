//! `docker-compose.yml` is one to its specification, and everything in it is what the binaries and the files beside it say.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use weir_tests::foreign::{folder, python, run};
use weir_tests::manual::{Manual, OPTIONAL, PAGE_COMMENTS, SERVICES};
use weir_tests::prometheus::promtool;
use weir_tests::yaml;

const FILE: &str = "docker-compose.yml";
/// What every OpenTelemetry library reads, whatever a program's help says of it.
const OF_OPENTELEMETRY: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// Checks a file against the schema of the Compose specification.
fn check(file: &Path) -> anyhow::Result<String> {
    let mut command = Command::new(python()?);
    run(command.args(["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]).arg(file), "")
}

fn compose() -> Value {
    yaml::file(FILE).unwrap()
}

/// The services that run a binary of ours, by name.
fn of_weir(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let services = compose["services"].as_object().unwrap().iter();
    services.filter(|(_, service)| service["image"].as_str().unwrap().starts_with("weir:"))
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|word| word.as_str().unwrap()).collect()
}

fn manual(service: &Value) -> Manual {
    Manual::of(&words(&service["command"])).unwrap()
}

#[test]
fn the_file_is_one_to_the_specification_and_a_misspelt_key_would_be_told() {
    check(&folder(FILE)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let misspelt = dir.path().join(FILE);
    std::fs::write(&misspelt, yaml::text(FILE).unwrap().replace("healthcheck:", "healthchek:")).unwrap();
    let error = check(&misspelt).unwrap_err().to_string();
    assert!(error.contains("'healthchek'"), "{error}");
}

#[test]
fn every_binary_that_runs_for_good_has_a_service_of_its_name() {
    let compose = compose();
    let names: BTreeSet<_> = of_weir(&compose).map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, SERVICES.into_iter().chain(OPTIONAL).chain([PAGE_COMMENTS, "topics"]).collect());
    for name in SERVICES.into_iter().chain(OPTIONAL) {
        assert_eq!(words(&compose["services"][name]["command"])[0], name);
    }
    assert_eq!(words(&compose["services"][PAGE_COMMENTS]["command"]), ["weir-messages"]);
    assert_eq!(words(&compose["services"]["topics"]["command"]), ["weir", "topics", "apply"]);
}

#[test]
fn the_image_is_built_once_and_no_health_check_starts_a_java() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    let built: Vec<_> = services.iter().filter(|(_, service)| service.get("build").is_some()).collect();
    assert_eq!(built.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["topics"]);
    for (name, service) in services {
        let check = words(&service["healthcheck"]["test"]);
        assert!(!check.iter().any(|word| word.contains("/bin/")), "{name}: {check:?}");
    }
}

#[test]
fn every_flag_and_variable_is_one_that_the_binary_reads() {
    let compose = compose();
    let mut unknown = Vec::new();
    for (name, service) in of_weir(&compose) {
        let manual = manual(service);
        let known = &manual.variables() | &OF_OPENTELEMETRY.map(str::to_owned).into();
        let used: BTreeSet<_> = service["environment"].as_object().unwrap().keys().cloned().collect();
        unknown.extend(used.difference(&known).map(|variable| format!("{name}: {variable}")));
        let used: BTreeSet<_> =
            words(&service["command"]).iter().filter(|word| word.starts_with("--")).map(flag).collect();
        unknown.extend(used.difference(&manual.flags()).map(|flag| format!("{name}: {flag}")));
    }
    assert_eq!(unknown, [""; 0]);
}

fn flag(word: &&str) -> String {
    word.split('=').next().unwrap_or_default().to_owned()
}

#[test]
fn every_service_has_what_the_binary_cannot_do_without() {
    let compose = compose();
    for (name, service) in of_weir(&compose) {
        assert!(service["environment"]["WEIR_BROKERS"].is_string(), "{name}");
    }
    let ingest = &compose["services"]["weir-ingest"];
    for secret in ["WEIR_APP_SECRET", "WEIR_VERIFY_TOKEN"] {
        assert!(ingest["environment"][secret].is_string(), "{secret}");
    }
    let spool = ingest["environment"]["WEIR_SPOOL_DIR"].as_str().unwrap();
    assert_eq!(words(&ingest["volumes"]), [format!("spool:{spool}")]);
    for name in ["weir-lookups", "weir-replies"] {
        let service = &compose["services"][name];
        let tokens = service["environment"]["WEIR_ACCESS_TOKENS"].as_str().unwrap();
        let volume = &service["volumes"][0];
        assert_eq!((&volume["target"], &volume["read_only"]), (&tokens.into(), &true.into()), "{name}");
        // Docker would make a folder without a token, and every comment a dead letter.
        assert_eq!(volume["bind"]["create_host_path"], false, "{name}");
        let accounts = &service["volumes"][1];
        let folder = &service["environment"]["WEIR_ACCOUNTS"];
        assert_eq!((&accounts["target"], &accounts["read_only"]), (folder, &true.into()), "{name}");
        assert_eq!(words(&service["profiles"]), ["graph"], "{name} has no token of its own");
    }
    let media = &compose["services"]["weir-media"];
    let store = media["environment"]["WEIR_MEDIA_STORE"].as_str().unwrap().strip_prefix("file://").unwrap();
    assert_eq!(words(&media["volumes"]), [format!("media:{store}")]);
    assert_eq!(words(&media["profiles"]), ["media"], "it goes where links lead to");
    let feed = &compose["services"][PAGE_COMMENTS];
    assert_eq!(feed["environment"]["WEIR_INPUT"], "feed");
    assert_eq!(words(&feed["profiles"]), ["page-comments"], "who has no pages does without it");
}

#[test]
fn ports_are_those_that_the_binaries_listen_on_and_open_to_this_machine_alone() {
    let compose = compose();
    let ingest = Manual::of(&["weir-ingest"]).unwrap();
    let public = ingest.default("--listen").unwrap().rsplit_once(':').unwrap().1;
    let admin = ingest.default("--admin-listen").unwrap().rsplit_once(':').unwrap().1;
    assert_eq!(words(&compose["services"]["weir-ingest"]["ports"]), [format!("127.0.0.1:{public}:{public}")]);
    let scraped = yaml::documents(compose["configs"]["prometheus"]["content"].as_str().unwrap()).unwrap();
    let targets = &scraped[0]["scrape_configs"][0]["dns_sd_configs"][0];
    assert_eq!(targets["port"].to_string(), admin);
    let names: Vec<_> = SERVICES.into_iter().chain(OPTIONAL).chain([PAGE_COMMENTS]).collect();
    assert_eq!(words(&targets["names"]), names);
    for (name, service) in compose["services"].as_object().unwrap() {
        for port in words(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} opens {port} to everyone");
        }
    }
}

#[test]
fn a_service_of_ours_has_no_more_rights_than_it_needs_and_time_to_end() {
    let compose = compose();
    for (name, service) in of_weir(&compose) {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(words(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(words(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert_eq!(service["stop_grace_period"], "45s", "{name}");
        assert!(service["healthcheck"]["disable"] == true || health(service), "{name}");
    }
}

fn health(service: &Value) -> bool {
    words(&service["healthcheck"]["test"]) == ["CMD", "weir", "health"]
}

#[test]
fn every_variable_of_the_file_is_in_the_env_file_and_every_one_there_is_used() {
    let text = yaml::text(FILE).unwrap();
    let used: BTreeSet<_> = text.split("${").skip(1).map(variable).collect();
    let env = yaml::text(".env").unwrap();
    let given: BTreeSet<_> =
        env.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert_eq!(used, given);
}

fn variable(text: &str) -> &str {
    text.split(['}', ':']).next().unwrap_or_default()
}

#[test]
fn what_is_mounted_from_here_is_here() {
    let compose = compose();
    for (name, service) in compose["services"].as_object().unwrap() {
        // The folder of access tokens is the user's own, in the long form.
        let volumes = service["volumes"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for volume in volumes {
            let (source, _) = volume.split_once(':').unwrap();
            match source.strip_prefix("./") {
                Some(path) => assert!(folder(path).is_dir(), "{name} mounts {source}, which is not there"),
                None => assert!(compose["volumes"].get(source).is_some(), "{name} mounts {source}"),
            }
        }
    }
    let grafana = &compose["services"]["grafana"];
    let provider =
        yaml::documents(compose["configs"]["grafana-dashboards"]["content"].as_str().unwrap()).unwrap();
    let path = provider[0]["providers"][0]["options"]["path"].as_str().unwrap();
    assert!(words(&grafana["volumes"]).iter().any(|volume| volume.contains(&format!(":{path}:"))));
    let home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str().unwrap();
    let home = home.strip_prefix(path).unwrap();
    assert!(
        folder("k8s/components/grafana/dashboards").join(home.trim_start_matches('/')).is_file(),
        "{home}"
    );
}

#[test]
fn prometheus_takes_its_configuration_with_the_rules() {
    let compose = compose();
    let config = compose["configs"]["prometheus"]["content"].as_str().unwrap();
    let rules = folder("k8s/components/prometheus/rules");
    let mounted = words(&compose["services"]["prometheus"]["volumes"])[0];
    let inside = mounted.strip_prefix("./k8s/components/prometheus/rules:").unwrap().trim_end_matches(":ro");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("prometheus.yml");
    std::fs::write(&file, config.replace(inside, rules.to_str().unwrap()).replace("$$", "$")).unwrap();
    let said = promtool(&["check", "config", file.to_str().unwrap()], "").unwrap();
    assert!(said.contains("rules found") && said.contains("SUCCESS"), "{said}");
}

#[test]
fn prometheus_tells_the_alertmanager_that_is_there_and_its_file_is_mounted() {
    let compose = compose();
    let config = yaml::documents(compose["configs"]["prometheus"]["content"].as_str().unwrap()).unwrap();
    let target = &config[0]["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"][0];
    let (name, port) = target.as_str().unwrap().split_once(':').unwrap();
    let service = &compose["services"][name];
    assert!(words(&service["ports"])[0].ends_with(&format!(":{port}")), "{target}");
    let (folder, inside) = words(&service["volumes"])[0].split_once(':').unwrap();
    let file = words(&service["command"])[0].strip_prefix("--config.file=").unwrap();
    let file = file.strip_prefix(inside.trim_end_matches(":ro")).unwrap();
    yaml::file(&format!("{}{file}", folder.trim_start_matches("./"))).unwrap();
}

#[test]
fn every_service_that_is_named_is_there() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    for (name, service) in services {
        for other in service["depends_on"].as_object().into_iter().flatten().map(|(other, _)| other) {
            assert!(services.contains_key(other), "{name} waits for {other}");
        }
    }
    for (name, service) in of_weir(&compose) {
        let collector = service["environment"]["OTEL_EXPORTER_OTLP_ENDPOINT"].as_str().unwrap();
        assert!(services.contains_key(host(collector)), "{name} sends to {collector}");
        let broker = service["environment"]["WEIR_BROKERS"].as_str().unwrap();
        let advertised = services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].as_str().unwrap();
        assert!(advertised.split(',').any(|one| one.ends_with(&format!("://{broker}"))), "{broker}");
    }
}

fn host(url: &str) -> &str {
    url.trim_start_matches("http://").split(':').next().unwrap_or_default()
}
