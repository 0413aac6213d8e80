//! Settings that no client can be made of at first.

use super::*;
use crate::producer::ProducerOptions;

/// Certificates in PEM.
const AUTHORITY: &str = include_str!("../../kafka/credentials/certificates/chain.pem");

#[tokio::test]
async fn changed_settings_that_no_client_can_be_made_of_yet_are_tried_again() {
    let plain = KafkaSettings::plain("127.0.0.1:1");
    let producer = Producer::new(&plain, &ProducerOptions::default()).unwrap();
    let mut watchdog = Watchdog::new(producer, &Registry::new(), &Arc::new(QuotaWatch::of_producers()));
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.crt");
    let set = [("security.protocol", "ssl"), ("ssl.ca.location", authority.to_str().unwrap())];
    let properties = set.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    watchdog.changed = Some(Arc::new(KafkaSettings { properties, ..plain }));
    watchdog.renew().await;
    assert!(watchdog.changed.is_some());
    std::fs::write(&authority, AUTHORITY).unwrap();
    watchdog.renew().await;
    assert!(watchdog.changed.is_none());
}
