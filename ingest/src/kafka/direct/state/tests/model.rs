//! A model of brokers: what they may do to the producer, at random, and what must hold after each of it.

use super::super::super::options::Tuning;
use super::super::super::produce::PartitionBatch;
use super::super::broker::MAX_IN_FLIGHT_REQUESTS;
use super::super::{BatchOutcome, State};
use super::random::Random;
use super::wire::{Wire, answer_of, write};
use super::{bounded, seen};
use kafka_protocol::messages::ProduceResponse;
use runtime::producer::{Outgoing, SendError};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

const STEPS: u64 = 40;
const BROKERS: i32 = 2;
const TOPICS: [&str; 2] = ["raw", "typed"];
const PARTITIONS: i32 = 3;
const LIMITS: Tuning = bounded(20_000, 40, 400, 600);

/// What a batch takes when it is begun, and no record of these makes it take more.
const LARGEST_BATCH: usize = 2 << 10;

pub(super) type Place = (String, i32);

pub(super) struct Model {
    random: Random,
    state: State<u64>,
    now: Instant,
    wires: BTreeMap<i32, Wire>,
    /// Who leads which partition in truth, and since which epoch.
    leaders: HashMap<Place, (i32, i32)>,
    log: HashMap<Place, Vec<u64>>,
    /// Batches that a cut left at a broker, which writes them some day or never.
    left_behind: Vec<PartitionBatch>,
    waiting: HashSet<u64>,
    pub(super) acknowledged: HashMap<Place, Vec<u64>>,
    pub(super) next: u64,
    /// Of both topics; 0 with brokers that have no ids.
    topic_id: u128,
    /// Partitions of both topics.
    count: i32,
}

impl Model {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let places =
            TOPICS.iter().flat_map(|topic| (0..PARTITIONS).map(|number| (topic.to_string(), number)));
        let leaders = places.map(|place| (place, (random.of(&[0, 1]), 0))).collect();
        let state = State::new(LIMITS, &TOPICS.map(str::to_owned));
        let topic_id = random.of(&[0, 1]);
        Self {
            random,
            state,
            now: Instant::now(),
            wires: (0..BROKERS).map(|id| (id, Wire::default())).collect(),
            leaders,
            log: HashMap::new(),
            left_behind: Vec::new(),
            waiting: HashSet::new(),
            acknowledged: HashMap::new(),
            next: 0,
            topic_id,
            count: PARTITIONS,
        }
    }

    pub(super) fn run(&mut self) {
        self.update(false);
        (0..BROKERS).for_each(|broker| self.connect(broker));
        for _ in 0..STEPS {
            self.step();
            self.check();
        }
        self.update(true);
        (0..2 * BROKERS).for_each(|turn| self.serve(turn % BROKERS));
        self.settle();
    }

    fn step(&mut self) {
        let broker = self.random.of(&[0, 1]);
        match self.random.below(24) {
            0..=6 => self.accept(),
            7..=10 => self.request(broker),
            11..=14 => self.work(broker),
            15..=18 => self.answer(broker),
            19 if self.random.one_in(3) => self.cut(broker),
            19 => self.pass(Duration::from_millis(self.random.0 % 4_000)),
            20..=21 => self.connect(broker),
            22 if self.random.one_in(2) => self.move_a_leader(),
            22 => self.write_what_was_left(),
            _ => self.update(false),
        }
    }

    fn accept(&mut self) {
        let topic = self.random.of(&TOPICS);
        let key = self.random.below(5).to_be_bytes();
        let key = (key[7] != 4).then_some(&key[..]);
        let mut value = self.next.to_be_bytes().to_vec();
        value.resize(8 + usize::try_from(self.random.below(500)).unwrap(), 0);
        let record = Outgoing { topic, key, value: &value, headers: &[("ce_id", b"x")] };
        match self.state.accept(&record, || self.next, self.now, 1_700_000_000_000) {
            Ok(None) => assert!(self.waiting.insert(self.next)),
            Ok(Some(_)) => {}
            Err(why) => assert!(!matches!(why, SendError::TooLarge { .. }), "{why}"),
        }
        self.next += 1;
    }

    fn request(&mut self, broker: i32) {
        let wire = self.wires.get_mut(&broker).unwrap();
        let Some(request) = self.state.next_request(broker, self.now) else { return };
        assert!(wire.is_connected);
        wire.requests.push_back(request);
    }

    /// The broker takes its oldest request: writes it, refuses it, or writes it and says that it did not.
    fn work(&mut self, broker: i32) {
        let wire = self.wires.get_mut(&broker).unwrap();
        let Some((correlation, parts)) = wire.requests.pop_front() else { return };
        let mut said = Vec::new();
        for part in parts {
            let place = (part.topic.to_string(), part.partition);
            let error = match self.random.below(8) {
                _ if part.partition >= self.count => 3,
                _ if self.leaders[&place].0 != broker => 6,
                0 => self.random.of(&[3, 7, 10, 19, 29, 56]),
                1 => {
                    write(&mut self.log, &part);
                    20
                }
                _ => {
                    write(&mut self.log, &part);
                    0
                }
            };
            // An answer that leaves a partition out, or says success of it too.
            if !self.random.one_in(30) {
                said.push(answer_of(&part, error));
                said.extend(self.random.one_in(30).then(|| answer_of(&part, 0)));
            }
        }
        let throttle = if self.random.one_in(10) { 500 } else { 0 };
        let answer = ProduceResponse::default().with_responses(said).with_throttle_time_ms(throttle);
        wire.answers.push_back((correlation, answer));
    }

    fn answer(&mut self, broker: i32) {
        let wire = self.wires.get_mut(&broker).unwrap();
        let Some((correlation, answer)) = wire.answers.pop_front() else { return };
        let is_wrong = self.random.one_in(40);
        let ended = self.state.answered(broker, correlation + i32::from(is_wrong), &answer, self.now);
        assert_eq!(ended.is_none(), is_wrong);
        if is_wrong {
            self.cut(broker);
        }
        self.ended(ended.unwrap_or_default());
    }

    fn cut(&mut self, broker: i32) {
        let ended = self.state.disconnected(broker, -195);
        self.ended(ended);
        let wire = self.wires.insert(broker, Wire::default()).unwrap();
        let left = wire.requests.into_iter().flat_map(|(_, parts)| parts);
        let (now, later): (Vec<_>, Vec<_>) = left.partition(|_| self.random.one_in(2));
        for part in &now {
            write(&mut self.log, part);
        }
        self.left_behind.extend(later);
    }

    fn connect(&mut self, broker: i32) {
        let wire = self.wires.get_mut(&broker).unwrap();
        if !wire.is_connected {
            wire.is_connected = true;
            self.state.connected(broker);
        }
    }

    /// The broker takes what waits for it, and answers.
    fn serve(&mut self, broker: i32) {
        self.connect(broker);
        for _ in 0..MAX_IN_FLIGHT_REQUESTS {
            self.request(broker);
            self.work(broker);
            self.answer(broker);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let ended = self.state.expire(self.now);
        self.ended(ended);
        let late: Vec<_> =
            (0..BROKERS).filter(|id| self.state.missed_timeout(*id, self.now).is_some()).collect();
        for broker in late {
            self.cut(broker);
        }
    }

    fn move_a_leader(&mut self) {
        let place = (self.random.of(&TOPICS).to_owned(), 0);
        if let Some((leader, epoch)) = self.leaders.get_mut(&place) {
            (*leader, *epoch) = (1 - *leader, *epoch + 1);
        }
    }

    /// Both topics, with as many partitions as it happens, whose epochs begin anew.
    fn make_anew(&mut self) {
        self.topic_id += u128::from(self.topic_id > 0);
        self.count = self.random.of(&[1, 2, PARTITIONS]);
        self.leaders.values_mut().for_each(|(_, epoch)| *epoch = 0);
    }

    fn write_what_was_left(&mut self) {
        self.left_behind.drain(..).for_each(|part| write(&mut self.log, &part));
    }

    /// What a broker says: the truth, and then leaders are known; or what it was, or less.
    fn update(&mut self, is_honest: bool) {
        if !is_honest && self.random.one_in(20) {
            self.make_anew();
        }
        let topics = TOPICS.map(|name| {
            let error = if !is_honest && self.random.one_in(25) { self.random.of(&[3, 5, 29]) } else { 0 };
            let partitions = (0..self.count).map(|number| {
                let (leader, epoch) = self.leaders[&(name.to_owned(), number)];
                match self.random.below(10) {
                    _ if is_honest => (leader, epoch),
                    0 => (-1, epoch),
                    1 if epoch > 0 => (1 - leader, epoch - 1),
                    _ => (leader, epoch),
                }
            });
            seen::topic(name, self.topic_id, error, partitions)
        });
        let ended = self.state.update(&seen::cluster(0..BROKERS, topics.to_vec()));
        self.ended(ended);
        for place in self.leaders.keys().filter(|place| is_honest && place.1 < self.count) {
            let topic = &self.state.topics[self.state.index_of(&place.0).unwrap()];
            let leader = topic.partitions[usize::try_from(place.1).unwrap()].leader;
            assert_eq!(leader, Some(self.leaders[place].0), "{place:?}");
        }
    }

    fn ended(&mut self, outcomes: Vec<BatchOutcome<u64>>) {
        for outcome in outcomes {
            for ticket in outcome.tickets {
                assert!(self.waiting.remove(&ticket), "{ticket} was answered twice");
                if outcome.failure.is_none() {
                    let place = (outcome.topic.to_string(), outcome.partition);
                    self.acknowledged.entry(place).or_default().push(ticket);
                }
            }
        }
    }

    fn check(&self) {
        let (bytes, records) = self.state.queued();
        assert!(
            bytes <= LIMITS.queue_bytes + LARGEST_BATCH && records <= LIMITS.queue_records,
            "{bytes} {records}"
        );
        assert_eq!(records, self.waiting.len());
        for wire in self.wires.values() {
            assert!(wire.requests.len() + wire.answers.len() <= MAX_IN_FLIGHT_REQUESTS);
        }
        let mut under_way = HashSet::new();
        let requests = self.wires.values().flat_map(|wire| &wire.requests);
        for part in requests.flat_map(|(_, parts)| parts) {
            assert!(under_way.insert((&part.topic, part.partition)), "two requests for a partition");
        }
    }

    /// Time passes: everything has ended in an answer, and what was acknowledged is there in order.
    fn settle(&mut self) {
        self.pass(LIMITS.timeout);
        self.cut(0);
        self.write_what_was_left();
        self.pass(LIMITS.timeout * 2);
        self.check();
        assert_eq!((self.state.queued(), self.waiting.len()), ((0, 0), 0));
        for (place, acknowledged) in &self.acknowledged {
            let log = self.log.get(place).map_or(&[][..], Vec::as_slice);
            let mut rest = log.iter();
            for ticket in acknowledged {
                assert!(rest.any(|written| written == ticket), "{ticket} in {place:?}: {log:?}");
            }
            assert!(acknowledged.is_sorted(), "{acknowledged:?}");
        }
    }
}
