//! What the other end of a connection may do with a request, and what becomes of its record.

use super::super::state::BatchOutcome;
use super::super::state::tests::seen;
use super::super::ticket::Ticket;
use super::*;
use futures_util::FutureExt as _;
use runtime::kafka::credentials::Credentials;
use runtime::producer::{Acknowledgement, BatchCompletion, Outgoing, ProducerOptions, SendError};
use runtime::settings::KafkaSettings;
use tokio::io::{AsyncReadExt as _, DuplexStream};

const BROKER: i32 = 1;
const TOPIC: &str = "raw";
/// Less than a request or an answer, so that both are written in pieces.
const BUFFER: usize = 32;

/// Where one record waits, and its acknowledgement.
fn with_a_record() -> (Shared, Acknowledgement) {
    let properties = [("socket.timeout.ms".to_owned(), "300".to_owned())].into();
    let kafka = KafkaSettings { properties, ..KafkaSettings::plain("localhost:9092") };
    let (options, topics) = (ProducerOptions::default(), vec![TOPIC.to_owned()]);
    let shared = Shared::new(&kafka, &options, &topics, Credentials::default()).unwrap();
    shared.update(&seen::cluster([BROKER], vec![seen::topic(TOPIC, 1, 0, [(BROKER, 0)])]));
    let completion = BatchCompletion::open();
    let record = Outgoing { topic: TOPIC, key: None, value: &[b'x'; 1_000], headers: &[] };
    shared.lock().accept(&record, || Ticket::new(&completion), Instant::now(), 0).unwrap();
    completion.release_one();
    (shared, Acknowledgement::new(completion))
}

/// How a connection to such a broker ended, and whether the record is acknowledged.
async fn sent_to<F: Future<Output = ()>>(broker: impl FnOnce(DuplexStream) -> F) -> (String, bool) {
    let (shared, acknowledgement) = with_a_record();
    let (ours, theirs) = tokio::io::duplex(BUFFER);
    let ((_, wake), security) =
        (shared.lock().address_and_wake(BROKER).unwrap(), shared.security.load_full());
    let connection = Connection { stream: Box::new(ours), security, metadata_version: 12, lifetime: None };
    let session = Session { shared: &shared, broker: BROKER, wake: &wake };
    let (end, ()) = tokio::join!(session.serve(connection), broker(theirs));
    let end = match end {
        Ok(()) => "retired".to_owned(),
        Err(ConnectionError::Idle) => "idle".to_owned(),
        Err(error) => error.to_string(),
    };
    assert_eq!(shared.lock().queued(), (0, 0));
    (end, acknowledgement.await.is_ok())
}

#[tokio::test]
async fn after_a_panic_what_waits_is_answered_and_nothing_is_taken_before_the_cluster_is_known() {
    let (shared, acknowledgement) = with_a_record();
    shared.begin_anew();
    assert!(acknowledgement.await.is_err());
    let mut inner = shared.lock();
    let record = Outgoing { topic: TOPIC, key: None, value: b"x", headers: &[] };
    let taken = inner.accept(&record, || Ticket::new(&BatchCompletion::open()), Instant::now(), 0);
    assert!(matches!(taken, Err(SendError::Other { .. })), "{taken:?}");
    assert_eq!(inner.queued(), (0, 0));
}

/// Reads the request; its correlation.
async fn read_request(stream: &mut DuplexStream) -> i32 {
    let length = usize::try_from(stream.read_i32().await.unwrap()).unwrap();
    let mut request = vec![0; length];
    stream.read_exact(&mut request).await.unwrap();
    i32::from_be_bytes(*request[4..].first_chunk().unwrap())
}

/// An answer with its length in front, for partition 0.
fn answer(correlation: i32, error: i16, offset: i64) -> Vec<u8> {
    let topic = [&3_i16.to_be_bytes()[..], TOPIC.as_bytes()].concat();
    let (one, partition, none) = (1_i32.to_be_bytes(), 0_i32.to_be_bytes(), (-1_i64).to_be_bytes());
    let head = [&correlation.to_be_bytes()[..], &one, &topic, &one, &partition].concat();
    let body = [&head[..], &error.to_be_bytes(), &offset.to_be_bytes(), &none, &none, &[0; 4]].concat();
    [&i32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

#[tokio::test]
async fn an_answer_that_comes_byte_by_byte_acknowledges() {
    let broker = async |mut stream: DuplexStream| {
        let correlation = read_request(&mut stream).await;
        for byte in answer(correlation, 0, 7) {
            stream.write_all(&[byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(sent_to(broker).await, ("idle".to_owned(), true));
}

#[tokio::test]
async fn a_broker_that_reads_on_only_once_its_answer_is_taken_is_not_hung_up_on() {
    let broker = async |mut stream: DuplexStream| {
        // The length, two numbers of two bytes, the correlation.
        let mut head = [0; 12];
        stream.read_exact(&mut head).await.unwrap();
        let correlation = i32::from_be_bytes(*head.last_chunk().unwrap());
        stream.write_all(&answer(correlation, 0, 7)).await.unwrap();
        let length = usize::try_from(i32::from_be_bytes(*head.first_chunk().unwrap())).unwrap();
        let mut rest = vec![0; length + 4 - head.len()];
        stream.read_exact(&mut rest).await.unwrap();
    };
    assert_eq!(sent_to(broker).await, ("idle".to_owned(), true));
}

#[tokio::test]
async fn an_error_or_a_success_without_an_offset_acknowledges_nothing_and_ends_no_connection() {
    for (error, offset) in [(7, -1), (19, 5), (0, -1)] {
        let broker = async |mut stream: DuplexStream| {
            let correlation = read_request(&mut stream).await;
            stream.write_all(&answer(correlation, error, offset)).await.unwrap();
        };
        assert_eq!(sent_to(broker).await, ("idle".to_owned(), false), "{error} {offset}");
    }
}

#[test]
fn only_what_another_look_at_the_cluster_could_cure_asks_for_one() {
    let (shared, _acknowledgement) = with_a_record();
    // The message is too large, the topic forbidden, replicas are missing, a record is not valid; the connection's task asks itself.
    let others = [10, 29, 19, 20, 87, local::CONNECTION].map(|code| (code, false));
    for (code, asks) in
        [3, 5, 6, 56, 74, 75, local::TIMED_OUT].map(|code| (code, true)).into_iter().chain(others)
    {
        let outcome =
            BatchOutcome { topic: TOPIC.into(), partition: 0, tickets: vec![], failure: Some(code) };
        shared.report(vec![outcome]);
        assert_eq!(shared.refresh_metadata.notified().now_or_never().is_some(), asks, "{code}");
    }
}

#[test]
fn only_what_a_broker_says_of_itself_is_the_last_reason() {
    let (shared, _acknowledgement) = with_a_record();
    let reason_after = |code| {
        let outcome =
            BatchOutcome { topic: TOPIC.into(), partition: 0, tickets: vec![], failure: Some(code) };
        shared.report(vec![outcome]);
        shared.last_reason.of_late(Instant::now())
    };
    for code in [10, 29, local::TIMED_OUT, local::CONNECTION] {
        assert_eq!(reason_after(code), None, "{code}");
    }
    shared.last_reason.set(String::from("localhost:9092: connection reset"), Instant::now());
    let storage = reason_after(56).unwrap();
    assert!(storage.starts_with("raw partition 0: not acknowledged: KafkaStorageError"), "{storage}");
}

#[tokio::test]
async fn what_is_no_answer_to_the_request_ends_the_connection() {
    let two_gigabytes = |_| i32::MAX.to_be_bytes().to_vec();
    let below_zero = |_| (-1_i32).to_be_bytes().to_vec();
    let of_another = |correlation| answer(correlation + 1, 0, 7);
    let too_long = |correlation| {
        let mut answer = answer(correlation, 0, 7);
        answer[3] += 1;
        [answer, vec![0]].concat()
    };
    let cases: [fn(i32) -> Vec<u8>; 4] = [two_gigabytes, below_zero, of_another, too_long];
    for (number, said) in cases.into_iter().enumerate() {
        let broker = async |mut stream: DuplexStream| {
            let correlation = read_request(&mut stream).await;
            stream.write_all(&said(correlation)).await.unwrap();
            // Until the other end has closed it.
            assert!(stream.read_u8().await.is_err());
        };
        let expected = ConnectionError::NotKafka.to_string();
        assert_eq!(sent_to(broker).await, (expected, false), "{number}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_within_an_answer_acknowledges_nothing() {
    let broker = async |mut stream: DuplexStream| {
        let answer = answer(read_request(&mut stream).await, 0, 7);
        stream.write_all(&answer[..answer.len() - 1]).await.unwrap();
    };
    assert_eq!(sent_to(broker).await, (ConnectionError::Closed.to_string(), false));
}

#[tokio::test]
async fn a_broker_that_does_not_answer_or_does_not_read_is_hung_up_on() {
    let late = ConnectionError::Late(Duration::from_millis(300)).to_string();
    let silent = async |mut stream: DuplexStream| {
        read_request(&mut stream).await;
        assert!(stream.read_u8().await.is_err());
    };
    assert_eq!(sent_to(silent).await, (late.clone(), false));
    let (kept, stream) = tokio::sync::oneshot::channel();
    let deaf = async |stream: DuplexStream| drop(kept.send(stream));
    assert_eq!(sent_to(deaf).await, (late, false));
    drop(stream);
}
