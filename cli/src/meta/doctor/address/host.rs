//! A host: where its name leads, and what is shown there by TLS, at each of its addresses.

use super::super::answers;
use super::super::certificate;
use super::super::check::{Check, CheckResult, Deadline, NotKnown, Observed};
use super::super::settings::DoctorSettings;
use futures_util::future::join_all;
use runtime::http::tls::{self, peer_certificates};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};

/// How long a name, or a connection with its handshake, may take.
const REACH_WITHIN: Duration = Duration::from_secs(5);
/// Addresses of one name that are looked at; content networks give up to eight.
const MAX_ADDRESSES: usize = 8;
const NO_SUCH_NAME: &str = "\
Make a DNS record for it at whoever holds the domain, or correct \"callback_url\".";

/// What is known of it.
pub(super) struct Host {
    pub(super) name: String,
    pub(super) port: u16,
    addresses: Observed<Vec<IpAddr>>,
    /// At each address; Meta may come to any of them.
    shown: Vec<(IpAddr, Observed<peer_certificates::PeerCertificates>)>,
}

impl Host {
    pub(super) async fn reach(name: &str, port: u16, settings: &DoctorSettings, deadline: Deadline) -> Self {
        // Around an address of IPv6 a URL has brackets, which are no part of it.
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let addresses = match settings.connect_to {
            Some(_) => Err(NotKnown::NotTried("--connect-to says where to go")),
            None => deadline.look(REACH_WITHIN, look_up(bare)).await,
        };
        let known = settings.connect_to.iter().chain(addresses.iter().flatten().take(MAX_ADDRESSES));
        let shown = known.map(async |address| {
            let look = async {
                let roots = tls::roots(settings.tls_ca.as_deref()).map_err(io::Error::other)?;
                let address = SocketAddr::new(*address, port);
                peer_certificates::fetch(address, bare, &roots, SystemTime::now()).await.map_err(nothing)
            };
            (*address, deadline.look(REACH_WITHIN, look).await)
        });
        let shown = join_all(shown).await;
        Self { name: name.to_owned(), port, addresses, shown }
    }

    /// Where a client that checks would go on.
    pub(super) fn trusted(&self, now: SystemTime) -> Vec<IpAddr> {
        let trusted = self.shown.iter().filter(|(_, shown)| certificate::is_trusted(shown, now));
        trusted.map(|(address, _)| *address).collect()
    }

    /// What its name and its certificates are worth: of addresses that show the same it is said once.
    pub(super) fn checks(&self, now: SystemTime) -> Vec<Check> {
        let dns = CheckResult::of(&self.addresses, NO_SUCH_NAME, |addresses| {
            let mut result = answers::dns(addresses);
            if addresses.len() > MAX_ADDRESSES {
                result.found.extend([format!("; what is behind the first {MAX_ADDRESSES} is judged")]);
            }
            result
        });
        let mut checks = vec![dns.check("dns", self.name.as_str())];
        let (untold, told): (Vec<_>, Vec<_>) =
            self.shown.iter().partition(|(_, shown)| matches!(shown, Err(NotKnown::Untold(_))));
        let at = |address: &IpAddr| format!("{} at {address}", self.name);
        let checks_of = |of: &str, shown: &Observed<peer_certificates::PeerCertificates>| {
            certificate::checks(of, &self.name, shown, now)
        };
        match told.as_slice() {
            [] if untold.is_empty() => {
                let no_address = Err(NotKnown::NotTried("the name has no address, see above"));
                checks.extend(checks_of(&self.name, &no_address));
            }
            [(_, first), others @ ..] if others.iter().all(|(_, shown)| shown == first) => {
                checks.extend(checks_of(&self.name, first));
            }
            told => checks.extend(told.iter().flat_map(|(address, shown)| checks_of(&at(address), shown))),
        }
        checks.extend(
            untold.iter().flat_map(|(address, shown)| checks_of(&at(address), shown).into_iter().take(1)),
        );
        checks
    }
}

async fn look_up(host: &str) -> io::Result<Vec<IpAddr>> {
    let mut addresses: Vec<_> = tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect();
    addresses.dedup();
    Ok(addresses)
}

/// That this machine has no way to an address, as to one of IPv6, says nothing of who has one.
fn nothing(error: io::Error) -> NotKnown {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => NotKnown::Untold(format!(
            "this machine has no way there ({error}); ask from one that has, or see that nothing leads there"
        )),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::Verdict::{Fail, Pass, Unknown};
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use std::time::UNIX_EPOCH;
    use tokio::time::Instant;

    const DAY: Duration = Duration::from_hours(24);

    fn now() -> SystemTime {
        UNIX_EPOCH + 365 * DAY
    }

    #[expect(clippy::unnecessary_wraps, reason = "addresses show it, or why they do not")]
    fn shown(days: u32) -> Observed<peer_certificates::PeerCertificates> {
        let own = peer_certificates::PeerCertificate {
            subject: "CN=a.example".to_owned(),
            issuer: "CN=R11".to_owned(),
            begins: UNIX_EPOCH,
            ends: now() + days * DAY,
        };
        Ok(peer_certificates::PeerCertificates { own, others: Vec::new(), distrust: None, other_names: None })
    }

    /// A host with these addresses of a public network, each with what it shows.
    fn host(shown: Vec<Observed<peer_certificates::PeerCertificates>>) -> Host {
        let addresses: Vec<IpAddr> =
            (1..=shown.len()).map(|last| format!("203.0.113.{last}").parse().unwrap()).collect();
        let shown = addresses.iter().copied().zip(shown).collect();
        Host { name: "a.example".to_owned(), port: 443, addresses: Ok(addresses), shown }
    }

    fn lines(host: &Host) -> Vec<(&'static str, String, super::super::super::check::Verdict)> {
        host.checks(now()).into_iter().map(|check| (check.name, check.of, check.result.verdict)).collect()
    }

    #[test]
    fn addresses_that_show_the_same_are_judged_once_and_each_is_a_way() {
        let alike = host(vec![shown(42), shown(42)]);
        assert!(lines(&alike).iter().all(|(_, of, verdict)| of == "a.example" && *verdict == Pass));
        assert_eq!((lines(&alike).len(), alike.trusted(now()).len()), (5, 2));
    }

    #[test]
    fn an_address_that_is_ill_is_named_whichever_it_is() {
        let refused = || Err(NotKnown::Failed("connection refused".to_owned()));
        for (at, all) in [(1, [refused(), shown(42)]), (2, [shown(42), refused()])] {
            let host = host(all.into());
            let failed: Vec<_> =
                lines(&host).into_iter().filter(|(_, _, verdict)| *verdict == Fail).collect();
            assert_eq!(failed, [("tls", format!("a.example at 203.0.113.{at}"), Fail)]);
            assert_eq!(host.trusted(now()).len(), 1);
        }
    }

    #[test]
    fn an_address_that_this_machine_has_no_way_to_is_unknown() {
        let no_way = nothing(io::ErrorKind::NetworkUnreachable.into());
        let host = host(vec![shown(42), Err(no_way)]);
        let last = lines(&host).pop().unwrap();
        assert_eq!((lines(&host).len(), last), (6, ("tls", "a.example at 203.0.113.2".to_owned(), Unknown)));
    }

    #[tokio::test]
    async fn an_address_of_ipv6_in_the_place_of_a_name_is_connected_to() {
        let command = DoctorSettings::declare(Command::new("doctor"));
        let matches = command.clone().get_matches_from(["doctor"]);
        let settings = read(&command, &matches).unwrap();
        let deadline = Deadline(Instant::now() + DAY);
        // Nobody listens there, if the machine knows of such addresses at all.
        let host = Host::reach("[::1]", 1, &settings, deadline).await;
        let [(address, Err(nothing))] = &host.shown[..] else { panic!("{:?}", host.shown) };
        assert!(address.is_loopback() && !format!("{nothing:?}").contains("name"), "{nothing:?}");
    }

    #[test]
    fn a_name_without_an_address_is_one_failure() {
        let host = Host { addresses: Err(NotKnown::Failed("no such name".to_owned())), ..host(Vec::new()) };
        let failed: Vec<_> = lines(&host).into_iter().filter(|(_, _, verdict)| *verdict == Fail).collect();
        assert_eq!(failed, [("dns", "a.example".to_owned(), Fail)]);
    }
}
