//! The chart of k8s/chart is what kustomize renders of k8s/base and its components, by another hand.

#![cfg(feature = "everything")]

use std::fs;

use weir_tests::foreign::folder;
use weir_tests::{chart, yaml};

#[test]
fn the_kept_renderings_are_of_the_chart_as_it_is() {
    let of = yaml::text(chart::SOURCES).unwrap();
    assert_eq!(
        of.trim(),
        chart::digest().unwrap(),
        "the chart was changed: run tests/chart/run, which renders it anew"
    );
}

#[test]
fn the_chart_renders_what_kustomize_renders() {
    for case in chart::KEPT {
        let rendered = fs::read_to_string(chart::kept(case)).unwrap();
        assert_eq!(
            chart::differences(case, &rendered).unwrap(),
            [""; 0],
            "{case}: mend k8s/chart, then tests/chart/run"
        );
    }
}

#[test]
fn what_differs_is_told_with_its_place() {
    let rendered = fs::read_to_string(chart::kept("base")).unwrap();
    let other = rendered
        .replace("value: \"7GiB\"", "value: \"9GiB\"")
        .replace("kind: HorizontalPodAutoscaler", "kind: Autoscaler");
    let told = chart::differences("base", &other).unwrap();
    let of_the_spool = "\"9GiB\" of the chart is \"7GiB\" of kustomize";
    assert!(
        told.iter().any(|one| one.starts_with("StatefulSet weir-ingest/spec") && one.ends_with(of_the_spool)),
        "{told:?}"
    );
    assert!(
        told.contains(&"HorizontalPodAutoscaler weir-ingest: only kustomize has it".to_owned()),
        "{told:?}"
    );
    assert!(told.contains(&"Autoscaler weir-ingest: only the chart has it".to_owned()), "{told:?}");
    assert_eq!(told.len(), 3);
}

#[test]
fn what_the_chart_does_not_render_itself_it_takes_from_the_components() {
    let components = fs::canonicalize(folder("k8s/components")).unwrap();
    for entry in fs::read_dir(folder("k8s/chart/files")).unwrap() {
        let link = entry.unwrap().path();
        assert!(
            link.is_symlink() && fs::canonicalize(&link).unwrap().starts_with(&components),
            "{}",
            link.display()
        );
    }
}

#[test]
fn the_chart_has_the_version_of_the_binaries() {
    let chart = yaml::file("k8s/chart/Chart.yaml").unwrap();
    assert_eq!(
        (&chart["version"], &chart["appVersion"]),
        (&env!("CARGO_PKG_VERSION").into(), &env!("CARGO_PKG_VERSION").into())
    );
}
