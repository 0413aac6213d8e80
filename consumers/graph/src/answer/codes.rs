//! Meta's error codes and subcodes: what each says about the call.
//!
//! Sources: Meta's pages on Graph API error handling, on the Messenger Platform's error codes (June 2026) and on the
//! Instagram Graph API's error codes (June 2026). Both consumers that call the Graph API share this table.

use super::RefusalClass;

/// What a code, with its subcode, says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// What can be done about it.
    Refused(RefusalClass),
    /// The object does not exist, or this token may not see it.
    Gone,
    /// What was to be done was done, though an error was returned.
    Done,
}

/// The first of Messenger's own codes.
const MESSENGER: i64 = 2_018_000;

/// What no other attempt at the same call helps against.
const INVALID: [i64; 19] = [
    12, 21, 100, 506, 2_500, 2_635, 9_004, 9_007, 10_303, 24_001, 24_002, 24_005, 36_000, 36_001, 36_003,
    36_004, 1_609_005, 2_018_154, 2_018_163,
];

/// The meaning of a code that Meta documents; `None` for any other.
pub(super) fn meaning(code: i64, subcode: Option<i64>) -> Option<Meaning> {
    let told_apart = subcode.and_then(|subcode| of_subcode(code, subcode));
    // Messenger's own codes come as subcodes too: thread control as 2018300 of 10.
    let of_messenger = || subcode.filter(|subcode| *subcode >= MESSENGER).and_then(of_code);
    told_apart.or_else(of_messenger).or_else(|| of_code(code))
}

/// Subcodes that say something else than their code alone.
fn of_subcode(code: i64, subcode: i64) -> Option<Meaning> {
    use Meaning::{Done, Gone, Refused};
    use RefusalClass::{Blocked, Invalid, NotReachable, Permission, ThreadControl, Throttled, WindowClosed};
    Some(match (code, subcode) {
        // Sent successfully; the answer to the sender was late.
        (1, 1_357_046) => Done,
        (24, 2_207_006) | (100, 33) => Gone,
        (10, 2_018_065 | 2_018_278 | 2_534_022) => Refused(WindowClosed),
        // The person cannot be written to now, has stopped messages about this topic, or is nobody's customer.
        (10, 2_018_108 | 1_893_015) | (100, 2_018_001 | 2_534_014) | (200 | 551, 1_545_041) => {
            Refused(NotReachable)
        }
        (10, 1_893_063 | 1_404_170) | (100, 2_534_029) => Refused(Blocked),
        (100, 2_534_037) => Refused(ThreadControl),
        // The terms of service for labels are not accepted.
        (2, 2_018_344) => Refused(Permission),
        (613, 2_018_338 | 2_534_040) => Refused(Throttled),
        // Several requests for one opt-in, or a bad offset of a thumbnail: no wait makes it another call.
        (613, 1_893_016) | (1, 2_207_057) => Refused(Invalid),
        _ => return None,
    })
}

fn of_code(code: i64) -> Option<Meaning> {
    use RefusalClass::{
        Blocked, Invalid, NotReachable, Permission, ThreadControl, Throttled, Token, Transient, TryLater,
    };
    let class = match code {
        33 | 803 | 9_000_001 => return Some(Meaning::Gone),
        // Meta asks to try again, and does not say that nothing was done: -1 and -2 Instagram's servers, 1200 sending.
        -2 | -1 | 1 | 2 | 1_200 => Transient,
        // Messenger asks questions of its own; what is sent meanwhile is refused, and may be sent afterwards.
        2_018_321 => TryLater,
        4 | 9 | 17 | 32 | 341 | 613 | 80_000..=80_099 => Throttled,
        25 | 368 | 2_022 => Blocked,
        102 | 190 => Token,
        3 | 5 | 10 | 200..=299 | 36_103 | 2_018_166 | 2_018_247 => Permission,
        551 | 2_018_144 | 2_018_218 => NotReachable,
        2_018_171 | 2_018_234 | 2_018_300 => ThreadControl,
        2_071_010..=2_071_025 => Invalid,
        _ if INVALID.contains(&code) => Invalid,
        _ => return None,
    };
    Some(Meaning::Refused(class))
}
