//! A delivery that everybody can tell from Meta's, and its way back from the topics.
//!
//! It is made as the dashboard's test button makes them, so that its event is marked `metatest` and no consumer takes it for
//! somebody's message.

use super::check::{Deadline, NotKnown, Observed};
use crate::records::watch::{Span, Watch};
use bytes::Bytes;
use runtime::consumer::Record;
use runtime::settings::KafkaSettings;
use schemas::Millis;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout_at};

/// How long records may take from the answer to here; a consumer that begins to read needs most of it.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// The deliveries of one run: they are alike but for the route that they go, an app's by one address.
#[derive(Clone, Debug)]
pub(super) struct TestDelivery {
    time: u64,
    /// What the ids of its messages begin with.
    mark: String,
    challenge: String,
}

/// Which of them came, by topic and route, and how long after they were posted.
pub(super) struct Arrivals {
    came: BTreeMap<(String, String), Duration>,
    /// Why nobody knows whether the others came.
    unseen: Option<NotKnown>,
}

impl TestDelivery {
    pub(super) fn new(now: SystemTime) -> Self {
        let time = Millis::of(now).as_millis();
        let run = format!("{time}{:05}", std::process::id() % 100_000);
        Self { time, mark: format!("weir-doctor-{run}-"), challenge: run }
    }

    /// Digits, as Meta's challenges are.
    pub(super) fn challenge(&self) -> &str {
        &self.challenge
    }

    /// The body of the one of a route.
    pub(super) fn body(&self, object: &str, route: &str) -> Bytes {
        let message = json!({"mid": format!("{}{route}", self.mark), "text": "weir doctor: a test"});
        let item = json!({
            "sender": {"id": "12334"}, "recipient": {"id": "23245"}, "timestamp": self.time, "message": message,
        });
        let entry = json!({"id": "0", "time": self.time, "messaging": [item]});
        Bytes::from(json!({"object": object, "entry": [entry]}).to_string())
    }

    /// Reads these topics from now on.
    pub(super) async fn way_back(&self, kafka: KafkaSettings, topics: Vec<String>) -> Observed<Watch> {
        let mark = self.mark.clone();
        let its_own = move |record: &Record| route_of(record, &mark).is_some();
        let start = move || Watch::start(&kafka, &topics, Span::FromNowOn, its_own);
        Ok(tokio::task::spawn_blocking(start).await??)
    }

    /// What comes there of the deliveries of these routes, which were taken.
    pub(super) async fn follow(
        &self,
        mut way_back: Watch,
        taken: &[&str],
        posted: Instant,
        deadline: Deadline,
    ) -> Arrivals {
        let mut back = Arrivals { came: BTreeMap::new(), unseen: None };
        let end = deadline.0.min(Instant::now() + BACK_WITHIN);
        while !back.has_all(taken)
            && let Ok(Some(record)) = timeout_at(end, way_back.next()).await
        {
            if let Some(route) = route_of(&record, &self.mark) {
                back.came.insert((record.topic.to_string(), route), posted.elapsed());
            }
        }
        let trouble = way_back.trouble().map(|trouble| NotKnown::Untold(trouble.to_string()));
        // They had less than their time where that of all checks was over.
        let late = (Instant::now() >= deadline.0).then_some(NotKnown::Late);
        back.unseen = trouble.or(late);
        back
    }
}

impl Arrivals {
    /// Whether each of these came on both topics. One whose answer was lost may have come too, in the place of none of them.
    fn has_all(&self, routes: &[&str]) -> bool {
        routes.iter().all(|route| self.came.keys().filter(|(_, came)| came == route).count() == 2)
    }

    /// How long the one of a route took to a topic; what nobody could read may have come.
    pub(super) fn took(&self, topic: &str, route: &str) -> Observed<Option<Duration>> {
        let took = self.came.get(&(topic.to_owned(), route.to_owned())).copied();
        match &self.unseen {
            Some(why) if took.is_none() => Err(why.clone()),
            _ => Ok(took),
        }
    }
}

/// The route of a test delivery's record.
fn route_of(record: &Record, mark: &str) -> Option<String> {
    let text = std::str::from_utf8(record.value.as_deref()?).ok()?;
    let (_, rest) = text.split_once(mark)?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::mocking::MockCluster;
    use runtime::consumer::Headers;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_record_that_the_time_for_all_checks_was_too_short_for_is_not_missed() {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("raw", 1, 1).unwrap();
        let kafka = KafkaSettings::plain(cluster.bootstrap_servers());
        let test = TestDelivery::new(SystemTime::now());
        let way_back = test.way_back(kafka, vec!["raw".to_owned()]).await.unwrap();
        let over = Instant::now();
        let back = test.follow(way_back, &["111"], over, Deadline(over)).await;
        assert_eq!(back.took("raw", "111"), Err(NotKnown::Late));
    }

    #[test]
    fn what_came_of_another_route_is_not_taken_for_what_is_waited_for() {
        let came = ["raw", "typed"].map(|topic| ((topic.to_owned(), "204".to_owned()), Duration::ZERO));
        let back = Arrivals { came: BTreeMap::from(came), unseen: None };
        assert!(back.has_all(&["204"]) && back.has_all(&[]));
        assert!(!back.has_all(&["111"]) && !back.has_all(&["204", "111"]));
    }

    #[test]
    fn its_event_is_a_message_that_is_marked_as_a_test() {
        let test = TestDelivery::new(SystemTime::now());
        for object in ["page", "instagram"] {
            let body = test.body(object, "111");
            let split = schemas::split(&body, 10);
            let [event] = split.events.as_slice() else { panic!("{:?}", split.events) };
            assert!(event.test);
            assert_eq!((event.topic(), &*event.object), (schemas::Topic::Messages, object));
        }
    }

    #[test]
    fn a_record_tells_its_way_in_either_form() {
        let test = TestDelivery::new(SystemTime::now());
        let record = |value: Vec<u8>| Record {
            topic: "t".into(),
            partition: 0,
            offset: 0,
            timestamp: None,
            key: None,
            value: Some(value),
            headers: Headers::default(),
        };
        let body = test.body("page", "111");
        assert_eq!(route_of(&record(body.to_vec()), &test.mark).as_deref(), Some("111"));
        let split = schemas::split(&body, 10);
        let mut typed = Vec::new();
        let reception = schemas::Reception { delivery_id: "d", received: "2026-11-28T00:00:00.000Z" };
        split.events[0].write_json(reception, &mut typed);
        assert_eq!(route_of(&record(typed), &test.mark).as_deref(), Some("111"));
        assert_eq!(route_of(&record(b"{}".to_vec()), &test.mark), None);
    }
}
