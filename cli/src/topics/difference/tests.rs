//! What differs between a topic and what is desired, and what would be set.

use super::*;

fn desired() -> Desired {
    Desired {
        name: "meta.inbox.v1".to_owned(),
        partitions: 12,
        replicas: 3,
        config: BTreeMap::from([
            ("retention.ms", "604800000".to_owned()),
            ("cleanup.policy", "delete".to_owned()),
        ]),
    }
}

fn setting(value: &str, is_own: bool) -> Setting {
    Setting { value: value.to_owned(), is_own }
}

fn present() -> Present {
    let config = [
        ("retention.ms", setting("604800000", true)),
        ("cleanup.policy", setting("delete", false)),
        ("compression.type", setting("zstd", true)),
        ("segment.bytes", setting("1073741824", false)),
    ];
    Present {
        partitions: 12,
        replicas: 3,
        config: config.map(|(name, setting)| (name.to_owned(), setting)).into(),
        in_sync: vec![Some(3); 12],
    }
}

fn differing(present: &Present) -> (Vec<String>, BTreeMap<String, String>) {
    match compare(&desired(), Some(present)) {
        Finding::Differs { stays, settings, set } => {
            (stays.iter().chain(&settings).map(Difference::to_string).collect(), set)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_topic_that_is_not_there_is_missing() {
    assert_eq!(compare(&desired(), None), Finding::Missing);
}

#[test]
fn a_value_is_fine_wherever_it_comes_from() {
    assert_eq!(compare(&desired(), Some(&present())), Finding::Fine);
}

#[test]
fn a_setting_that_differs_is_set_and_those_of_others_are_kept() {
    let mut present = present();
    present.config.insert("retention.ms".to_owned(), setting("3600000", true));
    let (differences, set) = differing(&present);
    assert_eq!(differences, ["retention.ms 3600000 instead of 604800000"]);
    let expected =
        [("cleanup.policy", "delete"), ("compression.type", "zstd"), ("retention.ms", "604800000")];
    assert_eq!(set, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[test]
fn partitions_and_replicas_are_reported_and_never_set() {
    let present = Present { partitions: 6, replicas: 1, ..present() };
    let (differences, set) = differing(&present);
    assert_eq!(differences, ["partitions 6 instead of 12", "replicas 1 instead of 3"]);
    assert!(set.is_empty());
    let Finding::Differs { settings, .. } = compare(&desired(), Some(&present)) else { panic!() };
    assert!(settings.is_empty());
}

#[test]
fn a_setting_that_the_cluster_does_not_show_differs() {
    let mut present = present();
    present.config.remove("cleanup.policy");
    assert_eq!(differing(&present).0, ["cleanup.policy unset instead of delete"]);
}

#[test]
fn what_was_set_is_fine_the_next_time() {
    let mut present = present();
    present.config.insert("cleanup.policy".to_owned(), setting("compact", true));
    let (_, set) = differing(&present);
    let config = set.into_iter().map(|(name, value)| (name, Setting { value, is_own: true })).collect();
    assert_eq!(compare(&desired(), Some(&Present { config, ..present })), Finding::Fine);
}

#[test]
fn partitions_without_a_leader_or_with_too_few_replicas_in_sync_take_no_records() {
    assert_eq!(unwritable(&present()), Vec::<String>::new());
    let mut present = Present { in_sync: vec![Some(3), Some(1), None], ..present() };
    assert_eq!(unwritable(&present), ["1 of 3 partitions without a leader"]);
    present.config.insert("min.insync.replicas".to_owned(), setting("2", false));
    let short = "1 of 3 partitions with fewer replicas in sync than min.insync.replicas (2)";
    assert_eq!(unwritable(&present), ["1 of 3 partitions without a leader", short]);
}
