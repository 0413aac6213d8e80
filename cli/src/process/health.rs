//! `weir health`: asks a process on this machine whether it is well, for containers that have no shell to ask with.

use super::admin;
use crate::screen::{Screen, harmless};
use crate::tool::settings::{flag, settings};
use crate::tool::{Exit, Result, tool, work};
use runtime::settings::form;
use std::net::SocketAddr;

tool! {
    /// Ask a process on this machine for its health, as a container's health check does
    ///
    /// Prints the checks behind the probe and ends with 0 where it passes, else with 1. The address is the one that the process
    /// listens on; 0.0.0.0 is asked on loopback.
    pub(crate) const TOOL: "health" = work!(HealthSettings, run);
}

/// A process has a handful of checks, a line each.
const LARGEST_ANSWER: u64 = 64 * 1024;

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

/// Asks, prints the answer, and says by the exit code whether the process is well.
fn run(settings: &HealthSettings, screen: &mut Screen) -> Result<Exit> {
    let address = admin::reachable(settings.address);
    let admin::Page { status, body } =
        admin::get(address, &format!("{}?verbose", settings.probe), LARGEST_ANSWER).map_err(|why| {
            format!("{address} does not answer; is --admin-listen of the process another one? {why}")
        })?;
    // Whoever has no checks to tell, as a redirect, is told of by its status.
    let said = if body.is_empty() { format!("HTTP status {status}") } else { body };
    screen.line(harmless(&said))?;
    Ok(if status == reqwest::StatusCode::OK { Exit::Done } else { Exit::Failure })
}
