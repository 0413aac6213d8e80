//! A connection as hyper reads and writes it, with a clock that tells a slow head from an idle connection.
//!
//! hyper has one timeout for both: it starts when hyper begins to wait for a head. It takes the time from a timer that
//! it is given, so the timer here ends each wait when the right one of three limits has passed.

use crate::settings::Limits;
use hyper::rt::{Sleep, Timer};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// What ran out on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RanOut {
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
pub(crate) struct Patience {
    first_byte: Duration,
    head: Duration,
    idle: Duration,
}

/// What the stream and the timer of one connection tell each other.
#[derive(Debug)]
pub(crate) struct Clock {
    opened: Instant,
    /// Microseconds from `opened` to the first byte of the head that is waited for, plus one; zero before it.
    head_began: AtomicU64,
    /// Whether a head has been waited for before.
    is_used: AtomicBool,
    ran_out: AtomicU8,
}

impl Patience {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { first_byte: limits.first_byte_timeout, head: limits.header_timeout, idle: limits.idle_timeout }
    }
}

impl Clock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            opened: Instant::now(),
            head_began: AtomicU64::new(0),
            is_used: AtomicBool::new(false),
            ran_out: AtomicU8::new(0),
        })
    }

    /// What ran out, if that is how the connection ended.
    pub(crate) fn ran_out(&self) -> Option<RanOut> {
        let all = [RanOut::FirstByte, RanOut::Head, RanOut::Idle, RanOut::Answer];
        all.into_iter().find(|what| self.ran_out.load(Ordering::Relaxed) == *what as u8 + 1)
    }

    fn note(&self, what: RanOut) {
        self.ran_out.store(what as u8 + 1, Ordering::Relaxed);
    }

    /// Bytes came.
    fn read(&self) {
        let micros = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX - 1);
        // Only the first byte since the wait began counts.
        let _is_first =
            self.head_began.compare_exchange(0, micros + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    }

    fn head_began(&self) -> Option<Instant> {
        let micros = self.head_began.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.opened + Duration::from_micros(micros))
    }
}

/// The timer that hyper is given; it knows better than hyper how long to wait.
#[derive(Debug)]
pub(crate) struct HeadTimer {
    pub(crate) clock: Arc<Clock>,
    pub(crate) patience: Patience,
}

impl Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(std::time::Instant::now() + duration)
    }

    /// hyper asks for this when it begins to wait for a head.
    fn sleep_until(&self, _deadline: std::time::Instant) -> Pin<Box<dyn Sleep>> {
        self.clock.head_began.store(0, Ordering::Relaxed);
        let (nothing, quiet) = if self.clock.is_used.swap(true, Ordering::Relaxed) {
            (RanOut::Idle, self.patience.idle)
        } else {
            (RanOut::FirstByte, self.patience.first_byte)
        };
        Box::pin(HeadWait {
            clock: Arc::clone(&self.clock),
            nothing,
            quiet_until: Instant::now() + quiet,
            head: self.patience.head,
            sleep: None,
        })
    }
}

/// One wait for a head.
struct HeadWait {
    clock: Arc<Clock>,
    /// What has run out when no byte came.
    nothing: RanOut,
    quiet_until: Instant,
    head: Duration,
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Sleep for HeadWait {}

impl Future for HeadWait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (what, deadline) = match self.clock.head_began() {
            Some(began) => (RanOut::Head, began + self.head),
            None => (self.nothing, self.quiet_until),
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        ready!(sleep.as_mut().poll(context));
        self.clock.note(what);
        Poll::Ready(())
    }
}

/// The socket; an answer that is not taken in time breaks it.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    clock: Arc<Clock>,
    /// How long an answer may stay untaken.
    patience: Duration,
    untaken: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Wire {
    pub(crate) const fn new(stream: TcpStream, clock: Arc<Clock>, patience: Patience) -> Self {
        Self { stream, clock, patience: patience.idle, untaken: None }
    }

    /// Passes on what a write gave; while it waits, the time runs.
    fn taken<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.untaken = None;
            return written;
        }
        let patience = self.patience;
        let sleep = self.untaken.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(sleep.as_mut().poll(context));
        self.clock.note(RanOut::Answer);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.clock.read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.taken(context, written)
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
