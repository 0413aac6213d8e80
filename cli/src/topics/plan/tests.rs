//! What `weir topics plan` prints.

use super::*;
use crate::screen::Printed;
use crate::topics::desired::{self, tests::settings};
use crate::topics::difference::{Present, Setting, compare};
use std::collections::BTreeMap;

/// The inbox topic as it should be, changed by `change`.
fn compared(change: impl FnOnce(&mut Present)) -> Compared {
    let desired = desired::topics(&settings(), 3, &BTreeMap::new()).swap_remove(10);
    let setting = |value: &String| Setting { value: value.clone(), is_own: true };
    let config = desired.config.iter().map(|(name, value)| ((*name).to_owned(), setting(value))).collect();
    let mut present =
        Present { partitions: desired.partitions, replicas: desired.replicas, config, ..Present::default() };
    change(&mut present);
    let finding = compare(&desired, Some(&present));
    Compared { desired, finding, unwritable: Vec::new() }
}

fn shown(compared: &Compared) -> String {
    let (mut table, printed) = (Table::default(), Printed::default());
    table.row(row(compared));
    table.print(&mut printed.screen()).unwrap();
    printed.text().trim_end().to_owned()
}

fn retention_of_an_hour(present: &mut Present) {
    let setting = Setting { value: "3600000".to_owned(), is_own: true };
    present.config.insert("retention.ms".to_owned(), setting);
}

#[test]
fn a_row_says_how_the_topic_is() {
    assert_eq!(shown(&compared(|_| ())), "=  meta.inbox.v1  12  3  7 d  5 MiB  as desired");
    let differs = shown(&compared(retention_of_an_hour));
    assert_eq!(differs, "~  meta.inbox.v1  12  3  7 d  5 MiB  retention.ms 3600000 instead of 604800000");
    let stays = shown(&compared(|present| present.partitions = 6));
    assert_eq!(stays, "!  meta.inbox.v1  12  3  7 d  5 MiB  partitions 6 instead of 12 (stays)");
}

/// What is said below the table, and how it ends.
fn told(compared: &[Compared]) -> (String, Exit) {
    let printed = Printed::default();
    let exit = report(compared, &settings(), &mut printed.screen()).unwrap();
    let text = printed.text();
    (text.split_once("\n\n").unwrap().1.to_owned(), exit)
}

#[test]
fn the_states_are_counted_and_it_is_said_what_apply_can_do() {
    let fine = compared(|_| ());
    let missing = Compared { finding: Finding::Missing, ..fine.clone() };
    let (said, exit) = told(&[fine.clone(), missing, compared(retention_of_an_hour)]);
    assert!(
        said.starts_with(
            "1 missing (or hidden by an access control list), 1 with settings that differ, 1 as desired\n"
        ),
        "{said}"
    );
    assert!(said.contains("\nMake it so with: weir topics apply") && exit == Exit::Findings, "{said}");
    let stays = compared(|present| present.replicas = 1);
    let (said, _) = told(&[stays.clone(), compared(retention_of_an_hour)]);
    assert!(said.contains("\nMake all else so with: weir topics apply"), "{said}");
    let (said, exit) = told(&[fine.clone(), stays]);
    assert!(said.contains(WHY_IT_STAYS) && !said.contains("so with:") && exit == Exit::Findings, "{said}");
    assert_eq!(told(&[fine]), ("1 as desired\n".to_owned(), Exit::Done));
}

#[test]
fn partitions_that_somebody_raised_are_told_and_are_no_difference() {
    let raised = compared(|_| ());
    let raised = Compared { desired: Desired { partitions: 17, ..raised.desired.clone() }, ..raised };
    let (said, exit) = told(&[raised, compared(|_| ())]);
    assert!(said.contains("2 as desired\n1 have more partitions than 12") && exit == Exit::Done, "{said}");
    assert!(said.contains("--missing-only") && !said.contains("gets 12"), "{said}");
    let raised = compared(|_| ());
    let raised = Compared { desired: Desired { partitions: 17, ..raised.desired.clone() }, ..raised };
    let missing = Compared { finding: Finding::Missing, ..compared(|_| ()) };
    assert!(told(&[raised.clone(), missing.clone()]).0.contains("\nWhat is missing gets 12"));
    let missing = Compared { desired: Desired { partitions: 17, ..missing.desired.clone() }, ..missing };
    assert!(!told(&[raised, missing]).0.contains("gets 12"));
}

#[test]
fn the_next_command_repeats_what_was_given() {
    assert_eq!(apply_command(&settings()), "weir topics apply --brokers kafka:9092");
    let other = TopicsSettings {
        topic_prefix: "test".to_owned(),
        partitions: Some(3),
        replication_factor: Some(1),
        max_body: 1 << 20,
        broker_disk: Some(1 << 40),
        ..settings()
    };
    let expected = "weir topics apply --brokers kafka:9092 --topic-prefix test --partitions 3 \
                    --replication-factor 1 --max-body 1048576 --broker-disk 1099511627776";
    assert_eq!(apply_command(&other), expected);
}
