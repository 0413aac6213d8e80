//! Waiting for a condition, never for an amount of time.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a condition rests between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` again and again until it answers `Some`, and returns that.
///
/// # Errors
///
/// What `probe` fails with, at once; or, after `within`, that `what` did not come.
pub async fn until<T>(
    what: &str,
    within: Duration,
    mut probe: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + within;
    loop {
        if let Some(found) = probe().await? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!("waited {within:?} in vain for {what}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_the_probe_finds_is_returned() {
        let mut looks = 0;
        let found = until("the third look", Duration::from_secs(5), async || {
            looks += 1;
            Ok((looks == 3).then_some("here"))
        });
        assert_eq!(found.await.unwrap(), "here");
    }

    #[tokio::test]
    async fn a_condition_that_never_holds_is_named() {
        let never = until("rain", Duration::ZERO, async || Ok(None::<()>)).await.unwrap_err();
        assert_eq!(never.to_string(), "waited 0ns in vain for rain");
    }
}
