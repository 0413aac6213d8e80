//! Event ids: a hash of what an event is, the same over retries, spool and replays.

use crate::event::EventId;
use crate::kind::EventKind;
use sha2::{Digest as _, Sha256};

/// Marks an absent part, which no length can be confused with.
const ABSENT: u32 = u32::MAX;

/// The id of an event: the first 16 bytes of SHA-256 over object, account, kind and the natural key, each part
/// preceded by its length in bytes as 4 bytes big-endian, an absent one by 0xFFFFFFFF alone.
pub(crate) fn event_id(
    object: &str,
    account: Option<&str>,
    kind: EventKind,
    natural_key: &[Option<&str>],
) -> EventId {
    let mut hash = Sha256::new();
    part(&mut hash, Some(&[object]));
    part(&mut hash, account.as_ref().map(std::slice::from_ref));
    part(&mut hash, Some(&[kind.prefix(), kind.kind.as_str()]));
    for key in natural_key {
        part(&mut hash, key.as_ref().map(std::slice::from_ref));
    }
    let digest = hash.finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    EventId(id)
}

fn part(hash: &mut Sha256, pieces: Option<&[&str]>) {
    let Some(pieces) = pieces else {
        hash.update(ABSENT.to_be_bytes());
        return;
    };
    let bytes: usize = pieces.iter().map(|piece| piece.len()).sum();
    hash.update(u32::try_from(bytes).unwrap_or(ABSENT - 1).to_be_bytes());
    for piece in pieces {
        hash.update(piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    const MESSAGE: EventKind = EventKind { kind: Kind::Message, standby: false };

    #[test]
    fn the_id_is_the_documented_hash() {
        // printf '\0\0\0\x09instagram\0\0\0\x0217\0\0\0\x07message\0\0\0\x03mid' | sha256sum | cut -c -32
        let id = event_id("instagram", Some("17"), MESSAGE, &[Some("mid")]);
        assert_eq!(id.to_string(), "19bea3b96c1f90dfab7915895fd82d7b");
    }

    #[test]
    fn an_id_is_read_back_from_its_digits_and_from_nothing_else() {
        let id = event_id("instagram", Some("17"), MESSAGE, &[Some("mid")]);
        assert_eq!(EventId::parse(&id.to_string()), Some(id));
        assert_eq!(EventId::parse(&id.to_string().to_uppercase()), Some(id));
        for text in ["", "19bea3b9", "+9bea3b96c1f90dfab7915895fd82d7b", "19bea3b96c1f90dfab7915895fd82d7bc"]
        {
            assert_eq!(EventId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn absent_and_empty_parts_differ() {
        let absent = event_id("page", None, MESSAGE, &[None]);
        assert_ne!(absent, event_id("page", Some(""), MESSAGE, &[None]));
        assert_ne!(absent, event_id("page", None, MESSAGE, &[Some("")]));
    }

    #[test]
    fn the_standby_channel_gives_ids_of_its_own() {
        let standby = EventKind { standby: true, ..MESSAGE };
        assert_ne!(
            event_id("page", Some("1"), MESSAGE, &[Some("mid")]),
            event_id("page", Some("1"), standby, &[Some("mid")])
        );
    }
}
