//! Films of 2 GiB, which are refused, or saved in parts.

use anyhow::{Result, ensure};
use weir_tests::cdn::Made;
use weir_tests::pipeline::PATIENCE;

use crate::meter::Meter;
use crate::outcomes::Outcomes;
use crate::place::Place;
use crate::scenario::Seen;

const BYTES: u64 = 2 << 30;
const RATE: u32 = 10;
/// What memory may grow by, in MiB: a part of one link, and what the process takes at its first work.
const GROWTH: u64 = 64;

pub(crate) async fn play(place: &Place) -> Result<Seen> {
    let film = |what, name| place.cdn.made(what, BYTES, name);
    let links = [
        film(Made::Film, "measured"),
        film(Made::Unmeasured, "unmeasured"),
        film(Made::Film, "within-the-limit"),
    ];
    let (refused, saved) = links.split_at(2);

    let mut usual = place.media(&[]).await?;
    let meter = Meter::of(&usual)?;
    let mut received = place.load(refused, RATE).await??;
    usual.until_metric("weir_media_links_total", "too_large", PATIENCE * 2, |links| links > 1.5).await?;
    let refusing = meter.end().await?;
    let status = usual.process.terminate(PATIENCE).await?;
    ensure!(status.success(), "weir-media ended with {status}");

    let media = place.media(&[("WEIR_MEDIA_MAX_BYTES", "3GiB")]).await?;
    let meter = Meter::of(&media)?;
    received.extend(place.load(saved, RATE).await??);
    let outcomes = Outcomes::of(place, &links, &received).await?;
    let spent = meter.end().await?;

    let expected: Vec<_> = links.iter().cloned().zip(["too_large", "too_large", "saved"]).collect();
    let mut failures = outcomes.unlike(&expected);
    let bytes: u64 = saved.iter().map(|link| outcomes.bytes(link)).sum();
    if bytes != BYTES {
        failures.push(format!("{bytes} bytes were saved, not {BYTES}"));
    }
    for spent in [refusing, spent] {
        if spent.peak > spent.before + GROWTH {
            failures.push(format!("memory grew from {} to {} MiB", spent.before, spent.peak));
        }
    }
    let note =
        format!("refusing took {} MiB at most, where {} were there before", refusing.peak, refusing.before);
    Ok(Seen { outcomes, spent, note, failures })
}
