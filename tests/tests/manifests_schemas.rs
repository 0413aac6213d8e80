//! Everything that kustomize renders is what the schemas of its kind ask for, unknown members included.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use serde_json::{Value, json};
use weir_tests::manifests::{name, of_kind, render, render_with, verdicts};
use weir_tests::yaml;

fn all_fine(objects: &[Value]) {
    let verdicts = verdicts(objects).unwrap();
    let wrong: Vec<_> = verdicts.iter().filter(|(_, verdict)| *verdict != "fine").collect();
    assert_eq!(wrong, []);
}

#[test]
fn the_overlays_are_of_their_schemas() {
    for overlay in ["guard", "overlays/dev", "overlays/prod"] {
        all_fine(&render(overlay).unwrap());
    }
}

#[test]
fn the_components_that_no_overlay_has_are_of_their_schemas() {
    all_fine(&render_with(&["media", "page-comments", "strimzi", "keda", "keda-media"]).unwrap());
    let objects = render_with(&["alertmanager", "ingress", "prometheus", "topics", "sasl"]).unwrap();
    assert_eq!(of_kind(&objects, "Ingress").count(), 1);
    assert_eq!(of_kind(&objects, "Job").count(), 1);
    let rules = of_kind(&objects, "ConfigMap").find(|map| map["metadata"]["name"] == "weir-rules").unwrap();
    let mounted = yaml::text("k8s/components/prometheus/rules/weir.yaml").unwrap();
    assert_eq!(rules["data"]["weir.yaml"].as_str(), Some(mounted.as_str()));
    all_fine(&objects);
}

#[test]
fn a_misspelt_member_of_any_kind_would_be_told() {
    let places = [
        ("Deployment weir-messages", "/spec/template/spec/containers/0", "livenesProbe"),
        ("NetworkPolicy weir-default-deny", "/spec", "podSelecter"),
        ("ScaledObject weir-messages", "/spec/scaleTargetRef", "nam"),
        ("PodMonitor weir", "/spec/podMetricsEndpoints/0", "prt"),
        ("PrometheusRule weir", "/spec/groups/0/rules/0", "expresion"),
        ("HTTPRoute weir-ingest", "/spec/rules/0/matches/0", "paht"),
        ("KafkaTopic meta.messages.v1", "/spec", "partitionz"),
        ("KafkaUser weir-ingest", "/spec/authorization/acls/0/resource", "paternType"),
        ("KafkaNodePool nodes", "/spec/storage/volumes/0", "deleteClam"),
    ];
    let mut objects = render("overlays/prod").unwrap();
    for (of, place, misspelt) in places {
        let object = objects.iter_mut().find(|object| name(object) == of).unwrap();
        object.pointer_mut(place).unwrap()[misspelt] = json!("x");
    }
    let verdicts = verdicts(&objects).unwrap();
    let told: Vec<_> = places.iter().filter(|(of, _, misspelt)| verdicts[*of].contains(misspelt)).collect();
    assert_eq!(
        told.len(),
        places.len(),
        "{:?}",
        verdicts.iter().filter(|(_, one)| *one != "fine").collect::<Vec<_>>()
    );
    let wrong = verdicts.values().filter(|verdict| *verdict != "fine").count();
    assert_eq!(wrong, places.len());
}
