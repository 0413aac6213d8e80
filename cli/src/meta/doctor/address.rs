//! The public address as Meta sees it: looked up, connected to, and asked as Meta asks, wherever its name leads.

mod host;

use super::answers;
use super::check::{Check, CheckResult, Deadline, NotKnown, Observed};
use super::clock;
use super::settings::DoctorSettings;
use super::test_delivery::{Arrivals, TestDelivery};
use crate::delivery::poster::{Answer, Poster};
use crate::meta::{Accounts, App, Object};
use crate::records::watch::Watch;
use bytes::Bytes;
use futures_util::future::join_all;
use host::Host;
use reqwest::Url;
use schemas::Topic;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use weir_graph::AppSecret;
use weir_ingest::Secret;

/// Longer than ingest takes for anything, and than Meta waits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
const WRONG_TOKEN: &str = "weir-doctor-has-no-such-token";
const SECRET_FILE: &str = "\
Let \"secret_file\" name a file that holds the app's secret: its dashboard has it under App settings, Basic.";
const NO_ANSWER: &str = "\
The connection is made, and no whole answer comes: look at the edge and at ingest behind it.";
const NOT_BACK: &str = "\
Ingest keeps it in its spool (`weir spool list`), or writes to other brokers or with another --topic-prefix than these here.";

/// An app's address, and what is needed to speak as Meta.
struct Endpoint<'a> {
    app: &'a App,
    secret: &'a AppSecret,
    callback_url: &'a str,
    host: String,
    port: u16,
}

/// An app's address by one of the addresses of its host.
struct Route<'a> {
    endpoint: &'a Endpoint<'a>,
    /// The app, and which address where there are several.
    of: String,
    poster: Observed<Poster>,
}

/// Everything about the addresses of the apps, and how far their clocks are ahead; `way_back` leads to the records of `test`.
pub(super) async fn checks(
    accounts: &Accounts,
    settings: &DoctorSettings,
    test: &TestDelivery,
    way_back: impl Future<Output = Observed<Watch>>,
    deadline: Deadline,
) -> (Vec<Check>, Vec<(String, Option<i64>)>) {
    let (mut endpoints, mut checks) = (Vec::new(), Vec::new());
    for app in &accounts.apps {
        match endpoint(app) {
            Ok(endpoint) => endpoints.push(endpoint),
            Err(result) => checks.push(result.check("address", app.declared.id.as_str())),
        }
    }
    let now = SystemTime::now();
    let ask_all = async {
        let hosts: BTreeSet<_> =
            endpoints.iter().map(|endpoint| (endpoint.host.as_str(), endpoint.port)).collect();
        let hosts = join_all(hosts.iter().map(|(host, port)| Host::reach(host, *port, settings, deadline)));
        let hosts = hosts.await;
        let routes: Vec<_> =
            endpoints.iter().flat_map(|endpoint| endpoint.routes(&hosts, settings, now)).collect();
        let answers = join_all(routes.iter().map(|route| ask(route, test, deadline))).await;
        (hosts, routes, answers)
    };
    let ((hosts, routes, answers), way_back) = tokio::join!(ask_all, way_back);
    let posted = Instant::now();
    let deliveries = join_all(routes.iter().map(|route| post(route, test, settings, deadline))).await;
    let taken = routes.iter().zip(&deliveries).filter(|(_, delivery)| is_taken(delivery));
    let taken: Vec<_> = taken.map(|(route, _)| route.of.as_str()).collect();
    let back = match way_back {
        Ok(way_back) => Ok(test.follow(way_back, &taken, posted, deadline).await),
        Err(nothing) => Err(nothing),
    };
    checks.extend(hosts.iter().flat_map(|host| host.checks(now)));
    let mut clocks = Vec::new();
    for ((route, (answered, ahead)), delivery) in routes.iter().zip(answers).zip(&deliveries) {
        let delivered = CheckResult::of(delivery, NO_ANSWER, answers::delivery);
        checks.extend(answered);
        checks.push(delivered.check("test_delivery", route.of.as_str()));
        checks.extend(of_records(&route.of, delivery, &back, settings));
        clocks.push((route.of.clone(), ahead));
    }
    (checks, clocks)
}

fn endpoint(app: &App) -> Result<Endpoint<'_>, CheckResult> {
    let give = "Give the app its \"callback_url\" in the file, as the dashboard has it.";
    let callback_url = app.declared.callback_url.as_deref();
    let callback_url = callback_url.ok_or_else(|| CheckResult::unknown("not looked at", give))?;
    let url = Url::parse(callback_url).ok().filter(Url::has_host);
    let no_address =
        || CheckResult::fail(format!("{callback_url} is no address"), "Correct \"callback_url\".");
    let url = url.ok_or_else(no_address)?;
    let secret = app.secret().map_err(|why| CheckResult::fail(why, SECRET_FILE))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(Endpoint { app, secret, callback_url, host, port })
}

/// Asks as Meta asks, and as nobody may; and how far the clock there is ahead.
async fn ask(
    Route { endpoint, of, poster }: &Route<'_>,
    test: &TestDelivery,
    deadline: Deadline,
) -> ([Check; 3], Option<i64>) {
    let get = async |token: &str| {
        let poster = poster.as_ref().map_err(Clone::clone)?;
        deadline.look(ANSWER_TIMEOUT, poster.handshake(token, test.challenge())).await
    };
    let handshake = async {
        let token = endpoint.app.verify_token();
        let token = token.ok_or(NotKnown::NotGiven("the app its \"verify_token_file\" in the file"))??;
        Ok(without_token(get(&token).await?, &token, test.challenge()))
    };
    let wrong_token = async {
        let answer = get(WRONG_TOKEN).await;
        let date = answer.as_ref().ok().and_then(|answer| answer.date);
        (answer, date.map(|date| clock::ahead(date, SystemTime::now())))
    };
    let forged = test.body(endpoint.object(), "forged");
    let nobody = Secret::new("nobody", WRONG_TOKEN);
    let (handshake, (wrong_token, ahead), wrong_signature) =
        tokio::join!(handshake, wrong_token, signed(forged, &nobody, poster, deadline));
    let handshake =
        CheckResult::of(&handshake, NO_ANSWER, |answer| answers::handshake(answer, test.challenge()));
    let wrong_token = CheckResult::of(&wrong_token, NO_ANSWER, answers::wrong_verify_token);
    let wrong_signature = CheckResult::of(&wrong_signature, NO_ANSWER, answers::wrong_signature);
    let checks = [
        handshake.check("handshake", of.as_str()),
        wrong_token.check("wrong_verify_token", of.as_str()),
        wrong_signature.check("wrong_signature", of.as_str()),
    ];
    (checks, ahead)
}

/// Whoever answers a handshake may repeat what was asked, the address with the token in any encoding too. The challenge is no part of
/// it, though a short token may be a part of that.
fn without_token(answer: Answer, token: &str, challenge: &str) -> Answer {
    let repeats_address = answer.status / 100 == 3 || answer.text.contains("hub.verify_token");
    let text = match answer.text {
        text if text == challenge => text,
        _ if repeats_address => String::new(),
        text => text.replace(token, "…"),
    };
    Answer { text, ..answer }
}

/// Posts the test delivery.
async fn post(
    Route { endpoint, of, poster }: &Route<'_>,
    test: &TestDelivery,
    settings: &DoctorSettings,
    deadline: Deadline,
) -> Observed<Answer> {
    if settings.no_test_delivery {
        return Err(super::NOT_TO_BE_SENT);
    }
    let secret = Secret::new(endpoint.app.declared.id.as_str(), endpoint.secret.as_str());
    signed(test.body(endpoint.object(), of), &secret, poster, deadline).await
}

async fn signed(body: Bytes, by: &Secret, poster: &Observed<Poster>, deadline: Deadline) -> Observed<Answer> {
    let signature = by.sign(&body);
    let poster = poster.as_ref().map_err(Clone::clone)?;
    deadline.look(ANSWER_TIMEOUT, poster.post(body, &signature)).await
}

/// Whether a delivery is to be found on its topics.
fn is_taken(delivery: &Observed<Answer>) -> bool {
    delivery.as_ref().is_ok_and(|answer| answer.status == 200)
}

impl Endpoint<'_> {
    /// The routes to it; nobody posts to a host that is not trusted, which is shown no secret.
    fn routes<'a>(&'a self, hosts: &[Host], settings: &DoctorSettings, now: SystemTime) -> Vec<Route<'a>> {
        let host = hosts.iter().find(|host| host.name == self.host && host.port == self.port);
        let trusted = host.map(|host| host.trusted(now)).unwrap_or_default();
        let app = self.app.declared.id.as_str();
        let of = |address: &IpAddr| match trusted.len() {
            1 => app.to_owned(),
            _ => format!("{app} at {address}"),
        };
        let by = |address: &IpAddr| {
            Ok(Poster::by_way_of(Some(*address), self.callback_url, settings.tls_ca.as_deref())?)
        };
        let routes =
            trusted.iter().map(|address| Route { endpoint: self, of: of(address), poster: by(address) });
        let no_poster = Err(NotKnown::NotTried("no certificate was shown that is trusted, see above"));
        let none =
            trusted.is_empty().then_some(Route { endpoint: self, of: app.to_owned(), poster: no_poster });
        routes.chain(none).collect()
    }

    /// What the test delivery is of.
    fn object(&self) -> &'static str {
        self.app.declared.objects.first().copied().unwrap_or(Object::Instagram).as_str()
    }
}

/// Whether the records of the test delivery came, on both of its topics.
fn of_records(
    of: &str,
    delivery: &Observed<Answer>,
    back: &Observed<Arrivals>,
    settings: &DoctorSettings,
) -> [Check; 2] {
    [("raw_record", Topic::Raw), ("typed_record", Topic::Messages)].map(|(name, topic)| {
        let topic = settings.topic(topic);
        let came = match (delivery, back) {
            (Err(nothing @ NotKnown::NotTried(_)), _) | (_, Err(nothing)) => Err(nothing.clone()),
            (delivery, _) if !is_taken(delivery) => {
                Err(NotKnown::NotTried("the test delivery was not taken, see above"))
            }
            (_, Ok(back)) => back.took(&topic, of),
        };
        let result = CheckResult::of(&came, "", |came| match came {
            Some(took) => CheckResult::pass(format!("it is on {topic} after {} ms", took.as_millis())),
            None => CheckResult::fail(format!("answered 200, and not on {topic} in time"), NOT_BACK),
        });
        result.check(name, of)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_shows_the_token_and_a_challenge_with_digits_of_it_is_whole() {
        let shown = |status, text: &str| {
            let answer = Answer { status, text: text.to_owned(), took: Duration::ZERO, date: None };
            without_token(answer, "2026", "17202612345").text
        };
        assert_eq!(shown(200, "17202612345"), "17202612345");
        assert_eq!(shown(403, "no 2026 here"), "no … here");
        assert_eq!(shown(302, "/login?next=2026"), "");
        assert_eq!(shown(404, "no /webhook?hub.verify_token=%32026"), "");
    }
}
