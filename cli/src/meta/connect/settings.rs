//! The flags of `weir connect`.

use crate::meta::settings::MetaSettings;
use crate::tool::settings::{flag, group, settings, switch};
use runtime::settings::form;
use std::net::SocketAddr;
use std::time::Duration;

const EVERY: std::ops::RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

settings! {
    /// What `weir connect plan` and `apply` can be asked for.
    pub(super) struct ConnectSettings {
        meta: MetaSettings = group(),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

settings! {
    /// What `weir connect keep` can be asked for.
    pub(super) struct KeepSettings {
        meta: MetaSettings = group(),
        /// How long after a round the next one begins
        every: Duration = flag("every", "DURATION", form::duration(EVERY)).env("WEIR_CONNECT_EVERY").or("1h"),
        /// Where metrics and probes are answered
        admin_listen: SocketAddr = flag("admin-listen", "IP:PORT", form::address()).env("WEIR_ADMIN_LISTEN").or("0.0.0.0:9090"),
    }
}
