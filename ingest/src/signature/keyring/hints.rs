//! Which secret signed the last delivery of an account. A hint only saves hashing: what signs a body is what its signature says.

use memchr::memmem;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Accounts whose hashes meet share a hint, and cost each other a hash with every other secret at worst; a body that is too large
/// for that at once, a turn in the line of those that nobody signed.
const SLOTS: usize = 1 << 14;
/// An account is looked for at the beginning of a body, and is no longer than this.
const LOOKED_AT: usize = 1024;
const MAX_ACCOUNT_BYTES: usize = 64;

/// A hint an account: the mark of a secret.
pub(super) struct Hints {
    hasher: RandomState,
    slots: Box<[AtomicU64]>,
}

impl Default for Hints {
    fn default() -> Self {
        Self { hasher: RandomState::new(), slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect() }
    }
}

impl Hints {
    /// What stands for the secret of an app: it stays the same when secrets are read anew.
    pub(super) fn mark(&self, app: &str) -> u64 {
        self.hasher.hash_one(app)
    }

    /// The mark of the secret that signed the last delivery of the account; where none did, of nobody's.
    pub(super) fn of(&self, account: &[u8]) -> Option<u64> {
        Some(self.slot(account)?.load(Ordering::Relaxed))
    }

    pub(super) fn note(&self, account: &[u8], mark: u64) {
        if let Some(slot) = self.slot(account)
            && slot.load(Ordering::Relaxed) != mark
        {
            slot.store(mark, Ordering::Relaxed);
        }
    }

    fn slot(&self, account: &[u8]) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one(account);
        self.slots.get(usize::try_from(hash % SLOTS as u64).ok()?)
    }
}

/// What stands first for an id behind `"entry"`: mostly that of the account. Nothing is parsed before the signature is verified.
pub(in crate::signature) fn account(body: &[u8]) -> Option<&[u8]> {
    let body = body.get(..LOOKED_AT).unwrap_or(body);
    let entry = body.get(memmem::find(body, b"\"entry\"")?..)?;
    let behind = entry.get(memmem::find(entry, b"\"id\"")? + 4..)?;
    let start = behind.iter().position(u8::is_ascii_digit).filter(|start| *start < 8)?;
    let digits = behind.get(start..)?;
    let length = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    digits.get(..length).filter(|account| account.len() <= MAX_ACCOUNT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_what_stands_first_behind_the_entry() {
        for (body, expected) in [
            (r#"{"object":"instagram","entry":[{"id":"17","time":1,"messaging":[{"id":"2"}]}]}"#, Some("17")),
            (r#"{"entry": [ { "time": 1, "id": 18 } ], "object": "page"}"#, Some("18")),
            (r#"{"id":"1","object":"page","entry":[]}"#, None),
            (r#"{"entry":[{"id":"1"#, None),
            (r#"{"entry":[{"id":"abcdefghijk","x":1}]}"#, None),
            ("", None),
        ] {
            assert_eq!(account(body.as_bytes()), expected.map(str::as_bytes), "{body}");
        }
    }

    #[test]
    fn a_hint_is_of_its_account_until_another_secret_signs() {
        let hints = Hints::default();
        let [one, other] = ["one", "other"].map(|app| hints.mark(app));
        assert!(hints.of(b"17") != Some(one) && one != other);
        for mark in [one, other] {
            hints.note(b"17", mark);
            assert_eq!(hints.of(b"17"), Some(mark));
        }
    }
}
