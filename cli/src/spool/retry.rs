//! `weir spool retry`: a plan of what would wait for Kafka again, or the same applied.

use super::quantity;
use super::settings::{RetrySettings, SpoolLocation, as_kept};
use super::table::Deliveries;
use crate::screen::{Cell, Screen, Table, Tone, one_line};
use crate::tool::{Exit, Result};
use std::io;
use weir_ingest::spool::inspect::{DeliveryFilter, Inspector, ParkReason, StoredDelivery};

/// Lines of the plan.
const LINES: usize = 20;
const LONGEST_ID: usize = 40;

pub(super) fn run(settings: &RetrySettings, screen: &mut Screen) -> Result<Exit> {
    if settings.chosen.all { all(settings, screen) } else { named(settings, screen) }
}

fn named(settings: &RetrySettings, screen: &mut Screen) -> Result<Exit> {
    let mut inspector = Inspector::new(&settings.location.directory);
    let mut table = Deliveries::fitting(&inspector.groups()?);
    let (mut can, mut cannot) = (Vec::new(), Vec::new());
    for id in settings.chosen.ids.iter().map(|id| as_kept(id)) {
        match inspector.delivery(&id).map(can_be_sent)? {
            Ok(_) if can.contains(&id) => {}
            Ok(stored) => {
                if !settings.apply {
                    table.print(&stored, screen)?;
                }
                can.push(id);
            }
            Err(why) => cannot.push((id, why)),
        }
    }
    if settings.apply && !can.is_empty() {
        let mut count = 0;
        for id in can {
            if inspector.retry(&id)? {
                count += 1;
            } else {
                cannot.push((id, "was parked a moment ago, and is not any more"));
            }
        }
        done(count, &settings.location, screen)?;
    } else if !can.is_empty() {
        planned(can.len() as u64, &format!(" {}", can.join(" ")), &settings.location, screen)?;
    }
    let row = |(id, why): &(String, &str)| {
        [Cell::new(Tone::Bad, "!"), format!("{} {why}", one_line(id, LONGEST_ID)).into()]
    };
    Table::default().with(cannot.iter().map(row)).print(screen)?;
    Ok(if cannot.is_empty() { Exit::Done } else { Exit::Findings })
}

/// A delivery that was named, or why it is not sent again.
fn can_be_sent(found: Option<StoredDelivery>) -> Result<StoredDelivery, &'static str> {
    let stored = found.ok_or("is not there: on Kafka by now, never kept here, or in a damaged file")?;
    if !stored.is_intact || stored.parked == Some(ParkReason::Corrupt) {
        return Err("is corrupt, so it is never sent");
    }
    if stored.parked.is_none() { Err("is not parked: it waits already") } else { Ok(stored) }
}

fn all(settings: &RetrySettings, screen: &mut Screen) -> Result<Exit> {
    let reason = settings.chosen.reason.as_ref();
    let mut inspector = Inspector::new(&settings.location.directory);
    let is_meant = |of: &ParkReason| *of != ParkReason::Corrupt && reason.is_none_or(|reason| reason == of);
    let groups = inspector.groups()?;
    let meant = groups.iter().filter(|group| group.parked.as_ref().is_some_and(is_meant));
    let count: u64 = meant.map(|group| group.deliveries).sum();
    if count == 0 {
        let which = reason.map_or_else(String::new, |reason| format!(" as {reason}"));
        screen.line(format!("Nothing to retry: no delivery is parked{which} that could be sent."))?;
        return Ok(Exit::Done);
    }
    if settings.apply {
        done(inspector.retry_all(reason)?, &settings.location, screen)?;
        return Ok(Exit::Done);
    }
    let which = reason.map_or(DeliveryFilter::Parked, |reason| DeliveryFilter::ParkedFor(reason.clone()));
    let (mut table, mut shown) = (Deliveries::fitting(&groups), 0);
    for stored in inspector.deliveries(which) {
        let stored = stored?;
        if shown == LINES {
            screen.toned(Tone::Faint, &format!("… and {} more", count.saturating_sub(LINES as u64)))?;
            break;
        }
        if stored.parked != Some(ParkReason::Corrupt) {
            table.print(&stored, screen)?;
            shown += 1;
        }
    }
    let reason = reason.map_or_else(String::new, |reason| format!(" --reason {reason}"));
    planned(count, &format!(" --all{reason}"), &settings.location, screen)?;
    Ok(Exit::Done)
}

fn planned(count: u64, arguments: &str, location: &SpoolLocation, screen: &mut Screen) -> io::Result<()> {
    screen.line("")?;
    let deliveries = quantity::deliveries(count);
    screen.line(format!("{deliveries} would wait for Kafka again. Nothing was changed."))?;
    screen.line(format!("Make it so with: weir spool retry{}{arguments} --apply", location.flag))
}

fn done(count: u64, location: &SpoolLocation, screen: &mut Screen) -> io::Result<()> {
    let (deliveries, verb) = (quantity::deliveries(count), if count == 1 { "waits" } else { "wait" });
    screen.toned(Tone::Good, &format!("{deliveries} {verb} for Kafka again."))?;
    screen.line("A running ingest sends within seconds what waits; one that is down, once up.")?;
    screen.line(format!("Whether Kafka takes it now: weir spool list{} --set-aside", location.flag))
}
