//! SCRAM: proves that both sides know the password without sending it (RFC 5802, RFC 7677).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq as _;

/// Kafka lets nobody set less than 4,096 or more than 16,384 (`ScramMechanism`, `ScramControlManager`). More than the limit would take
/// a good part of a second.
const ITERATIONS: RangeInclusive<u32> = 4_096..=100_000;

/// What a mechanism is made of.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    mac: hmac::Algorithm,
    derivation: pbkdf2::Algorithm,
}

/// One attempt, with the names and passwords of RFC 5802.
pub(super) struct Attempt {
    hash: Hash,
    client_first_bare: String,
    nonce: String,
}

/// The last word of the client, and what the broker's last word has to be.
pub(super) struct Proof {
    pub(super) client_final: String,
    server_signature: hmac::Tag,
}

impl Hash {
    /// `None` where the mechanism is not SCRAM.
    pub(super) fn of(mechanism: &str) -> Option<Self> {
        match mechanism {
            "SCRAM-SHA-256" => Some(Self { mac: hmac::HMAC_SHA256, derivation: pbkdf2::PBKDF2_HMAC_SHA256 }),
            "SCRAM-SHA-512" => Some(Self { mac: hmac::HMAC_SHA512, derivation: pbkdf2::PBKDF2_HMAC_SHA512 }),
            _ => None,
        }
    }
}

impl Attempt {
    /// `nonce` has to be a new one that nobody can guess.
    pub(super) fn new(hash: Hash, username: &str, nonce: String) -> Self {
        let username = username.replace('=', "=3D").replace(',', "=2C");
        let client_first_bare = format!("n={username},r={nonce}");
        Self { hash, client_first_bare, nonce }
    }

    /// What the client says first: no channel binding, then who it is.
    pub(super) fn client_first(&self) -> String {
        format!("n,,{}", self.client_first_bare)
    }

    /// Answers the broker's first word; `None` where that is none.
    pub(super) fn prove(&self, password: &str, server_first: &str) -> Option<Proof> {
        let field = |name: &str| server_first.split(',').find_map(|field| field.strip_prefix(name));
        let nonce =
            field("r=").filter(|nonce| nonce.len() > self.nonce.len() && nonce.starts_with(&self.nonce))?;
        let salt = BASE64.decode(field("s=")?).ok()?;
        let iterations = field("i=")?.parse::<NonZeroU32>().ok();
        let iterations = iterations.filter(|count| ITERATIONS.contains(&count.get()))?;
        let without_proof = format!("c=biws,r={nonce}");
        let message = format!("{},{server_first},{without_proof}", self.client_first_bare);
        let Hash { mac, derivation } = self.hash;
        let sign = |key: &[u8], message: &[u8]| hmac::sign(&hmac::Key::new(mac, key), message);
        let mut salted = vec![0_u8; mac.digest_algorithm().output_len()];
        pbkdf2::derive(derivation, iterations, &salt, password.as_bytes(), &mut salted);
        let client_key = sign(&salted, b"Client Key");
        let stored_key = digest::digest(mac.digest_algorithm(), client_key.as_ref());
        let signature = sign(stored_key.as_ref(), message.as_bytes());
        let both = client_key.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = both.map(|(one, other)| one ^ other).collect();
        let server_signature = sign(sign(&salted, b"Server Key").as_ref(), message.as_bytes());
        Some(Proof { client_final: format!("{without_proof},p={}", BASE64.encode(proof)), server_signature })
    }
}

impl Proof {
    /// Whether the broker knows the password too.
    pub(super) fn is_mutual(&self, server_final: &str) -> bool {
        let signature = server_final.strip_prefix("v=").and_then(|signature| BASE64.decode(signature).ok());
        signature.is_some_and(|signature| signature.ct_eq(self.server_signature.as_ref()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_is_that_of_rfc_7677() {
        let attempt =
            Attempt::new(Hash::of("SCRAM-SHA-256").unwrap(), "user", String::from("rOprNGfwEbeRWgbNEkqO"));
        assert_eq!(attempt.client_first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let server_first =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let proof = attempt.prove("pencil", server_first).unwrap();
        assert_eq!(
            proof.client_final,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(proof.is_mutual("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!proof.is_mutual("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="));
        assert!(!proof.is_mutual("e=other-error"));
    }

    #[test]
    fn a_broker_that_asks_for_too_little_or_another_nonce_gets_no_proof() {
        let attempt = Attempt::new(Hash::of("SCRAM-SHA-512").unwrap(), "a=b,c", String::from("ours"));
        assert!(attempt.client_first().contains("n=a=3Db=2Cc,"));
        for server_first in
            ["r=ours,s=QQ==,i=4096", "r=theirs,s=QQ==,i=4096", "r=oursX,s=QQ==,i=1", "r=oursX", ""]
        {
            assert!(attempt.prove("x", server_first).is_none(), "{server_first}");
        }
        assert!(attempt.prove("x", "r=oursX,s=QQ==,i=4096").is_some());
    }
}
