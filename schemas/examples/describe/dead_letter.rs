//! The part of the page that is about the records of a topic of dead letters.

use crate::content::{Content, PREFIX};
use crate::reasons;
use schemas::Topic;

/// What they are, why they are there, and a sample of the headers.
pub(crate) fn section(topic: Topic) -> String {
    let place = if topic == Topic::IngestDlq {
        ""
    } else {
        "`weir_dlq_topic`, `weir_dlq_partition`, `weir_dlq_offset`, `weir_dlq_first_written`,\n"
    };
    let reasons = reasons::of(topic);
    let rows: Vec<_> = reasons.iter().map(|(word, about)| format!("| `{word}` | {about} |\n")).collect();
    format!(
        "
{about} They are `weir_dlq_error`, `weir_dlq_consumer`, `weir_dlq_attempts`, `weir_dlq_first_failed`,
{place}and `weir_dlq_reason`, one of these words, to which more may come:

| reason | what |
|---|---|
{rows}
```text
{sample}
```
",
        about = Content::DeadLetter(topic).about(),
        rows = rows.concat(),
        sample = sample(topic, reasons.first().copied().unwrap_or_default()),
    )
}

/// The headers that say why, one a line.
fn sample(topic: Topic, (reason, about): reasons::Reason) -> String {
    let (consumer, from) = match topic {
        Topic::MessagesDlq => ("weir-messages", Some(Topic::Messages)),
        Topic::LookupsDlq => ("weir-lookups", Some(Topic::Comments)),
        Topic::MetricsDlq => ("weir-metrics", Some(Topic::Messages)),
        Topic::MediaDlq => ("weir-media", Some(Topic::Messages)),
        Topic::RepliesDlq => ("weir-replies", Some(Topic::Replies)),
        _ => ("weir-ingest", None),
    };
    let place = from.map_or_else(String::new, |from| {
        let from = from.name(PREFIX);
        format!(
            "weir_dlq_topic={from}\nweir_dlq_partition=7\nweir_dlq_offset=18734\n\
             weir_dlq_first_written=2025-07-18T16:20:40.871Z\n"
        )
    });
    format!(
        "weir_dlq_reason={reason}\nweir_dlq_error={about}\nweir_dlq_consumer={consumer}\n{place}\
         weir_dlq_attempts=1\nweir_dlq_first_failed=2025-07-18T16:20:41.012Z"
    )
}
