//! A connection as hyper reads and writes it, with timeouts that tell a slow head from an idle connection.
//!
//! hyper has one timeout for both: it starts when hyper begins to wait for a head. It takes the time from a timer that
//! it is given, so the timer here ends each wait when the right one of three timeouts has passed.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::mutex::lock;

/// Which timeout ended a connection: it is closed, and nothing is said of it in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimedOut {
    /// Nothing came at all.
    FirstByte,
    /// A head did not become whole.
    Head,
    /// No further request came.
    Idle,
    /// An answer was not taken.
    Answer,
}

/// How long a client may take for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// From the start of a connection to its first byte.
    pub first_byte: Duration,
    /// From the first byte of a head to its end.
    pub head: Duration,
    /// From an answer to the next request.
    pub idle: Duration,
    /// Without a byte of an answer being taken.
    pub write: Duration,
}

/// What the stream and the timer of one connection tell each other.
#[derive(Debug)]
pub struct Clock {
    timeouts: Timeouts,
    /// When the first byte came of the head that is waited for. A pipelined head, read together with the request before it, is timed
    /// from its next byte; if none comes, the connection counts as idle.
    head_began: Mutex<Option<Instant>>,
    /// Whether a head has been waited for before.
    is_used: AtomicBool,
    timed_out: OnceLock<TimedOut>,
}

impl Clock {
    /// A clock for a connection that begins now.
    pub fn start(timeouts: Timeouts) -> Arc<Self> {
        Arc::new(Self {
            timeouts,
            head_began: Mutex::default(),
            is_used: AtomicBool::new(false),
            timed_out: OnceLock::new(),
        })
    }

    /// Which timeout ended the connection, if one did.
    pub fn timed_out(&self) -> Option<TimedOut> {
        self.timed_out.get().copied()
    }

    fn set_timed_out(&self, what: TimedOut) {
        // Only the first counts.
        let _first = self.timed_out.set(what);
    }

    /// Bytes came, of which the first since the wait began counts.
    fn note_bytes(&self) {
        // Nobody waits for this lock: whoever reads and whoever waits are the connection's one task.
        lock(&self.head_began).get_or_insert_with(Instant::now);
    }
}

/// The timer that hyper is given; it knows better than hyper how long to wait.
#[derive(Debug)]
pub struct HeadTimer(pub Arc<Clock>);

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(std::time::Instant::now() + duration)
    }

    /// hyper asks for this when it begins to wait for a head.
    fn sleep_until(&self, _deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        let clock = Arc::clone(&self.0);
        *lock(&clock.head_began) = None;
        let (when_silent, timeout) = if clock.is_used.swap(true, Ordering::Relaxed) {
            (TimedOut::Idle, clock.timeouts.idle)
        } else {
            (TimedOut::FirstByte, clock.timeouts.first_byte)
        };
        Box::pin(HeadWait { clock, when_silent, silent_deadline: Instant::now() + timeout, sleep: None })
    }
}

/// One wait for a head.
struct HeadWait {
    clock: Arc<Clock>,
    /// What has run out when no byte came.
    when_silent: TimedOut,
    silent_deadline: Instant,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Sleep for HeadWait {}

impl Future for HeadWait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let began = *lock(&self.clock.head_began);
        let (what, deadline) = match began {
            Some(began) => (TimedOut::Head, began + self.clock.timeouts.head),
            None => (self.when_silent, self.silent_deadline),
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        ready!(sleep.as_mut().poll(context));
        self.clock.set_timed_out(what);
        Poll::Ready(())
    }
}

/// The socket; an answer that is not taken in time breaks it.
#[derive(Debug)]
pub struct TimedStream {
    stream: TcpStream,
    clock: Arc<Clock>,
    write_deadline: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl TimedStream {
    /// The stream of the connection that `clock` belongs to.
    pub const fn new(stream: TcpStream, clock: Arc<Clock>) -> Self {
        Self { stream, clock, write_deadline: None }
    }

    /// Passes on what a write gave; while it waits, the time runs.
    fn in_time<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_deadline = None;
            return written;
        }
        let timeout = self.clock.timeouts.write;
        let sleep = self.write_deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(sleep.as_mut().poll(context));
        self.clock.set_timed_out(TimedOut::Answer);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.clock.note_bytes();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
