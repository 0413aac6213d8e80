//! Writes log lines on a thread of their own: whoever reads them may have stopped to, as the log driver of a container does while its
//! disk or collector is slow, and neither a request nor a probe waits for that.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Lines that wait to be written; further ones are dropped, and counted.
const QUEUED_LINES: usize = 4_096;
/// How long the end of the process waits for them.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);
/// How often it looks whether there is room in the queue.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Takes lines to the thread that writes them, each in one call of [`Write::write`], as `tracing_subscriber` makes them. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct LogWriter {
    queue: SyncSender<Queued>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Queued {
    Line(Vec<u8>),
    /// Somebody waits until what came before is written.
    End(SyncSender<()>),
}

impl LogWriter {
    /// Starts the thread, which ends with the last clone.
    ///
    /// # Errors
    ///
    /// Where there can be no thread.
    pub(crate) fn start(log: impl Write + Send + 'static) -> io::Result<Self> {
        let (queue, lines) = sync_channel(QUEUED_LINES);
        let dropped = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&dropped);
        thread::Builder::new().name(String::from("log")).spawn(move || write(log, &lines, &counted))?;
        Ok(Self { queue, dropped })
    }

    /// Waits until everything is written, for a second at most.
    #[expect(clippy::disallowed_methods, reason = "the process has nothing else to do")]
    pub(crate) fn finish(&self) {
        let until = Instant::now() + WRITTEN_WITHIN;
        let (written, end) = sync_channel(1);
        let mut last = Queued::End(written);
        while let Err(TrySendError::Full(queued)) = self.queue.try_send(last) {
            if Instant::now() >= until {
                return;
            }
            last = queued;
            thread::sleep(LOOK_EVERY);
        }
        let left = until.saturating_duration_since(Instant::now());
        let _in_time: Result<(), RecvTimeoutError> = end.recv_timeout(left);
    }
}

/// Calls [`LogWriter::finish`] once it is dropped, as where a panic ends the process, of which the last line tells.
pub(crate) struct FinishLog(pub(crate) LogWriter);

impl Drop for FinishLog {
    fn drop(&mut self) {
        self.0.finish();
    }
}

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Queued::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(mut log: impl Write, lines: &Receiver<Queued>, dropped: &AtomicU64) {
    for queued in lines {
        match queued {
            Queued::Line(line) if log.write_all(&line).is_err() => {
                dropped.fetch_add(1, Ordering::Relaxed);
            }
            Queued::Line(_) => match dropped.swap(0, Ordering::Relaxed) {
                0 => {}
                lines => tracing::warn!(lines, "log lines were dropped, since nobody took them in time"),
            },
            // Whoever waited may have given up.
            Queued::End(written) => written.send(()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn nobody_waits_for_a_log_that_is_not_read_and_what_is_dropped_is_counted() {
        let (mut reader, pipe) = io::pipe().unwrap();
        let mut writer = LogWriter::start(pipe).unwrap();
        let mut lines = 0_u64;
        while writer.dropped.load(Ordering::Relaxed) < 3 {
            writer.write_all(format!("line {lines:08}\n").repeat(100).as_bytes()).unwrap();
            lines += 1;
        }
        let dropped = Arc::clone(&writer.dropped);
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let written =
            text.lines().collect::<Vec<_>>().chunks(100).map(<[_]>::len).filter(|each| *each == 100).count();
        assert_eq!(u64::try_from(written).unwrap() + 3, lines, "whole lines, and all that were not dropped");
        assert_eq!(dropped.load(Ordering::Relaxed), 0, "they were told");
    }

    #[test]
    fn the_end_waits_for_what_was_logged() {
        let (mut reader, pipe) = io::pipe().unwrap();
        let mut writer = LogWriter::start(pipe).unwrap();
        writer.write_all(b"this process ends\n").unwrap();
        writer.finish();
        let mut read = [0; 18];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"this process ends\n");
    }

    #[test]
    fn the_end_waits_for_room_in_a_full_queue_also_after_a_panic() {
        let (mut reader, pipe) = io::pipe().unwrap();
        let mut writer = LogWriter::start(pipe).unwrap();
        while writer.dropped.load(Ordering::Relaxed) < 1 {
            writer.write_all(&[b'.'; 1_000]).unwrap();
        }
        let (start, started) = sync_channel(1);
        let read = thread::spawn(move || {
            started.recv().unwrap();
            let mut text = Vec::new();
            reader.read_to_end(&mut text).unwrap();
            text.len()
        });
        let queue = writer.queue.clone();
        let ended = thread::spawn(move || {
            let _finish = FinishLog(writer);
            start.send(()).unwrap();
            panic!("as the process does");
        });
        assert!(ended.join().is_err());
        assert!(queue.try_send(Queued::Line(Vec::new())).is_ok(), "there is room");
        drop(queue);
        assert!(read.join().unwrap() >= QUEUED_LINES * 1_000);
    }
}
