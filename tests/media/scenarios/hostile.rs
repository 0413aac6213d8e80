//! A host that stalls, lies, redirects and sends without end, between pictures of others.

use anyhow::Result;
use weir_tests::cdn::{Answer, Cdn, Made};

use crate::meter::Meter;
use crate::outcomes::Outcomes;
use crate::place::{PICTURE, Place};
use crate::scenario::Seen;

/// How often each is there.
const TIMES: usize = 20;
const PICTURES: u32 = 1_000;
const RATE: u32 = 100;
/// The size of the largest thing that is saved here.
const MOST: u64 = 6 << 20;
const PAGE: &[u8] = b"<!doctype html><script>alert(1)</script>";

pub(crate) async fn play(place: &Place) -> Result<Seen> {
    let settings =
        [("WEIR_MEDIA_MAX_BYTES", "6MiB"), ("WEIR_MEDIA_STALL_TIMEOUT", "2s"), ("WEIR_MEDIA_PATIENCE", "3s")];
    let media = place.media(&settings).await?;
    let meter = Meter::of(&media)?;
    let pictures = place.pictures(PICTURES);
    let mut expected = Vec::new();
    for (number, some) in pictures.chunks(pictures.len().div_ceil(TIMES)).enumerate() {
        expected.extend(links(&place.cdn, number));
        expected.extend(some.iter().map(|link| (link.clone(), "saved")));
    }
    let links: Vec<_> = expected.iter().map(|(link, _)| link.clone()).collect();
    let received = place.load(&links, RATE).await??;
    let outcomes = Outcomes::of(place, &links, &received).await?;
    let (note, failures) = (outcomes.counts(), outcomes.unlike(&expected));
    Ok(Seen { outcomes, spent: meter.end().await?, note, failures })
}

/// Links, and what becomes of each.
fn links(cdn: &Cdn, number: usize) -> [(String, &'static str); 11] {
    let made = |what: Made, bytes: u64| cdn.made(what, bytes, &format!("hostile-{number}"));
    let answer = |name: &str, status: u16, header: &'static str, value: &str| {
        let answer = Answer { status, headers: vec![(header, value.to_owned())], body: PAGE.to_vec() };
        cdn.answer(&format!("/{name}/{number}"), answer)
    };
    let itself = format!("/loop/{number}");
    [
        (made(Made::Stalled, PICTURE), "failed (timed_out)"),
        (made(Made::Cut, PICTURE), "failed (connection)"),
        (made(Made::Unmeasured, MOST + 1), "too_large"),
        (made(Made::Film, MOST + 1), "too_large"),
        (answer("metadata", 302, "location", "https://169.254.169.254/latest/meta-data/"), "refused (host)"),
        (answer("plain", 302, "location", "http://localhost/"), "refused (not_https)"),
        (answer("loop", 302, "location", &itself), "refused (redirects)"),
        (answer("packed", 200, "content-encoding", "gzip"), "refused (encoded)"),
        (answer("page", 200, "content-type", "image/png"), "failed (page)"),
        (answer("expired", 403, "x-why", "URL signature expired"), "gone (http_403)"),
        (answer("broken", 500, "x-why", "a fault"), "failed (http_500)"),
    ]
}
