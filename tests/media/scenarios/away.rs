//! A store that is away while events come.

use std::time::Instant;

use anyhow::Result;

use crate::Arguments;
use crate::meter::Meter;
use crate::outcomes::Outcomes;
use crate::place::Place;
use crate::scenario::Seen;

/// Events in that time, so that those of an hour fit on a disk.
const MOST: u32 = 30_000;

pub(crate) async fn play(place: &mut Place, arguments: &Arguments) -> Result<Seen> {
    let media = place.media(&[]).await?;
    let seconds = arguments.store_away;
    let rate = (MOST / seconds).clamp(1, arguments.rate);
    let links = place.pictures(rate * seconds);
    place.store.take_away()?;
    let (meter, of_away) = (Meter::of(&media)?, Meter::of(&media)?);
    let received = place.load(&links, rate).await??;
    let errors = media.metric("weir_media_store_errors_total", "").await?;
    let saved = media.metric("weir_media_links_total", "saved").await?;
    let records = media.metric("weir_consumer_lag_records", "").await?;
    let memory = of_away.end().await?.peak;

    place.store.bring_back().await?;
    let back = Instant::now();
    let outcomes = Outcomes::of(place, &links, &received).await?;
    let caught_up = back.elapsed().as_secs();
    let note = format!(
        "{rate} events a second for {seconds} s; then the lag was {records} records, memory {memory} MiB at most, attempts \
         that the store did not take {errors}; all was told {caught_up} s after it was back"
    );
    let mut failures = Vec::new();
    if errors < 1.0 || saved > 0.0 {
        failures.push(format!("the store was not away: {saved} links were saved in it"));
    }
    let expected: Vec<_> = links.iter().map(|link| (link.clone(), "saved")).collect();
    failures.extend(outcomes.unlike(&expected));
    Ok(Seen { outcomes, spent: meter.end().await?, note, failures })
}
