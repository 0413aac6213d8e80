//! `weir health`: asks a process on this machine whether it is well, for containers that have no shell to ask with.

use crate::tool::settings::{flag, settings};
use crate::tool::{Tool, work};
use crate::{Exit, Screen, ToolError};
use runtime::settings::form;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

const MORE: &str = "\
Prints the checks behind the probe and ends with 0 where it passes, else with 1. The address is the one that the process \
listens on; 0.0.0.0 is asked on loopback.";

/// A process that is well answers at once; one that does not within this is not well.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);
/// A process has a handful of checks, a line each.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// A process that cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("{address} does not answer; is --admin-listen of the process another one? {source}")]
pub struct HealthError {
    address: SocketAddr,
    source: io::Error,
}

const PROBES: &[(&str, &str)] = &[("livez", "livez"), ("readyz", "readyz"), ("startupz", "startupz")];

settings! {
    /// What `weir health` can be asked for.
    struct HealthSettings {
        /// The --admin-listen of the process
        address: SocketAddr = flag("admin-listen", "IP:PORT", form::address()).env("WEIR_ADMIN_LISTEN").or("0.0.0.0:9090"),
        /// Which probe to ask: livez, readyz or startupz
        probe: &'static str = flag("probe", "PROBE", form::choice(PROBES)).positional().or("readyz"),
    }
}

/// The subcommand.
pub(crate) const TOOL: Tool = Tool {
    name: "health",
    about: "Ask a process on this machine for its health, as a container's health check does",
    more: MORE,
    examples: "",
    work: work!(HealthSettings, run),
};

/// Asks, prints the answer, and says by the exit code whether the process is well.
fn run(settings: &HealthSettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    let address = reachable(settings.address);
    let answer = ask(address, settings.probe).map_err(|source| HealthError { address, source })?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    screen.line(body.trim_end())?;
    Ok(if is_ok(head) { Exit::Done } else { Exit::Failure })
}

/// Where a process that listens on every address is reached.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr, probe: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_WITHIN)?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    write!(stream, "GET /{probe}?verbose HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LARGEST_ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}

fn is_ok(head: &str) -> bool {
    head.split(' ').nth(1) == Some("200")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_listens_everywhere_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.1.2.3:9091", "10.1.2.3:9091"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }

    #[test]
    fn only_a_status_of_200_is_well() {
        assert!(is_ok("HTTP/1.1 200 OK\r\ncontent-length: 3"));
        assert!(!is_ok("HTTP/1.1 503 Service Unavailable\r\nx: 200 "));
        assert!(!is_ok(""));
    }
}
