//! `weir spool retry`: a plan of what would wait for Kafka again, or the same applied.

use super::quantity;
use super::settings::{Place, RetrySettings, What};
use super::table::Table;
use crate::screen::{Cell, Columns, Tone, one_line};
use crate::{Exit, Screen, ToolError};
use std::io;
use weir_ingest::spool::inspect::{Inspector, Reason, Stored, Which};

/// Lines of the plan.
const LINES: usize = 20;
const LONGEST_ID: usize = 40;

pub(super) fn run(settings: &RetrySettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    match &settings.what {
        What::Ids(ids) => named(ids, settings, screen),
        What::All(reason) => all(reason.as_ref(), settings, screen),
    }
}

/// What is known of a delivery that was named.
enum Found {
    SetAside(Stored),
    No(&'static str),
}

fn named(ids: &[String], settings: &RetrySettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    let mut inspector = Inspector::open(&settings.place.directory)?;
    let (mut table, mut can, mut cannot) = (Table::fitting(&inspector.groups()?), Vec::new(), Vec::new());
    for id in ids {
        match find(&mut inspector, id)? {
            Found::SetAside(_) if can.contains(&id) => {}
            Found::SetAside(stored) => {
                if !settings.applies {
                    table.print(&stored, screen)?;
                }
                can.push(id);
            }
            Found::No(why) => cannot.push((id, why)),
        }
    }
    if settings.applies && !can.is_empty() {
        let mut count = 0;
        for id in can {
            if inspector.retry(id)? {
                count += 1;
            } else {
                cannot.push((id, "was set aside a moment ago, and is not any more"));
            }
        }
        done(count, &settings.place, screen)?;
    } else if !can.is_empty() {
        let arguments = can.iter().fold(String::new(), |all, id| all + " " + id);
        planned(can.len() as u64, &arguments, &settings.place, screen)?;
    }
    let columns = Columns::new([1]);
    for (id, why) in &cannot {
        let text = format!("{} {why}", one_line(id, LONGEST_ID));
        screen.row(&columns, &[Cell::new(Tone::Bad, "!"), text.into()])?;
    }
    Ok(if cannot.is_empty() { Exit::Done } else { Exit::Drift })
}

fn find(inspector: &mut Inspector, id: &str) -> Result<Found, ToolError> {
    Ok(match inspector.delivery(id)? {
        None => Found::No("is not there: on Kafka by now, or never kept here"),
        Some(stored) if !stored.is_intact => Found::No("is corrupt, so it is never sent"),
        Some(stored) => match stored.parked {
            None => Found::No("is not set aside: it waits already"),
            Some(Reason::Corrupt) => Found::No("is corrupt, so it is never sent"),
            Some(_) => Found::SetAside(stored),
        },
    })
}

fn all(reason: Option<&Reason>, settings: &RetrySettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    let mut inspector = Inspector::open(&settings.place.directory)?;
    let is_meant = |of: &Reason| *of != Reason::Corrupt && reason.is_none_or(|reason| reason == of);
    let groups = inspector.groups()?;
    let meant = groups.iter().filter(|group| group.parked.as_ref().is_some_and(is_meant));
    let count: u64 = meant.map(|group| group.deliveries).sum();
    if count == 0 {
        let which = reason.map_or_else(String::new, |reason| format!(" as {reason}"));
        screen.line(format!("Nothing to retry: no delivery is set aside{which} that could be sent."))?;
        return Ok(Exit::Done);
    }
    if settings.applies {
        let retried = inspector.retry_all(reason)?;
        done(retried, &settings.place, screen)?;
        return Ok(Exit::Done);
    }
    let which = reason.map_or(Which::Parked, |reason| Which::ParkedFor(reason.clone()));
    let mut table = Table::fitting(&groups);
    let mut shown = 0;
    for stored in inspector.deliveries(which) {
        let stored = stored?;
        if shown == LINES {
            screen.toned(Tone::Faint, &format!("… and {} more", count.saturating_sub(LINES as u64)))?;
            break;
        }
        if stored.parked != Some(Reason::Corrupt) {
            table.print(&stored, screen)?;
            shown += 1;
        }
    }
    let reason = reason.map_or_else(String::new, |reason| format!(" --reason {reason}"));
    planned(count, &format!(" --all{reason}"), &settings.place, screen)?;
    Ok(Exit::Done)
}

fn planned(count: u64, arguments: &str, place: &Place, screen: &mut Screen) -> io::Result<()> {
    screen.line("")?;
    let deliveries = quantity::deliveries(count);
    screen.line(format!("{deliveries} would wait for Kafka again. Nothing was changed."))?;
    screen.line(format!("Make it so with: weir spool retry{}{arguments} --apply", place.flag))
}

fn done(count: u64, place: &Place, screen: &mut Screen) -> io::Result<()> {
    let (deliveries, verb) = (quantity::deliveries(count), if count == 1 { "waits" } else { "wait" });
    screen.toned(Tone::Good, &format!("{deliveries} {verb} for Kafka again."))?;
    screen.line("A running ingest sends within seconds what waits; one that is down, once up.")?;
    screen.line(format!("Whether Kafka takes it now: weir spool list{} --set-aside", place.flag))
}
