//! What ingest says when its limits do not fit the memory that it is given.

use weir_tests::pipeline::{APP_SECRET, PATIENCE};
use weir_tests::process::Binary;

#[tokio::test]
async fn limits_that_do_not_fit_the_memory_are_named_before_anything_is_served() {
    let args = ["--brokers", "127.0.0.1:1", "--max-connections", "20000", "--memory-limit", "768MiB"];
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    assert_eq!(ingest.wait(PATIENCE).await.unwrap().code(), Some(2));
    let said = ingest.stderr().unwrap();
    for part in ["--memory-limit (flag): found 768 MiB, expected", "MiB for connections (--max-connections"] {
        assert!(said.contains(part), "{said}");
    }
}
