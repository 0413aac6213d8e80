//! Pictures at a steady rate, and nothing else happens.

use anyhow::Result;

use crate::Arguments;
use crate::meter::Meter;
use crate::outcomes::Outcomes;
use crate::place::Place;
use crate::scenario::Seen;

/// The share of links that is saved within a minute of receipt, at least.
const SHARE: f64 = 0.999;

pub(crate) async fn play(place: &Place, arguments: &Arguments) -> Result<Seen> {
    let media = place.media(&[]).await?;
    let meter = Meter::of(&media)?;
    let links = place.pictures(arguments.rate * arguments.seconds);
    let received = place.load(&links, arguments.rate).await??;
    let outcomes = Outcomes::of(place, &links, &received).await?;
    let spent = meter.end().await?;
    let took = received.last().zip(received.first()).map(|(last, first)| last.since(*first));
    let note = format!("{} events were written in {} s", links.len(), took.unwrap_or_default().as_secs());
    let share = outcomes.soon();
    let failures = if share < SHARE {
        vec![format!("{:.2} % were saved within a minute, not {:.1} %", share * 100.0, SHARE * 100.0)]
    } else {
        Vec::new()
    };
    Ok(Seen { outcomes, spent, note, failures })
}
