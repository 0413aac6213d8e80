//! SCRAM: proves that both sides know the password without sending it (RFC 5802, RFC 7677).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

/// Kafka lets nobody set less than 4,096 or more than 16,384 (`ScramMechanism`, `ScramControlManager`). More than the limit would take
/// a good part of a second.
const ITERATIONS: std::ops::RangeInclusive<u32> = 4_096..=100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha512,
}

/// One attempt, with the names and passwords of RFC 5802.
#[derive(Debug)]
pub(super) struct Attempt {
    hash: Hash,
    client_first_bare: String,
    nonce: String,
}

/// The last word of the client, and what the broker's last word has to be.
pub(super) struct Proof {
    pub(super) client_final: String,
    server_signature: Vec<u8>,
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
        let iterations = field("i=")?.parse().ok().filter(|count| ITERATIONS.contains(count))?;
        let without_proof = format!("c=biws,r={nonce}");
        let message = format!("{},{server_first},{without_proof}", self.client_first_bare);
        let salted = self.salted(password.as_bytes(), &salt, iterations);
        let client_key = self.mac(&salted, b"Client Key");
        let signature = self.mac(&self.digest(&client_key), message.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(&signature).map(|(one, other)| one ^ other).collect();
        let server_signature = self.mac(&self.mac(&salted, b"Server Key"), message.as_bytes());
        Some(Proof { client_final: format!("{without_proof},p={}", BASE64.encode(proof)), server_signature })
    }

    /// `Hi` of RFC 5802.
    fn salted(&self, password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
        match self.hash {
            Hash::Sha256 => salted::<Hmac<Sha256>>(password, salt, iterations),
            Hash::Sha512 => salted::<Hmac<Sha512>>(password, salt, iterations),
        }
    }

    fn mac(&self, key: &[u8], message: &[u8]) -> Vec<u8> {
        match self.hash {
            Hash::Sha256 => mac::<Hmac<Sha256>>(key, message),
            Hash::Sha512 => mac::<Hmac<Sha512>>(key, message),
        }
    }

    fn digest(&self, bytes: &[u8]) -> Vec<u8> {
        match self.hash {
            Hash::Sha256 => Sha256::digest(bytes).to_vec(),
            Hash::Sha512 => Sha512::digest(bytes).to_vec(),
        }
    }
}

impl Proof {
    /// Whether the broker knows the password too.
    pub(super) fn is_mutual(&self, server_final: &str) -> bool {
        let signature = server_final.strip_prefix("v=").and_then(|signature| BASE64.decode(signature).ok());
        signature.is_some_and(|signature| signature.ct_eq(&self.server_signature).into())
    }
}

/// PBKDF2 for one block. The key is set up once: thousands of times it would be half of the work.
fn salted<M: Mac + KeyInit + Clone>(password: &[u8], salt: &[u8], iterations: u32) -> Vec<u8> {
    let Ok(keyed) = <M as KeyInit>::new_from_slice(password) else { return Vec::new() };
    let mac = |message: &[u8]| keyed.clone().chain_update(message).finalize().into_bytes();
    let mut last = mac(&[salt, &[0, 0, 0, 1]].concat());
    let mut sum = last.to_vec();
    for _ in 1..iterations {
        last = mac(&last);
        sum.iter_mut().zip(&last).for_each(|(sum, byte)| *sum ^= byte);
    }
    sum
}

fn mac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let Ok(mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_is_that_of_rfc_7677() {
        let attempt = Attempt::new(Hash::Sha256, "user", String::from("rOprNGfwEbeRWgbNEkqO"));
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
        let attempt = Attempt::new(Hash::Sha512, "a=b,c", String::from("ours"));
        assert!(attempt.client_first().contains("n=a=3Db=2Cc,"));
        for server_first in
            ["r=ours,s=QQ==,i=4096", "r=theirs,s=QQ==,i=4096", "r=oursX,s=QQ==,i=1", "r=oursX", ""]
        {
            assert!(attempt.prove("x", server_first).is_none(), "{server_first}");
        }
        assert!(attempt.prove("x", "r=oursX,s=QQ==,i=4096").is_some());
    }
}
