//! `weir spool`: what ingest keeps on its disk, shown, given out, and made to wait for Kafka again.
//!
//! All of it works beside a running ingest, which is asked; where none runs, the tool opens the file itself. How, says
//! [`weir_ingest::spool::inspect`].
//! Only `retry --apply` changes anything. What people wrote is printed by `show` and `export`, never by `list`.

mod advice;
mod contents;
mod export;
mod list;
mod quantity;
mod record;
mod retry;
mod settings;
mod show;
mod table;

use crate::tool::{Work, tool, work};
use settings::{ExportSettings, ListSettings, RetrySettings, ShowSettings};

tool! {
    /// Show what ingest keeps on its disk, and let what is parked go to Kafka again
    ///
    /// While Kafka does not take deliveries, ingest keeps them in its --spool-dir and brings them to Kafka later, in their order. A
    /// delivery that Kafka refuses is parked there, so that it is not in the way of the others: a record of it is too large for its
    /// topic, say. Ingest tries one of them every minute (too_large: every hour, and as it starts), and once Kafka takes it the
    /// others too; `weir spool retry` lets them wait for Kafka at once.
    ///
    /// Run it where ingest runs, as the user that ingest runs as, with the same --spool-dir or WEIR_SPOOL_DIR. It works whether
    /// ingest runs or not: one that runs is asked over spool.sock in that directory. Only `weir spool retry --apply` changes
    /// anything.
    pub(crate) const TOOL: "spool" = Work::Tools(&[LIST, SHOW, RETRY, EXPORT]);
}

tool! {
    /// List the deliveries on the disk, the oldest first; changes nothing
    ///
    /// Prints a delivery a line: its id, its age, the bytes of its body, its state, its events by kind, the app whose secret it was
    /// signed with, and when it was received. The state is `waiting`, which ends by itself once Kafka takes it; or why it is parked:
    /// too_large, not_authorized, unknown_topic or invalid_record, which end once the reason is gone, corrupt, or panicked, over
    /// which ingest panicked. Nothing of what people wrote is shown.
    ///
    /// Below stand how much there is in which state, what to do about it, and the damaged files that ingest retired.
    ///
    /// With --json every line is an object of a delivery, and the last line holds the sums as `summary` and the damaged files as
    /// `files_put_aside`.
    ///
    /// Exit code 0: it could be read; 1: it cannot be read; 2: there is no spool where it was looked for.
    ///
    /// Examples:
    ///   weir spool list --spool-dir /var/lib/weir/spool
    ///   weir spool list --set-aside
    ///   weir spool list --json | jq -r 'select(.reason == "too_large").id'
    const LIST: "list" = work!(ListSettings, list::run);
}

tool! {
    /// Show one delivery with its body; changes nothing
    ///
    /// Prints everything that is kept of a delivery, its body included: what people wrote. Characters that could steer a terminal are
    /// escaped.
    ///
    /// With --body only the body is printed, as the very bytes that Meta sent; with --json the line of `weir spool export`.
    ///
    /// Exit code 0: shown; 1: it is not there, or cannot be read; 2: there is no spool where it was looked for.
    ///
    /// Examples:
    ///   weir spool show 019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b
    ///   weir spool show --body 019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b | weir events
    const SHOW: "show" = work!(ShowSettings, show::run);
}

tool! {
    /// Let what is parked wait for Kafka again; a dry run unless --apply
    ///
    /// First do away with the reason for which Kafka refused them; `weir spool list` says how. Without --apply it shows which
    /// deliveries would wait again. With --apply they do, in their old places: a running ingest sends them within seconds, one that
    /// does not run as soon as it does. What Kafka still refuses is parked again, and nothing is lost.
    ///
    /// A corrupt delivery stays parked: it is not what Meta signed any more, so it is never sent. `weir spool show` prints what is
    /// left of it.
    ///
    /// Exit code 0: done, or shown; 1: the spool cannot be read or written; 2: there is no spool where it was looked for, or the
    /// command line is wrong; 3: deliveries were named that are not there, wait already, or are corrupt.
    ///
    /// Examples:
    ///   weir spool retry --all
    ///   weir spool retry --all --reason too_large --apply
    ///   weir spool retry --apply 019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b
    const RETRY: "retry" = work!(RetrySettings, retry::run);
}

tool! {
    /// Print whole deliveries as JSON lines; changes nothing
    ///
    /// Prints a delivery a line, as a JSON object, the oldest first: id, received, app, state, reason, corrupt, headers, and what
    /// people wrote: the body as a string where it is UTF-8, which Meta's always are, else in base64 as body_base64. The bytes of the
    /// body are exactly those that came, so the signature in headers holds: a delivery can be posted to an ingest again, which then
    /// takes it as one that Meta sent.
    ///
    /// Exit code 0: printed; 1: the spool cannot be read; 2: there is no spool where it was looked for.
    ///
    /// Examples:
    ///   weir spool export > spool.jsonl
    ///   weir spool export --set-aside | jq -r .id
    ///
    /// To post them again, each with its signature:
    ///   weir spool export --set-aside | while IFS= read -r line; do
    ///     printf %s "$line" | jq -j 'if has("body") then .body|@base64 else .body_base64 end' | base64 -d |
    ///       curl -sS -w " %{http_code} $(printf %s "$line" | jq -r .id)\n" \
    ///       -H "x-hub-signature-256: $(printf %s "$line" | jq -r '.headers["x-hub-signature-256"]')" \
    ///       --data-binary @- http://localhost:8080/webhook
    ///   done
    /// What is corrupt is answered 401: it is not what was signed.
    const EXPORT: "export" = work!(ExportSettings, export::run);
}
