//! `weir demo`: the whole pipeline in one process, on a Kafka that lives in it too.
//!
//! [`pipeline`] starts the parts; [`tour`] posts the [`sample`]s and shows what comes of them, which a watch sees on
//! the topics and [`ledger`] compares with what was expected; [`live`] then shows what others post.

mod cluster;
mod command;
mod ledger;
mod live;
mod pipeline;
mod report;
mod sample;
mod tour;

use crate::records::fact::DescribedRecord;
use crate::records::watch::{Span, Watch};
use crate::screen::{Screen, Tone};
use crate::tool::settings::{count, settings, switch};
use crate::tool::{Exit, Result, not_started, tool, work};
use pipeline::{Pipeline, Shape};
use runtime::process::shutdown::Shutdown;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use tokio::time::Instant;
use tour::Tour;

/// The secret that the demo's deliveries are signed with; anybody may know it.
const APP_SECRET: &str = "00112233445566778899aabbccddeeff";
/// What the demo's handshake asks for.
const VERIFY_TOKEN: &str = "weir-demo-token";
const TOPIC_PREFIX: &str = "meta";

const TITLE: &str = "Weir: Meta's webhooks in, typed events out; all within this process.";

tool! {
    /// Run the whole pipeline here, without Kafka or Meta, and watch events flow through it
    ///
    /// Starts, all in this process: librdkafka's mock cluster with every topic, weir-ingest on a loopback port, weir-messages,
    /// weir-lookups, weir-replies, weir-metrics, and a stub of the Graph API. It posts signed sample deliveries, shows what was
    /// answered and which records came of each, commands an answer to the first, and checks all of it against what is expected. Then
    /// it keeps running for you to post your own, and shows every record as it comes, until Ctrl-C. Nothing is kept.
    ///
    /// Examples:
    ///   weir demo             look around, post your own deliveries
    ///   weir demo --once      check that everything works, and end
    ///
    /// Exit code 0: all as expected, or ended by Ctrl-C; 1: it cannot run, or, with --once, something is missing.
    pub(crate) const TOOL: "demo" = work!(DemoSettings, run);
}

settings! {
    /// What `weir demo` can be asked for.
    struct DemoSettings {
        /// Post the samples, check every record that comes of them, and end: 0 if all is well, else 1
        once: bool = switch("once"),
        /// Loopback port of ingest [default: 8080, or any free one where that is taken]
        port: Option<u16> = count("port", 1..=u64::from(u16::MAX)).named("PORT").optional(),
    }
}

fn run(settings: &DemoSettings, screen: &mut Screen) -> Result<Exit> {
    // With --once its exit code is what it is for.
    if !settings.once {
        screen.is_all_that_is_done();
    }
    let started = Instant::now();
    let cluster = cluster::start().map_err(|error| pipeline::cannot_start("the mock cluster", &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(not_started)?;
    let exit = runtime.block_on(demonstrate(&cluster.bootstrap_servers(), settings, screen, started));
    runtime.shutdown_background();
    exit
}

async fn demonstrate(
    bootstrap: &str,
    settings: &DemoSettings,
    screen: &mut Screen,
    started: Instant,
) -> Result<Exit> {
    let end = Shutdown::new();
    end.obey_signals(|| {}).map_err(not_started)?;
    screen.toned(Tone::Strong, TITLE)?;
    let topics = Topic::ALL.map(|topic| topic.name(TOPIC_PREFIX));
    let mut watch = Watch::start(&KafkaSettings::plain(bootstrap), &topics, Span::Everything, |_| true)?;
    let mut pipeline = tokio::select! {
        pipeline = Pipeline::start(bootstrap, settings.port) => pipeline?,
        () = end.requested() => return interrupted(settings, screen),
    };
    let shape = pipeline.shape.clone();
    let shown = tokio::select! {
        exit = show(&shape, &mut watch, settings, screen, started) => Some(exit),
        error = pipeline.ended() => Some(Err(error)),
        () = end.requested() => None,
    };
    pipeline.stop().await;
    shown.unwrap_or_else(|| interrupted(settings, screen))
}

/// The whole show; it ends by itself with `--once` alone.
async fn show(
    shape: &Shape,
    watch: &mut Watch,
    settings: &DemoSettings,
    screen: &mut Screen,
    started: Instant,
) -> Result<Exit> {
    let parts: Vec<_> = shape.parts.iter().map(|(process, _)| process.name).collect();
    let took = started.elapsed().as_secs_f64();
    screen.line(format!("Up after {took:.1} s, beside a Kafka and a Graph API stub:"))?;
    screen.line(format!("{}.", parts.join(", ")))?;
    let problems = Tour::new(shape, watch, screen).run(started).await?;
    if settings.once {
        return Ok(if problems.is_empty() { Exit::Done } else { Exit::Failure });
    }
    live::invite(shape, settings, screen)?;
    match live::show(watch, screen).await? {}
}

/// What the next record on the topics says.
async fn next(watch: &mut Watch) -> Result<DescribedRecord> {
    let described = watch.next().await.and_then(|record| DescribedRecord::of(&record, TOPIC_PREFIX));
    described.ok_or_else(|| "the watch on the topics ended: nothing reads them".into())
}

fn interrupted(settings: &DemoSettings, screen: &mut Screen) -> Result<Exit> {
    screen.line("")?;
    if settings.once {
        screen.toned(Tone::Bad, "Interrupted before everything was checked.")?;
        return Ok(Exit::Failure);
    }
    screen.line("Ended; nothing is kept.")?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use runtime::settings::Problems;

    fn given(arguments: &[&str]) -> Result<DemoSettings, Problems> {
        let command = DemoSettings::declare(Command::new("demo"));
        let matches = command.clone().get_matches_from(["demo"].iter().chain(arguments));
        read(&command, &matches)
    }

    #[test]
    fn nothing_must_be_given() {
        assert_eq!(given(&[]), Ok(DemoSettings { once: false, port: None }));
        assert_eq!(given(&["--once", "--port", "8081"]), Ok(DemoSettings { once: true, port: Some(8081) }));
    }

    #[test]
    fn a_port_that_cannot_be_is_a_problem() {
        for port in ["0", "65536", "http"] {
            let problems = given(&["--port", port]).unwrap_err().to_string();
            assert!(problems.starts_with("--port (flag): found"), "{problems}");
        }
    }
}
