//! Where it is told to listen on `[::]`, ingest is reached over IPv6 and IPv4.

#![cfg(feature = "everything")]

use std::fs;
use std::net::TcpListener;

use weir_tests::pipeline::{APP_SECRET, PATIENCE};
use weir_tests::process::Binary;
use weir_tests::{http, ports};

#[tokio::test]
async fn on_the_unspecified_address_of_ipv6_ingest_is_reached_over_both_families() {
    let maps_ipv4 = fs::read_to_string("/proc/sys/net/ipv6/bindv6only").is_ok_and(|only| only.trim() == "0");
    if !maps_ipv4 || TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let [listen, admin] = ports::free().unwrap();
    let addresses = [listen, admin].map(|port| format!("[::]:{port}"));
    let args = ["--brokers", "127.0.0.1:1", "--listen", &addresses[0], "--admin-listen", &addresses[1]];
    let mut ingest = Binary::start("weir-ingest", &args, &[("WEIR_APP_SECRET", APP_SECRET)]).unwrap();
    for host in ["[::1]", "127.0.0.1"] {
        ingest.ready(&format!("http://{host}:{admin}/livez"), PATIENCE).await.unwrap();
        let (status, _) = http::get(&format!("http://{host}:{listen}/webhook")).await.unwrap();
        assert_eq!(status.as_u16(), 403, "{host}");
    }
}
