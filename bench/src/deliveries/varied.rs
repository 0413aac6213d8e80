//! Deliveries that compress about as well as those of people: words in another order each time, and ids of which most is
//! drawn at random. The others say the same sentence, which any codec makes nothing of.

use serde_json::json;

const ACCOUNTS: usize = 500;
const CUSTOMERS: usize = 20_000;
/// Meta's ids of messages begin with what they belong to, and end with what no codec finds anything in.
const ID: &str = "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQxNDA1NzI2NjUzMDI2";
const DRAWN: usize = 60;
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const WORDS: [&str; 48] = [
    "hello", "where", "is", "my", "order", "I", "would", "like", "to", "know", "when", "it", "arrives",
    "thanks", "the", "blue", "one", "in", "size", "medium", "please", "can", "you", "send", "another",
    "picture", "of", "that", "dress", "price", "shipping", "Berlin", "tomorrow", "great", "😀", "sorry",
    "wrong", "address", "number", "still", "waiting", "refund", "broken", "open", "today", "until", "and",
    "how",
];

/// The body of the message with this number; each has its own.
pub(crate) fn body(number: u64) -> String {
    let mut random = Random(number);
    let account = (17_841_405_726_650_000 + random.below(ACCOUNTS)).to_string();
    let customer = (6_837_251_906_000_000 + 7_919 * random.below(CUSTOMERS)).to_string();
    let drawn: String = (0..DRAWN).map(|_| char::from(LETTERS[random.below(LETTERS.len())])).collect();
    let words: Vec<&str> = (0..3 + random.below(18)).map(|_| WORDS[random.below(WORDS.len())]).collect();
    let time = 1_752_834_910_447 + number;
    let item = json!({
        "sender": { "id": customer },
        "recipient": { "id": account },
        "timestamp": time,
        "message": { "mid": format!("{ID}{drawn}"), "text": words.join(" ") },
    });
    let entry = json!({ "id": account, "time": time + 900, "messaging": [item] });
    json!({ "object": "instagram", "entry": [entry] }).to_string()
}

/// The same numbers for the same seed: splitmix64 (<https://prng.di.unimi.it/splitmix64.c>).
struct Random(u64);

impl Random {
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.draw() % bound as u64).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::consumer::READ;

    #[test]
    fn each_is_one_message_on_the_topic_that_consumers_read_with_an_id_of_its_own() {
        let mut ids = BTreeSet::new();
        for number in 0..1_000 {
            let body = body(number);
            let split = schemas::split(body.as_bytes(), 10);
            assert_eq!((split.events.len(), split.refusal), (1, None));
            assert_eq!(split.events[0].topic(), READ);
            ids.insert(split.events[0].id);
        }
        assert_eq!(ids.len(), 1_000);
    }
}
