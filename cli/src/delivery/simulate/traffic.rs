//! Deliveries like those of many accounts: fixtures with other ids and the time of the moment. Pure.

use crate::delivery::{body, wire};
use schemas::Millis;
use serde_json::Value;
use std::collections::BTreeMap;

/// Of a hundred events, how many are of which fixture.
const MIX: [(&str, u64); 11] = [
    ("message/text", 38),
    ("message/attachment-image", 6),
    ("message/story-reply", 5),
    ("message.echo/text", 18),
    ("receipt.read/instagram-seen", 15),
    ("reaction.added/love", 5),
    ("postback/icebreaker", 2),
    ("story_mention/attachment", 1),
    ("comment/on-post", 8),
    ("mention.comment/object-form", 1),
    ("mention.caption/object-form", 1),
];
/// One delivery in so many holds several events, and so many at most.
const BATCHES: (u64, u64) = (20, 10);
/// One delivery in so many comes twice.
const TWICE: u64 = 100;
/// Customers and media of each account.
const CUSTOMERS: u64 = 50;
const MEDIA: u64 = 20;
/// How a body begins and ends around its entries.
const AROUND: (&str, &str) = (r#"{"object":"instagram","entry":["#, "]}");

/// Where the ids of accounts, customers and media begin: as long as Meta's, and far from real ones.
const FIRST_ACCOUNT: u64 = 17_840_000_000_000_000;
const FIRST_CUSTOMER: u64 = 6_000_000_000_000_000;
const FIRST_MEDIA: u64 = 17_900_000_000_000_000;
const FIRST_COMMENT: u64 = 18_000_000_000_000_000;

/// What comes next.
#[derive(Debug)]
pub(super) struct Traffic {
    random: Random,
    accounts: u64,
    /// Tells the ids of this run from those of others.
    run: u64,
    serial: u64,
    /// The latest message of each conversation, for reactions and receipts.
    latest: BTreeMap<(u64, u64), String>,
}

impl Traffic {
    /// Traffic of so many accounts, one at least; `run` is a number that no other run has.
    pub(super) fn new(seed: u64, accounts: u64, run: u64) -> Self {
        Self { random: Random::new(seed), accounts, run, serial: 0, latest: BTreeMap::new() }
    }

    /// The body of the next delivery.
    pub(super) fn delivery(&mut self, now: Millis) -> String {
        let (every, most) = BATCHES;
        let entries = if self.random.below(every) == 0 { 2 + self.random.below(most - 1) } else { 1 };
        let entries: Vec<String> = (0..entries).map(|_| self.entry(now)).collect();
        format!("{}{}{}", AROUND.0, entries.join(","), AROUND.1)
    }

    /// Whether it is one of those that come twice.
    pub(super) fn comes_twice(&mut self) -> bool {
        self.random.below(TWICE) == 0
    }

    /// An entry with one event.
    fn entry(&mut self, now: Millis) -> String {
        let name = self.kind();
        let fixture = String::from_utf8_lossy(body::fixture(name).unwrap_or_default());
        let body = wire::compact(&fixture);
        let value: Value = serde_json::from_str(&body).unwrap_or_default();
        let entry = body.strip_prefix(AROUND.0).and_then(|rest| rest.strip_suffix(AROUND.1));
        let is_about_an_earlier_one = name.starts_with("reaction") || name.starts_with("receipt");
        let mut readdressing = Readdressing::new(self, now, &value["entry"][0], is_about_an_earlier_one);
        readdressing.walk("", &value["entry"][0]);
        readdressing.of(entry.unwrap_or_default())
    }

    fn kind(&mut self) -> &'static str {
        let mut chosen = self.random.below(MIX.iter().map(|(_, share)| share).sum());
        for (name, share) in MIX {
            if chosen < share {
                return name;
            }
            chosen -= share;
        }
        MIX[0].0
    }
}

/// The ids and times of one entry, each with what stands in its place.
struct Readdressing {
    account: u64,
    customer: u64,
    media: u64,
    comment: u64,
    mid: String,
    now: Millis,
    /// The account's own id in the fixture.
    was: Value,
    /// Pieces of the entry's text, each with another.
    replaced: BTreeMap<String, String>,
}

impl Readdressing {
    fn new(traffic: &mut Traffic, now: Millis, entry: &Value, is_about_an_earlier_one: bool) -> Self {
        let account = traffic.random.below(traffic.accounts);
        let customer = traffic.random.below(CUSTOMERS);
        traffic.serial += 1;
        let fresh = format!("aWdfZAG1faXRlbTox{:012x}{:010x}ZD", traffic.run, traffic.serial);
        let latest = traffic.latest.entry((account, customer)).or_insert_with(|| fresh.clone());
        if !is_about_an_earlier_one {
            latest.clone_from(&fresh);
        }
        Self {
            account: FIRST_ACCOUNT + account,
            customer: FIRST_CUSTOMER + account * CUSTOMERS + customer,
            media: FIRST_MEDIA + account * MEDIA + traffic.random.below(MEDIA),
            comment: FIRST_COMMENT + (traffic.run % 1_000_000_000) * 1_000_000 + traffic.serial,
            mid: latest.clone(),
            now,
            was: entry["id"].clone(),
            replaced: BTreeMap::new(),
        }
    }

    /// Notes every id and time below a value; `parent` is the name of the object that it stands in.
    fn walk(&mut self, parent: &str, value: &Value) {
        for (name, member) in value.as_object().into_iter().flatten() {
            match member {
                Value::String(id) => {
                    if let Some(new) = self.id(parent, name, id) {
                        self.replaced.insert(format!("\"{id}\""), format!("\"{new}\""));
                    }
                }
                Value::Number(time) if matches!(name.as_str(), "time" | "timestamp") => {
                    let is_seconds = time.to_string().len() <= 10;
                    let new = if is_seconds { self.now.as_secs() } else { self.now.as_millis() };
                    self.replaced.insert(format!(":{time}"), format!(":{new}"));
                }
                Value::Array(items) => items.iter().for_each(|item| self.walk(name, item)),
                member => self.walk(name, member),
            }
        }
    }

    fn id(&self, parent: &str, name: &str, old: &str) -> Option<String> {
        let id = match (parent, name) {
            _ if self.was == old => self.account,
            (_, "mid") => return Some(self.mid.clone()),
            ("sender" | "recipient" | "from", "id") => self.customer,
            ("media", "id") | (_, "media_id") => self.media,
            ("value", "id" | "comment_id") => self.comment,
            _ => return None,
        };
        Some(id.to_string())
    }

    /// The entry, byte for byte but for what was noted.
    fn of(&self, entry: &str) -> String {
        self.replaced.iter().fold(entry.to_owned(), |entry, (old, new)| entry.replace(old, new))
    }
}

/// Chance that repeats itself, as its seed decides: `SplitMix64` (Steele, Lea, Flood, 2014).
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `bound`, which is not zero.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const NOW: u64 = 1_752_834_911_539;

    fn bodies(seed: u64, count: usize) -> Vec<String> {
        let mut traffic = Traffic::new(seed, 5, 7);
        (0..count).map(|_| traffic.delivery(Millis::since_epoch(NOW))).collect()
    }

    #[test]
    fn every_delivery_gives_events_of_the_kinds_of_its_fixtures_at_this_moment() {
        let mut kinds = BTreeSet::new();
        for body in bodies(1, 2_000) {
            let split = schemas::split(body.as_bytes(), 100);
            assert!(split.refusal.is_none() && !split.events.is_empty(), "{body}");
            for event in &split.events {
                kinds.insert(event.kind.to_string());
                let time = event.time.map(Millis::as_secs);
                assert_eq!(time, Some(NOW / 1_000), "{body}");
                assert!(
                    event.account.as_deref().is_some_and(|account| account.starts_with("1784000000000000")),
                    "{body}"
                );
            }
        }
        let expected = MIX.map(|(name, _)| name.split('/').next().unwrap_or_default().to_owned());
        assert_eq!(kinds, expected.into_iter().collect());
    }

    #[test]
    fn new_messages_have_new_ids_and_all_accounts_take_part() {
        let bodies = bodies(1, 500);
        let mut messages = BTreeSet::new();
        let (mut count, mut accounts) = (0, BTreeSet::new());
        for body in &bodies {
            for event in schemas::split(body.as_bytes(), 100).events {
                accounts.extend(event.account.as_deref().map(str::to_owned));
                if event.kind.to_string() == "message" {
                    count += 1;
                    messages.insert(event.id.to_string());
                }
            }
        }
        assert_eq!((messages.len(), accounts.len()), (count, 5));
        let batches =
            bodies.iter().filter(|body| schemas::split(body.as_bytes(), 100).events.len() > 1).count();
        assert!((10..50).contains(&batches), "{batches}");
    }

    #[test]
    fn a_seed_decides_all_of_it() {
        assert_eq!(bodies(3, 50), bodies(3, 50));
        assert_ne!(bodies(3, 50), bodies(4, 50));
    }
}
