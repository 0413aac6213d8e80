//! Who is asked for again after a lookup that came to nothing.

use super::*;
use crate::handler::tests::bench::{Bench, records};
use runtime::kafka::credentials::Credentials;
use runtime::settings::KafkaSettings;
use std::fs;
use std::time::Duration;
use weir_graph_simulator::Behaviour;

/// Customers are looked up as those of `bench`, in a partition of which nothing is read back.
fn profiles(bench: &Bench) -> (Profiles, Partition) {
    let settings = ProfileSettings {
        lookup_profiles: true,
        profile_cache: 10,
        profile_cache_for: Duration::from_hours(24),
        profile_retry_after: Duration::from_mins(15),
    };
    let tail = Tail::new(KafkaSettings::plain("127.0.0.1:1"), Credentials::default(), "weir-lookups");
    let partition = Partition { known: KnownProfiles::new(&settings), limit_waits: LimitWaits::default() };
    let profiles = Profiles::new(bench.context(), settings, tail, "meta");
    (profiles, partition)
}

#[tokio::test]
async fn who_wrote_while_the_token_was_refused_is_asked_for_once_there_is_a_new_one() {
    let bench = Bench::new().await;
    bench.simulator.refuse_token("EAAdefault");
    let (profiles, mut partition) = profiles(&bench);
    let mut handle = async |offset| {
        let record = Record { offset, ..records("message/text").remove(0) };
        profiles.look_up(&mut partition, &record, &StallExemption::unwatched()).await.unwrap().len()
    };
    assert_eq!((handle(1).await, handle(2).await), (0, 0));
    assert_eq!(bench.simulator.calls().len(), 1, "a token that is refused is tried by nobody");
    fs::write(bench.folder.path().join("default"), "EAAnew").unwrap();
    bench.reread();
    assert_eq!(handle(3).await, 1);
}

#[tokio::test]
async fn what_says_nothing_of_a_customer_takes_no_profile_s_place() {
    let bench = Bench::new().await;
    let (profiles, mut partition) = profiles(&bench);
    let record = records("message/text").remove(0);
    for body in ["{}", r#"{"status":"blocked by proxy"}"#, r#"{"id":"999","name":"Somebody else"}"#] {
        let answer = Behaviour::Answer { status: 200, body: body.to_owned() };
        bench.simulator.misbehave_times("6837251906428371", answer, 1);
        let found = profiles.look_up(&mut partition, &record, &StallExemption::unwatched()).await.unwrap();
        let profile: CustomerProfile<'_> = serde_json::from_slice(&found[0].value).unwrap();
        assert!(profile.profile.unwrap().get().contains("6837251906428371"), "{body}");
    }
}
