//! Free TCP ports of the loopback address.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context as _, Result, bail};

/// Below every usual range of ephemeral ports (Linux: 32768 and up).
///
/// A port that the kernel hands out by itself (bind to 0) can become the source port of somebody's connection between
/// finding and using it; and a client that keeps connecting to a closed port of that range can end up connected
/// to itself, which a test of an outage would meet.
const RANGE: std::ops::Range<u16> = 12_000..32_000;
const TRIES: u32 = 1_000;

/// `N` different ports of 127.0.0.1 that nothing listens on.
///
/// # Errors
///
/// When so many random ports are taken that something must be wrong with the machine.
pub fn free<const N: usize>() -> Result<[u16; N]> {
    // All listeners are held until the last is found, so that no port comes twice.
    let mut held = Vec::with_capacity(N);
    for _ in 0..N {
        held.push(listen_somewhere()?);
    }
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr().context("a listener has no address")?.port();
    }
    Ok(ports)
}

fn listen_somewhere() -> Result<TcpListener> {
    for _ in 0..TRIES {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, random_port())) {
            return Ok(listener);
        }
    }
    bail!("no free port of 127.0.0.1 in {RANGE:?} after {TRIES} tries")
}

fn random_port() -> u16 {
    let width = u64::from(RANGE.end - RANGE.start);
    // Every `RandomState` hashes with keys of its own.
    let offset = RandomState::new().build_hasher().finish() % width;
    RANGE.start + u16::try_from(offset).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_differ_and_can_be_listened_on() {
        let ports = free::<3>().unwrap();
        let listeners: Vec<_> =
            ports.iter().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).unwrap()).collect();
        assert_eq!(listeners.len(), 3);
        assert!(ports.iter().all(|port| RANGE.contains(port)));
    }
}
