//! The public address as Meta sees it: looked up, connected to, and asked as Meta asks.

use super::check::{Check, Deadline, Fact, Judged, Nothing};
use super::clock::Told;
use super::settings::DoctorSettings;
use super::test_delivery::{Back, TestDelivery, WayBack};
use super::{answers, certificate};
use crate::delivery::poster::{Answer, Poster};
use crate::meta::accounts::Accounts;
use crate::meta::credentials::AppCredentials;
use crate::meta::file::{DeclaredApp, Object};
use bytes::Bytes;
use futures_util::future::join_all;
use reqwest::Url;
use runtime::http::tls::{self, shown};
use schemas::Topic;
use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;
use weir_ingest::Secret;

/// How long a name, or a connection with its handshake, may take.
const REACH_WITHIN: Duration = Duration::from_secs(5);
/// Longer than ingest takes for anything, and than Meta waits.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
const WRONG_TOKEN: &str = "weir-doctor-has-no-such-token";
const NO_SUCH_NAME: &str = "\
Make a DNS record for it at whoever holds the domain, or correct \"callback_url\".";
const SECRET_FILE: &str = "\
Let \"secret_file\" name a file that holds the app's secret: its dashboard has it under App settings, Basic.";
const NO_ANSWER: &str = "\
The connection is made, and no whole answer comes: look at the edge and at ingest behind it.";
const NOT_BACK: &str = "\
Ingest keeps it in its spool (`weir spool list`), or writes to other brokers or with another --topic-prefix than these here.";

/// An app's address, and what is needed to speak as Meta.
struct Door<'a> {
    app: &'a DeclaredApp,
    credentials: &'a AppCredentials,
    callback_url: &'a str,
    host: String,
    port: u16,
}

/// What is known of a host.
struct Reached {
    host: String,
    port: u16,
    addresses: Fact<Vec<IpAddr>>,
    shown: Fact<shown::Shown>,
}

/// What was answered at a door, the test delivery apart.
struct Answers {
    poster: Fact<Poster>,
    handshake: Fact<Answer>,
    wrong_token: Fact<Answer>,
    wrong_signature: Fact<Answer>,
    clock: Option<Told>,
}

/// Everything about the addresses of the apps, and what time it is there; `way_back` leads to the records of `test`.
pub(super) async fn checks(
    accounts: &Accounts,
    settings: &DoctorSettings,
    test: &TestDelivery,
    way_back: impl Future<Output = Fact<WayBack>>,
    deadline: Deadline,
) -> (Vec<Check>, Vec<(String, Option<Told>)>) {
    let (mut doors, mut checks) = (Vec::new(), Vec::new());
    for (index, app) in accounts.declared.apps.iter().enumerate() {
        match door(app, accounts.app(index)) {
            Ok(door) => doors.push(door),
            Err(check) => checks.push(check),
        }
    }
    let now = SystemTime::now();
    let ask_all = async {
        let hosts: BTreeSet<_> = doors.iter().map(|door| (door.host.as_str(), door.port)).collect();
        let hosts = join_all(hosts.iter().map(|(host, port)| reach(host, *port, settings, deadline))).await;
        let posters = doors.iter().map(|door| door.poster(&hosts, settings, now));
        let asked = doors.iter().zip(posters).map(|(door, poster)| ask(door, poster, test, deadline));
        let answers = join_all(asked).await;
        (hosts, answers)
    };
    let ((hosts, answers), way_back) = tokio::join!(ask_all, way_back);
    let posted = Instant::now();
    let doors: Vec<_> = doors.iter().zip(&answers).collect();
    let deliveries = doors.iter().map(|(door, answers)| post(door, &answers.poster, test, deadline));
    let deliveries = join_all(deliveries).await;
    let taken = deliveries.iter().filter(|delivery| is_taken(delivery)).count();
    let back = match way_back {
        Ok(way_back) => Ok(way_back.follow(taken, posted, deadline).await),
        Err(nothing) => Err(nothing),
    };
    checks.extend(hosts.iter().flat_map(|reached| of_host(reached, now)));
    for ((door, answers), delivery) in doors.iter().zip(&deliveries) {
        let app = door.app.id.as_str();
        checks.extend(of_answers(app, answers, delivery, test));
        checks.extend(of_records(app, delivery, &back, settings));
    }
    let clocks = doors.iter().map(|(door, answers)| (door.app.id.to_string(), answers.clock));
    (checks, clocks.collect())
}

fn door<'a>(
    app: &'a DeclaredApp,
    credentials: Result<&'a AppCredentials, String>,
) -> Result<Door<'a>, Check> {
    let missing = |found, advice| Judged::unknown(found, advice).check("address", app.id.as_str());
    let callback_url = app.callback_url.as_deref();
    let callback_url = callback_url.ok_or_else(|| {
        missing("not looked at", "Give the app its \"callback_url\" in the file, as the dashboard has it.")
    })?;
    let url = Url::parse(callback_url).ok().filter(Url::has_host);
    let url = url.ok_or_else(|| {
        Judged::fail(format!("{callback_url} is no address"), "Correct \"callback_url\".")
            .check("address", app.id.as_str())
    })?;
    let credentials =
        credentials.map_err(|why| Judged::fail(why, SECRET_FILE).check("address", app.id.as_str()))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(Door { app, credentials, callback_url, host, port })
}

async fn reach(host: &str, port: u16, settings: &DoctorSettings, deadline: Deadline) -> Reached {
    let addresses = match settings.connect_to {
        Some(_) => Err(Nothing::NotTried("--connect-to says where to go")),
        None => deadline.look(REACH_WITHIN, look_up(host)).await,
    };
    let at = |address: IpAddr| SocketAddr::new(address, port);
    let known = settings.connect_to.map(|address| vec![at(address)]);
    let known = known.or_else(|| Some(addresses.as_ref().ok()?.iter().copied().map(at).collect()));
    let shown = match known {
        None => Err(Nothing::NotTried("the name has no address, see above")),
        Some(known) => {
            let look = async {
                let roots = tls::roots(settings.tls_ca.as_deref()).map_err(io::Error::other)?;
                shown::look(&known, host, &roots, SystemTime::now()).await
            };
            deadline.look(REACH_WITHIN, look).await
        }
    };
    Reached { host: host.to_owned(), port, addresses, shown }
}

async fn look_up(host: &str) -> io::Result<Vec<IpAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut addresses: Vec<_> = tokio::net::lookup_host((bare, 0)).await?.map(|found| found.ip()).collect();
    addresses.dedup();
    Ok(addresses)
}

/// Asks as Meta asks, and as nobody may.
async fn ask(door: &Door<'_>, poster: Fact<Poster>, test: &TestDelivery, deadline: Deadline) -> Answers {
    let get = async |token: &str| {
        let poster = poster.as_ref().map_err(Clone::clone)?;
        deadline.look(ANSWER_WITHIN, poster.handshake(token, test.challenge())).await
    };
    let handshake = async {
        let token = door.credentials.verify_token.as_ref();
        let token = token.ok_or(Nothing::NotGiven("the app its \"verify_token_file\" in the file"))?;
        let token = token.as_ref().map_err(|why| Nothing::Failed(why.to_string()))?;
        let answer = get(token).await?;
        // Whoever answers may repeat what was asked, the address with the token in any encoding too.
        let repeats_address = answer.status / 100 == 3 || answer.text.contains("hub.verify_token");
        let shown = if repeats_address { String::new() } else { answer.text.replace(token, "…") };
        Ok(Answer { text: shown, ..answer })
    };
    let wrong_token = async {
        let answer = get(WRONG_TOKEN).await;
        let date = answer.as_ref().ok().and_then(|answer| answer.date);
        (answer, date.map(|date| Told { date, heard: SystemTime::now() }))
    };
    let forged = test.body(door.object(), "forged");
    let nobody = Secret::new("nobody", WRONG_TOKEN);
    let (handshake, (wrong_token, clock), wrong_signature) =
        tokio::join!(handshake, wrong_token, signed(forged, &nobody, &poster, deadline));
    Answers { poster, handshake, wrong_token, wrong_signature, clock }
}

/// Posts the test delivery.
async fn post(
    door: &Door<'_>,
    poster: &Fact<Poster>,
    test: &TestDelivery,
    deadline: Deadline,
) -> Fact<Answer> {
    let app = door.app.id.as_str();
    let secret = Secret::new(app, door.credentials.secret.as_str());
    signed(test.body(door.object(), app), &secret, poster, deadline).await
}

async fn signed(body: Bytes, by: &Secret, poster: &Fact<Poster>, deadline: Deadline) -> Fact<Answer> {
    let signature = by.sign(&body);
    let poster = poster.as_ref().map_err(Clone::clone)?;
    deadline.look(ANSWER_WITHIN, poster.post(body, &signature)).await
}

/// Whether a delivery is to be found on its topics.
fn is_taken(delivery: &Fact<Answer>) -> bool {
    delivery.as_ref().is_ok_and(|answer| answer.status == 200)
}

impl Door<'_> {
    /// Who posts there; nobody to a host that is not trusted, which is shown no secret.
    fn poster(&self, hosts: &[Reached], settings: &DoctorSettings, now: SystemTime) -> Fact<Poster> {
        let host = hosts.iter().find(|reached| reached.host == self.host && reached.port == self.port);
        if !host.is_some_and(|reached| certificate::is_trusted(&reached.shown, now)) {
            return Err(Nothing::NotTried("no certificate was shown that is trusted, see above"));
        }
        Ok(Poster::by_way_of(settings.connect_to, self.callback_url, settings.tls_ca.as_deref())?)
    }

    /// What the test delivery is of.
    fn object(&self) -> &'static str {
        self.app.objects.first().copied().unwrap_or(Object::Instagram).as_str()
    }
}

fn of_host(reached: &Reached, now: SystemTime) -> impl Iterator<Item = Check> {
    let dns = Judged::of(&reached.addresses, NO_SUCH_NAME, |addresses| answers::dns(addresses));
    let of_certificate = certificate::checks(&reached.host, &reached.shown, now);
    [dns.check("dns", reached.host.as_str())].into_iter().chain(of_certificate)
}

fn of_answers(app: &str, answers: &Answers, delivery: &Fact<Answer>, test: &TestDelivery) -> [Check; 4] {
    let judge =
        |answer: &Fact<Answer>, judge: &dyn Fn(&Answer) -> Judged| Judged::of(answer, NO_ANSWER, judge);
    let handshake = |answer: &Answer| answers::handshake(answer, test.challenge());
    [
        judge(&answers.handshake, &handshake).check("handshake", app),
        judge(&answers.wrong_token, &answers::wrong_verify_token).check("wrong_verify_token", app),
        judge(&answers.wrong_signature, &answers::wrong_signature).check("wrong_signature", app),
        judge(delivery, &answers::delivery).check("test_delivery", app),
    ]
}

/// Whether the records of the test delivery came, on both of its topics.
fn of_records(
    app: &str,
    delivery: &Fact<Answer>,
    back: &Fact<Back>,
    settings: &DoctorSettings,
) -> [Check; 2] {
    [("raw_record", Topic::Raw), ("typed_record", Topic::Messages)].map(|(name, topic)| {
        let topic = settings.topic(topic);
        let came = match back {
            Ok(_) if !is_taken(delivery) => {
                Err(Nothing::NotTried("the test delivery was not taken, see above"))
            }
            Ok(back) => Ok(back.took(&topic, app)),
            Err(nothing) => Err(nothing.clone()),
        };
        let judged = Judged::of(&came, "", |came| match came {
            Some(took) => Judged::pass(format!("it is on {topic} after {} ms", took.as_millis())),
            None => Judged::fail(format!("answered 200, and not on {topic} in time"), NOT_BACK),
        });
        judged.check(name, app)
    })
}
