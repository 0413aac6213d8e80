//! `weir spool list`: a delivery a line, then how much there is and what to do about it.

use super::settings::{ListSettings, SpoolLocation, which};
use super::table::Deliveries;
use super::{advice, quantity, record};
use crate::screen::{Screen, Tone};
use crate::tool::{Exit, Result, ToolError};
use serde_json::{Value, json};
use std::io;
use weir_ingest::spool::inspect::{self, DeliveryGroup, InspectError, Inspector, RetiredFile};

pub(super) fn run(settings: &ListSettings, screen: &mut Screen) -> Result<Exit> {
    screen.is_all_that_is_done();
    let mut inspector = Inspector::new(&settings.location.directory);
    let listed = list(&mut inspector, settings, screen);
    // Files of an earlier version were retired, perhaps, and no other begun yet.
    let has_none = |error: &ToolError| matches!(error.downcast_ref(), Some(InspectError::NoSpool(_)));
    if listed.as_ref().is_err_and(has_none) && !settings.json {
        let files = inspect::retired_files(&settings.location.directory).unwrap_or_default();
        tell_files(&files, screen)?;
    }
    let listed = listed?;
    let groups = inspector.groups()?;
    let files = inspect::retired_files(&settings.location.directory)?;
    if settings.json {
        screen.line(summary(&groups, &files))?;
    } else {
        conclude(settings, listed, &groups, screen)?;
        tell_files(&files, screen)?;
    }
    Ok(Exit::Done)
}

/// Prints deliveries up to the limit: how many, and of these how many corrupt ones that wait, since ingest has not come to them.
fn list(inspector: &mut Inspector, settings: &ListSettings, screen: &mut Screen) -> Result<(u64, u64)> {
    let mut table = Deliveries::fitting(&inspector.groups()?);
    let (mut deliveries, mut corrupt) = (0, 0);
    for stored in inspector.deliveries(which(settings.set_aside)) {
        if deliveries == settings.most() {
            break;
        }
        let stored = stored?;
        if settings.json {
            screen.json(&record::listed(&stored))?;
        } else {
            table.print(&stored, screen)?;
        }
        deliveries += 1;
        corrupt += u64::from(!stored.is_intact && stored.parked.is_none());
    }
    Ok((deliveries, corrupt))
}

fn conclude(
    settings: &ListSettings,
    (deliveries, corrupt): (u64, u64),
    groups: &[DeliveryGroup],
    screen: &mut Screen,
) -> io::Result<()> {
    let meant = groups.iter().filter(|group| !settings.set_aside || group.parked.is_some());
    let more = meant.map(|group| group.deliveries).sum::<u64>().saturating_sub(deliveries);
    if more > 0 && deliveries == settings.most() {
        screen
            .toned(Tone::Faint, &format!("… and {more} more: --limit {}", deliveries.saturating_add(more)))?;
    }
    if deliveries > 0 {
        screen.line("")?;
    }
    sums(groups, &settings.location, screen)?;
    if corrupt > 0 {
        let (are, wait) = if corrupt == 1 { ("is", "waits") } else { ("are", "wait") };
        let line = format!("{corrupt} that {are} listed as corrupt {wait} to be parked by ingest.");
        screen.toned(Tone::Bad, &line)?;
    }
    Ok(())
}

fn sums(groups: &[DeliveryGroup], location: &SpoolLocation, screen: &mut Screen) -> io::Result<()> {
    let (waiting, set_aside): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.parked.is_none());
    match waiting.first() {
        Some(group) => screen.line(sum(group, "waits", "wait", "for Kafka"))?,
        None => screen.toned(Tone::Good, "No delivery waits for Kafka.")?,
    }
    if set_aside.is_empty() {
        return screen.toned(Tone::Good, "None is parked.");
    }
    for group in set_aside {
        let Some(reason) = &group.parked else { continue };
        screen.toned(Tone::Bad, &sum(group, "is", "are", &format!("parked as {reason}")))?;
        advice::on(reason, location).iter().try_for_each(|line| screen.line(format!("  {line}")))?;
    }
    Ok(())
}

fn sum(group: &DeliveryGroup, one: &str, several: &str, what: &str) -> String {
    format!(
        "{} {} {what}: {}, the oldest received {} ago.",
        quantity::deliveries(group.deliveries),
        if group.deliveries == 1 { one } else { several },
        quantity::bytes(group.bytes),
        quantity::age(group.oldest)
    )
}

fn tell_files(files: &[RetiredFile], screen: &mut Screen) -> io::Result<()> {
    for file in files {
        let since = file.since.map_or_else(String::new, |since| format!(" {} ago", quantity::age(since)));
        let tone = if file.is_salvaged { Tone::Warn } else { Tone::Bad };
        let size = quantity::bytes(file.bytes);
        screen.toned(tone, &format!("A damaged file was retired{since}, {size}:"))?;
        screen.line(format!("  {}", file.file.display()))?;
        advice::on_file(file).iter().try_for_each(|line| screen.line(format!("  {line}")))?;
    }
    Ok(())
}

fn summary(groups: &[DeliveryGroup], files: &[RetiredFile]) -> Value {
    let waiting = groups.iter().find(|group| group.parked.is_none());
    let set_aside = groups.iter().filter(|group| group.parked.is_some());
    let count = |group: &DeliveryGroup| json!({"deliveries": group.deliveries, "bytes": group.bytes, "oldest": group.oldest.to_string()});
    let by_reason: serde_json::Map<_, _> = set_aside
        .filter_map(|group| group.parked.as_ref().map(|reason| (reason.to_string(), count(group))))
        .collect();
    let nothing = || json!({"deliveries": 0, "bytes": 0, "oldest": null});
    let file = |file: &RetiredFile| {
        let since = file.since.map(|since| since.to_string());
        json!({"file": file.file, "bytes": file.bytes, "since": since, "salvaged": file.is_salvaged})
    };
    json!({
        "summary": {"waiting": waiting.map_or_else(nothing, count), "set_aside": by_reason},
        "files_put_aside": files.iter().map(file).collect::<Vec<_>>(),
    })
}
