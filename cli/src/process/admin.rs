//! What a process says on its admin port, asked without a client library.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A process that is well answers at once; one that does not within this is not well.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Where a process that listens on every address is reached.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Asks for a page, such as `readyz?verbose`: the head of the answer and its body, of `most` bytes together.
pub(super) fn get(address: SocketAddr, page: &str, most: u64) -> io::Result<(String, String)> {
    get_within(ANSWER_WITHIN, address, page, most)
}

fn get_within(limit: Duration, address: SocketAddr, page: &str, most: u64) -> io::Result<(String, String)> {
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_read_timeout(Some(limit))?;
    write!(stream, "GET /{page} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(most).read_to_string(&mut answer).map_err(|error| late(error, limit))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if (answer.len() as u64) < most && length(head).is_some_and(|length| body.len() < length) {
        return Err(io::Error::new(ErrorKind::UnexpectedEof, "its answer was cut off"));
    }
    Ok((head.to_owned(), body.trim_end().to_owned()))
}

/// How long the body is, where the head says so.
fn length(head: &str) -> Option<usize> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let (_, length) = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    length.trim().parse().ok()
}

/// The system calls it a resource that is not available when a read takes too long.
fn late(error: io::Error, limit: Duration) -> io::Error {
    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
        let within = humantime::format_duration(limit);
        return io::Error::new(ErrorKind::TimedOut, format!("no answer within {within}"));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_process_that_hangs_is_late_and_no_resource() {
        let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
        let asked = get_within(Duration::from_millis(300), hangs.local_addr().unwrap(), "readyz", 100);
        let why = asked.unwrap_err();
        assert_eq!((why.kind(), why.to_string()), (ErrorKind::TimedOut, "no answer within 300ms".to_owned()));
    }

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
}
