//! What a process says on its admin port.

use reqwest::StatusCode;
use runtime::http::{client, tls};
use runtime::process::chain;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::runtime::Builder;

/// A process that is well answers at once; one that does not within this is not well.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Where a process that listens on every address is reached.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// What was answered.
pub(super) struct Page {
    pub(super) status: StatusCode,
    /// As far as it is read, without what is empty at its end.
    pub(super) body: String,
}

/// Asks for a page, such as `readyz?verbose`, of which so many bytes are read.
pub(super) fn get(address: SocketAddr, page: &str, most: u64) -> io::Result<Page> {
    get_within(ANSWER_TIMEOUT, address, page, most)
}

fn get_within(limit: Duration, address: SocketAddr, page: &str, most: u64) -> io::Result<Page> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let tls = tls::client(None).map_err(io::Error::other)?;
    let http = client::builder(tls).connect_timeout(limit).read_timeout(limit);
    let ask = async {
        let mut answer = http.build()?.get(format!("http://{address}/{page}")).send().await?;
        let mut body = Vec::new();
        while body.len() < most
            && let Some(chunk) = answer.chunk().await?
        {
            body.extend_from_slice(&chunk);
        }
        body.truncate(most);
        let body = String::from_utf8_lossy(&body).trim_end().to_owned();
        Ok(Page { status: answer.status(), body })
    };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(ask).map_err(|error: reqwest::Error| {
        if error.is_timeout() {
            let within = humantime::format_duration(limit);
            return io::Error::new(ErrorKind::TimedOut, format!("no answer within {within}"));
        }
        io::Error::other(chain(&error.without_url()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_process_that_hangs_is_late_and_no_resource() {
        let hangs = TcpListener::bind("127.0.0.1:0").unwrap();
        let asked = get_within(Duration::from_millis(300), hangs.local_addr().unwrap(), "readyz", 100);
        let why = asked.err().unwrap();
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
