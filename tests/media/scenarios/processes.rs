//! Processes that go and come while events do: one that is killed, and one that joins and leaves.

use anyhow::Result;
use weir_tests::pipeline::{PATIENCE, Service};

use crate::meter::Meter;
use crate::outcomes::Outcomes;
use crate::place::Place;
use crate::scenario::Seen;

/// Of load; what is done behind it is done by those that are there then.
const SECONDS: u32 = 30;
const KILLS: usize = 3;

/// It is killed, and started again.
pub(crate) async fn killed(place: &Place, rate: u32) -> Result<Seen> {
    let mut media = place.media(&[]).await?;
    let links = place.pictures(rate * SECONDS);
    let load = place.load(&links, rate);
    for _ in 0..KILLS {
        is_at_work(&media, rate).await?;
        media.process.kill()?;
        media = place.media(&[]).await?;
    }
    let meter = Meter::of(&media)?;
    let received = load.await??;
    let outcomes = Outcomes::of(place, &links, &received).await?;
    let (spent, note) = (meter.end().await?, String::from("memory and cores are those of the last process"));
    Ok(Seen { outcomes, spent, note, failures: Vec::new() })
}

/// A second one joins and leaves.
pub(crate) async fn joined(place: &Place, rate: u32) -> Result<Seen> {
    let media = place.media(&[]).await?;
    let meter = Meter::of(&media)?;
    let links = place.pictures(rate * SECONDS);
    let load = place.load(&links, rate);
    is_at_work(&media, rate).await?;
    let mut second = place.media(&[]).await?;
    is_at_work(&second, rate).await?;
    let saved = second.metric("weir_media_links_total", "saved").await?;
    let status = second.process.terminate(PATIENCE).await?;
    let received = load.await??;
    let outcomes = Outcomes::of(place, &links, &received).await?;
    let note = format!(
        "the second process saved {saved} links before it ended; memory and cores are those of the first"
    );
    let failures =
        if status.success() { Vec::new() } else { vec![format!("the second ended with {status}")] };
    Ok(Seen { outcomes, spent: meter.end().await?, note, failures })
}

/// Once it has saved as many links as come in a second.
async fn is_at_work(media: &Service, rate: u32) -> Result<()> {
    media.until_metric("weir_media_links_total", "saved", PATIENCE, |saved| saved >= f64::from(rate)).await
}
