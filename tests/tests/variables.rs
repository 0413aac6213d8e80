//! A misspelt setting is named when a process starts, since it would be a default that nobody chose.

#![cfg(feature = "everything")]

use weir_tests::pipeline::PATIENCE;
use weir_tests::ports;
use weir_tests::process::Binary;

#[tokio::test]
async fn a_variable_that_no_process_reads_is_named_without_its_value() {
    let [admin] = ports::free().unwrap();
    let args = ["--brokers", "127.0.0.1:1", "--admin-listen", &format!("127.0.0.1:{admin}")];
    let envs = [("WEIR_VERIFY_TOKNE", "meatyhamhock"), ("WEIR_VERIFY_TOKEN", "meatyhamhock")];
    let mut metrics = Binary::start("weir-metrics", &args, &envs).unwrap();
    let is_it = |line: &str| line.contains("no process of Weir reads");
    let line = metrics.line("a warning", PATIENCE, is_it).await.unwrap();
    assert!(line.contains("WEIR_VERIFY_TOKNE"), "{line}");
    assert!(!line.contains("WEIR_VERIFY_TOKEN") && !line.contains("meatyhamhock"), "{line}");
}

#[tokio::test]
async fn a_misspelt_variable_is_named_beside_the_setting_that_is_not_there() {
    let mut ingest = Binary::start("weir-ingest", &[], &[("WEIR_APP_SECRTE", "hunter2")]).unwrap();
    assert_eq!(ingest.wait(PATIENCE).await.unwrap().code(), Some(2));
    let said = ingest.stderr().unwrap();
    assert!(said.contains("WEIR_APP_SECRTE") && !said.contains("hunter2"), "{said}");
}
