//! What is posted meanwhile: messages at a steady rate, and every fixture again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;
use weir_tests::fixtures;
use weir_tests::oracle::{self, Oracle};
use weir_tests::signed::Sender;

/// About as many, beside the messages; most of them are one event.
pub(crate) const FIXTURES_PER_SECOND: f64 = 20.0;

/// A load that runs until it is stopped.
pub(crate) struct Load {
    messages: oracle::Load,
    is_stopped: Arc<AtomicBool>,
    fixtures: JoinHandle<()>,
}

/// Posts `rate` messages a second, and the fixtures.
pub(crate) fn start(sender: Sender, rate: u32) -> Result<Load> {
    let bodies = fixtures::deliveries()?;
    let messages = Oracle::new().load(&sender, rate);
    let is_stopped = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&is_stopped);
    let fixtures = tokio::spawn(async move {
        for body in bodies.iter().cycle() {
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            // What is answered is in the metrics.
            drop(sender.post(body).await);
            tokio::time::sleep(Duration::from_secs_f64(1.0 / FIXTURES_PER_SECOND)).await;
        }
    });
    Ok(Load { messages, is_stopped, fixtures })
}

impl Load {
    pub(crate) async fn stop(self) -> Result<()> {
        self.is_stopped.store(true, Ordering::Relaxed);
        self.fixtures.await.context("the load failed")?;
        self.messages.stop().await
    }
}
