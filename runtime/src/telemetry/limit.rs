//! Bounds what one call site in the code can write into the log, whoever provokes it and however often.
//!
//! Whoever knows that a line repeats throttles it with [`crate::throttle::Throttle`]; this holds for every line,
//! those of libraries included, and for those that nobody thought of.

use crate::mutex::lock;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata};
use tracing_subscriber::layer::{Context, Filter};

/// How many lines each call site may write in each [`WINDOW`].
const LINES: u32 = 20;

/// How long they are counted.
const WINDOW: Duration = Duration::from_mins(1);

/// The name of an event (`name: ONE_OF_MANY` in a macro of `tracing`) that tells of something that no other line does, such as a
/// delivery that is lost or a file that cannot be read: it is never left out. Whoever gives it that name tells each thing once, and
/// bounds how many there are.
pub const ONE_OF_MANY: &str = "one of many";

/// Lets the first lines of each call site through and counts the rest. Clones count together. What is below `info` is
/// there because somebody asked for it, and passes.
#[derive(Clone, Debug, Default)]
pub(crate) struct LineLimit {
    call_sites: Arc<Mutex<HashMap<Identifier, CallSite>>>,
}

#[derive(Debug)]
struct CallSite {
    metadata: &'static Metadata<'static>,
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl LineLimit {
    fn passes(&self, metadata: &'static Metadata<'static>, now: Instant) -> bool {
        if *metadata.level() > Level::INFO || metadata.name() == ONE_OF_MANY {
            return true;
        }
        let mut call_sites = lock(&self.call_sites);
        let call_site = call_sites.entry(metadata.callsite());
        let call_site = call_site.or_insert(CallSite { metadata, since: now, lines: 0, left_out: 0 });
        if now.saturating_duration_since(call_site.since) >= WINDOW {
            (call_site.since, call_site.lines) = (now, 0);
        }
        if call_site.lines == LINES {
            call_site.left_out += 1;
            return false;
        }
        call_site.lines += 1;
        true
    }

    /// The call sites whose lines were left out since the last time, and how many.
    fn left_out(&self) -> Option<String> {
        let mut call_sites = lock(&self.call_sites);
        let mut texts = Vec::new();
        for call_site in call_sites.values_mut().filter(|call_site| call_site.left_out > 0) {
            let (file, line) =
                (call_site.metadata.file().unwrap_or("?"), call_site.metadata.line().unwrap_or_default());
            texts.push(format!("{} at {file}:{line}", std::mem::take(&mut call_site.left_out)));
        }
        (!texts.is_empty()).then(|| texts.join(", "))
    }

    /// Says every minute what was left out, without end.
    pub(crate) async fn report(self) {
        loop {
            tokio::time::sleep(WINDOW).await;
            if let Some(lines) = self.left_out() {
                tracing::warn!(lines, "repeated log lines were suppressed");
            }
        }
    }
}

impl<S> Filter<S> for LineLimit {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.passes(event.metadata(), Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tracing::metadata::Kind;
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// What is written, by all who have it.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            lock(&self.0).write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn count(&self, part: &str) -> usize {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap().matches(part).count()
        }
    }

    fn provoke() {
        for number in 0..1_000 {
            tracing::error!("one mistake");
            tracing::info!("another thing");
            tracing::debug!("what somebody asked for");
            tracing::error!(name: ONE_OF_MANY, delivery = number, "lost");
        }
        tracing::warn!("said once");
    }

    fn is_bounded(written: &Written, limit: &LineLimit) {
        assert_eq!((written.count("one mistake"), written.count("another thing")), (20, 20));
        assert_eq!(written.count("said once"), 1);
        assert_eq!(written.count("what somebody asked for"), 1_000);
        assert_eq!(written.count("lost"), 1_000, "each has a name of its own");
        let said = limit.left_out().unwrap();
        assert_eq!(said.matches("980 at runtime/src/telemetry/limit.rs:").count(), 2, "{said}");
        assert_eq!(limit.left_out(), None);
    }

    #[test]
    fn no_place_writes_more_than_its_lines_and_what_is_left_out_is_counted() {
        let (written, limit) = (Written::default(), LineLimit::default());
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(limit.clone()));
        tracing::subscriber::with_default(subscriber, provoke);
        is_bounded(&written, &limit);
    }

    #[test]
    fn the_same_holds_where_traces_are_exported_beside_the_lines() {
        let (written, limit) = (Written::default(), LineLimit::default());
        let writer = written.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let beside = tracing_subscriber::fmt::layer().with_writer(std::io::sink);
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(limit.clone())).with(beside);
        tracing::subscriber::with_default(subscriber, provoke);
        is_bounded(&written, &limit);
    }

    #[test]
    fn a_place_has_its_lines_again_in_the_next_minute() {
        let limit = LineLimit::default();
        let metadata = tracing::callsite::Callsite::metadata({
            tracing::callsite!(name: "call_site", kind: Kind::EVENT, level: Level::INFO, fields: message)
        });
        let start = Instant::now();
        let passed = |now| (0..100).filter(|_| limit.passes(metadata, now)).count();
        assert_eq!((passed(start), passed(start + WINDOW / 2), passed(start + WINDOW)), (20, 0, 20));
    }
}
