//! The flags of `weir doctor`.

use crate::meta::MetaSettings;
use crate::tool::settings::{EventLimits, admin_ports, flag, group, perhaps, settings, switch};
use crate::topics::TopicsSettings;
use runtime::settings::{Form, Reader, Source, form};
use schemas::Topic;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(30);
const SILENCES: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(365 * 24);

settings! {
    /// What `weir doctor` can be asked for. What is not given is not looked at.
    pub(super) struct DoctorSettings {
        meta: Option<MetaSettings> = perhaps(has_file),
        kafka: Option<TopicsSettings> = perhaps(|given| given.is_set("brokers")),
        /// Where the processes of Weir answer on their admin ports
        admin: Vec<String> = admin_ports("admin", "one or more processes"),
        /// File of certificates (PEM) of authorities that the public address may be of, beside the public ones
        tls_ca: Option<PathBuf> = flag("tls-ca", "FILE", form::file()).env("WEIR_TLS_CA").optional(),
        /// Reach the public address here, instead of where DNS leads: an edge before its name is switched to it, or from within
        connect_to: Option<IpAddr> = flag("connect-to", "IP", Form::new("an IP address", |value| value.trim().parse().ok())).optional(),
        /// Send no signed test delivery through the public address; what it would show is unknown then
        no_test_delivery: bool = switch("no-test-delivery"),
        /// An account fails where its last delivery is older, or where it has none; else one of a week is unknown
        max_silence: Option<Duration> = flag("max-silence", "DURATION", form::duration(SILENCES)).optional(),
        event_limits: EventLimits = group(),
        /// How long everything may take together
        timeout: Duration = flag("timeout", "DURATION", form::duration(TIMEOUTS)).or("60s"),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

/// Whether a file declares what is at Meta: one that is named, or the default where it is there.
fn has_file(given: &Reader<'_>) -> bool {
    given.source("file") != Source::Default || Path::new("connect.json").is_file()
}

impl DoctorSettings {
    /// The full name of a topic.
    pub(super) fn topic(&self, topic: Topic) -> String {
        topic.name(self.kafka.as_ref().map_or("meta", |kafka| &kafka.topic_prefix))
    }
}
