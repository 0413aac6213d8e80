//! The ports that a process listens on, all bound before it does anything else.

use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// A port to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// The flag that sets it, such as `--listen`.
    pub flag: &'static str,
    /// Where to listen; port 0 picks a free one.
    pub address: SocketAddr,
}

impl Port {
    /// Whether nobody can listen there beside this one.
    fn excludes(&self, address: SocketAddr) -> bool {
        let [one, other] = [self.address, address];
        let is_same_host = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
        one.port() != 0 && one.port() == other.port() && is_same_host
    }
}

/// Why the process cannot listen; every port that is not to be had is named, with the reason.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {}, free the address or choose another one", .0.join(", "))]
pub struct PortsError(Vec<String>);

/// Listens on all of `ports`; the listeners come in the same order.
pub async fn bind(ports: &[Port]) -> Result<Vec<TcpListener>, PortsError> {
    let (mut listeners, mut failures) = (Vec::new(), Vec::new());
    for (index, Port { flag, address }) in ports.iter().enumerate() {
        match TcpListener::bind(*address).await {
            Ok(listener) => listeners.push(listener),
            Err(error) => {
                let is_taken = error.kind() == ErrorKind::AddrInUse;
                let own = ports.iter().take(index).find(|other| is_taken && other.excludes(*address));
                let why =
                    own.map_or_else(|| error.to_string(), |other| format!("which {} has too", other.flag));
                failures.push(format!("{flag} {address} ({why})"));
            }
        }
    }
    if failures.is_empty() { Ok(listeners) } else { Err(PortsError(failures)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_port_that_is_taken_is_named_with_its_flag() {
        let held = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let taken = held.local_addr().unwrap();
        let free = Port { flag: "--free", address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let ports = [
            Port { flag: "--admin-listen", address: taken },
            free,
            Port { flag: "--listen", address: taken },
        ];
        let error = bind(&ports).await.unwrap_err().to_string();
        assert!(error.contains(&format!("--admin-listen {taken} (Address")), "{error}");
        assert!(error.contains(&format!("--listen {taken} (which --admin-listen has too)")), "{error}");
        assert!(!error.contains("--free"), "{error}");
    }

    #[tokio::test]
    async fn listeners_come_in_the_order_of_their_ports() {
        let port = Port { flag: "--listen", address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        assert_eq!(bind(&[port, port]).await.unwrap().len(), 2);
    }
}
