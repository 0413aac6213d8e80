//! The `Dockerfile` builds every binary with the toolchain of the repository into an image without a root user.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use weir_tests::foreign::{folder, run, search_path};
use weir_tests::image::Image;
use weir_tests::manual::{Manual, OPTIONAL, SERVICES};
use weir_tests::yaml;

/// The instructions of a name, continued lines joined.
fn instructions(name: &str) -> Vec<String> {
    let text = yaml::text("Dockerfile").unwrap();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = code.join("\n").replace("\\\n", " ");
    let start = format!("{name} ");
    joined.lines().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect()
}

/// The value of `key = "value"` in a TOML file, the first one.
fn value(file: &str, key: &str) -> String {
    let text = yaml::text(file).unwrap();
    let start = format!("{key} = \"");
    let line = text.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
    line.trim_end_matches('"').to_owned()
}

fn version() -> String {
    value("Cargo.toml", "version")
}

#[test]
fn the_linter_has_nothing_to_say() {
    let program =
        std::env::split_paths(&search_path()).map(|dir| dir.join("hadolint")).find(|file| file.is_file());
    let said =
        run(Command::new(program.expect("tests/run gets hadolint")).arg(folder("Dockerfile")), "").unwrap();
    assert_eq!(said, "");
}

#[test]
fn every_binary_is_built() {
    let build = instructions("RUN").into_iter().find(|run| run.contains("cargo build")).unwrap();
    let words: Vec<&str> = build.split_whitespace().collect();
    let packages: BTreeSet<_> =
        words.windows(2).filter(|pair| pair[0] == "--package").map(|pair| pair[1]).collect();
    // A feature can only be asked for beside its package, which has no binary.
    let binaries = SERVICES.into_iter().chain(OPTIONAL).chain(["weir"]);
    assert_eq!(packages, binaries.chain(["weir-runtime"]).collect());
    assert!(build.contains("--features weir-runtime/oidc"), "{build}");
    assert!(words.contains(&"--locked") && words.contains(&"--release"), "{build}");
}

#[test]
fn it_starts_on_kernels_of_arm64_with_any_size_of_pages() {
    let build = instructions("RUN").into_iter().find(|run| run.contains("cargo build")).unwrap();
    let (before, _) = build.split_once("cargo build").unwrap();
    assert!(before.contains("= aarch64 ]; then export JEMALLOC_SYS_WITH_LG_PAGE=16; fi"), "{build}");
}

#[test]
fn it_is_built_with_the_toolchain_of_the_repository() {
    let toolchain = value("rust-toolchain.toml", "channel");
    let from = instructions("FROM");
    assert!(from[0].starts_with(&format!("rust:{toolchain}-")), "{}", from[0]);
}

#[test]
fn it_runs_as_nobody_in_particular_in_exec_form_with_a_health_check_and_labels() {
    assert_eq!(instructions("USER"), ["65532:65532"]);
    assert_eq!(instructions("CMD"), [r#"["weir", "--help"]"#]);
    assert!(instructions("HEALTHCHECK")[0].ends_with(r#"CMD ["weir", "health"]"#));
    assert!(Manual::of(&["weir", "health"]).unwrap().flags().contains("--admin-listen"));
    assert_eq!(instructions("ARG")[0], format!("VERSION={}", version()));
    for label in ["title", "description", "licenses", "version", "revision"] {
        let label = format!("org.opencontainers.image.{label}=");
        assert!(instructions("LABEL")[0].contains(&label), "{label}");
    }
}

#[test]
fn the_ports_and_the_folders_of_volumes_are_those_of_the_binaries_and_of_compose() {
    let ingest = Manual::of(&["weir-ingest"]).unwrap();
    let ports =
        ["--listen", "--admin-listen"].map(|flag| ingest.default(flag).unwrap().rsplit_once(':').unwrap().1);
    assert_eq!(instructions("EXPOSE"), [ports.join(" ")]);
    let compose = yaml::file("docker-compose.yml").unwrap();
    let variable = |service: &str, name: &str| compose["services"][service]["environment"][name].as_str();
    let spool = variable("weir-ingest", "WEIR_SPOOL_DIR").unwrap();
    let media = variable("weir-media", "WEIR_MEDIA_STORE").unwrap().trim_start_matches("file://");
    for (made, folder) in [("spool", spool), ("media", media)] {
        let owned = format!("--from=build --chown=65532:65532 /out/{made} {folder}");
        assert!(instructions("COPY").contains(&owned), "the user of the image must own {folder}");
    }
}

#[test]
fn every_image_has_a_version_and_those_that_are_known_here_are_of_the_same_version() {
    let compose = yaml::file("docker-compose.yml").unwrap();
    let images = compose["services"].as_object().unwrap().values().map(|service| &service["image"]);
    let mut images: BTreeSet<_> = images.filter_map(Value::as_str).map(str::to_owned).collect();
    images.extend(instructions("FROM").iter().filter_map(|from| from.split(' ').next()).map(str::to_owned));
    for reference in &images {
        let image = Image::of(reference);
        assert!(image.tag.is_some_and(|tag| tag != "latest"), "{reference}");
        assert!(image.is_pinned() || image.repository == "weir", "{reference} has no digest");
    }
    assert!(images.contains(&format!("weir:{}", version())), "{images:?}");
    let pom = yaml::text("tests/kafka/pom.xml").unwrap();
    let of_the_tests = pom.split_once("<kafka.version>").unwrap().1.split_once('<').unwrap().0;
    let start = format!("apache/kafka:{of_the_tests}@");
    let kafka = images.iter().find(|image| image.starts_with(&start)).unwrap();
    for file in ["k8s/components/kafka-tools/cronjob.yaml", "k8s/overlays/dev/kafka.yaml"] {
        assert!(yaml::text(file).unwrap().contains(&format!("image: {kafka}\n")), "{file} has another Kafka");
    }
}

#[test]
fn every_member_of_the_workspace_is_sent_to_the_build() {
    let ignore = yaml::text(".dockerignore").unwrap();
    let sent: BTreeSet<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let manifest = yaml::text("Cargo.toml").unwrap();
    let members = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    for member in members.split(',').map(|member| member.trim().trim_matches('"').trim_end_matches("/*")) {
        let is_in = |folder: &&str| {
            member.strip_prefix(*folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let whole = sent.iter().any(is_in);
        let manifest = sent.contains(format!("{member}/Cargo.toml").as_str());
        assert!(
            whole || manifest,
            "{member} is a member, so that cargo wants its manifest: see .dockerignore"
        );
    }
    assert!(sent.contains("Cargo.toml") && sent.contains("Cargo.lock"));
}
