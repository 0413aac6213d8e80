//! The bodies of the deliveries that can be told apart.

use sha2::{Digest as _, Sha256};

/// So many deliveries have one comment among them, for what looks comments up.
const COMMENT_EVERY: u64 = 60;
/// All that may stand behind a JSON document.
const BLANKS: [u8; 4] = *b" \t\n\r";

pub(super) fn has_comment(number: u64) -> bool {
    number.is_multiple_of(COMMENT_EVERY)
}

/// A message of its own in one of fifty conversations, and a comment now and then; the text is made from the number.
pub(super) fn of(number: u64) -> Vec<u8> {
    let user = 9_000_000 + number % 50;
    let comment = if has_comment(number) {
        format!(
            r#",{{"id":"17841405726653026","time":1752834910,"changes":[{{"field":"comments","value":{{"id":"1795{number:013}","text":"A comment","from":{{"id":"{user}","username":"a.customer"}},"media":{{"id":"17918195224117851","media_product_type":"FEED"}}}}}}]}}"#
        )
    } else {
        String::new()
    };
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841405726653026","time":1752834911447,"messaging":[{{"sender":{{"id":"{user}"}},"recipient":{{"id":"17841405726653026"}},"timestamp":1752834910447,"message":{{"mid":"oracle-{number}","text":"delivery {number} of the oracle"}}}}]}}{comment}]}}"#
    )
    .into_bytes()
}

/// The same with so many blanks of all kinds behind it, each by chance: two bits of a byte are left to a codec.
pub(super) fn large(number: u64, more: usize) -> Vec<u8> {
    let chance = (0_u64..).flat_map(|piece| Sha256::digest(piece.to_be_bytes()));
    let blanks = chance.flat_map(|byte| [byte, byte >> 2, byte >> 4, byte >> 6]);
    let blanks = blanks.filter_map(|bits| BLANKS.get(usize::from(bits & 3)).copied());
    of(number).into_iter().chain(blanks.take(more)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_one_event_that_tells_its_number() {
        let body = of(7);
        let split = schemas::split(&body, 10);
        assert_eq!((split.events.len(), split.refusal), (1, None));
        assert!(split.events[0].data.contains("oracle-7"));
        let body = of(COMMENT_EVERY);
        let split = schemas::split(&body, 10);
        assert_eq!((split.events.len(), split.refusal), (2, None));
    }

    #[test]
    fn a_large_one_is_the_same_with_blanks() {
        let body = large(7, 1_000);
        assert_eq!(body.len(), of(7).len() + 1_000);
        assert_eq!(body.trim_ascii_end(), of(7));
        assert_eq!(schemas::split(&body, 10).events.len(), 1);
    }
}
