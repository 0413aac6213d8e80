//! `weir-ingest`: wires the settings to the server.

use runtime::process::{self, About};
use std::process::ExitCode;
use weir_ingest::Settings;

const ABOUT: About = About {
    name: "weir-ingest",
    version: env!("CARGO_PKG_VERSION"),
    description: "Takes Meta's webhooks, proves that Meta signed them, and puts them on Kafka before it answers",
};

fn main() -> ExitCode {
    process::run_listening(
        ABOUT,
        Settings::declare,
        Settings::read,
        Settings::port,
        async |common, settings, process, listener| {
            weir_ingest::serve(listener, &common.kafka, &common.topic_prefix, settings, process).await
        },
    )
}
