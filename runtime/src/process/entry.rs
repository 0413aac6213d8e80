//! The entry of every process: settings in, exit code out.

use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::{About, Process, chain, panics};
use crate::http::admin;
use crate::http::ports::{self, Port};
use crate::kafka::credentials;
use crate::settings::{self, CommonSettings, ConsumerSettings, Problems, Reader};
use crate::telemetry::{self, FinishLog, LogWriter, SpanCounts, Traces};

/// What runs in the background ends at once when it is asked to; more than this means that it hangs.
const TASKS_MAY_TAKE: Duration = Duration::from_secs(2);

type Failure = Box<dyn Error + Send + Sync>;

/// Runs a workload that consumes from the command line to the exit code.
///
/// `declare` adds the flags beside the common ones and those of [`ConsumerSettings`], `read` checks them, `app` is the work. The
/// exit code is 0 after a clean end, 1 after an error, 2 after a bad setting; 130 or 143 when a second signal cuts the
/// end short.
pub fn run_consumer<S, E: Into<Failure>>(
    about: About,
    declare: impl FnOnce(Command) -> Command,
    read: impl FnOnce(&mut Reader<'_>) -> Option<S>,
    app: impl AsyncFnOnce(CommonSettings, S, Process) -> Result<(), E>,
) -> ExitCode {
    let command = ConsumerSettings::declare(command(about, declare));
    launch(
        about,
        &command,
        None,
        read,
        |_| None,
        async |common, settings, process, _| app(common, settings, process).await,
    )
}

/// As [`run_consumer`], for a workload that listens itself: its port and the admin port are bound together before the work
/// begins, so that a start that fails names both. It has one thread unless more are asked for (docs/adr/0095).
#[expect(clippy::missing_panics_doc, reason = "it cannot panic, as the message says")]
pub fn run_listening<S, E: Into<Failure>>(
    about: About,
    declare: impl FnOnce(Command) -> Command,
    read: impl FnOnce(&mut Reader<'_>) -> Option<S>,
    port: impl FnOnce(&S) -> Port,
    app: impl AsyncFnOnce(CommonSettings, S, Process, TcpListener) -> Result<(), E>,
) -> ExitCode {
    let command = command(about, declare);
    let port = |settings: &S| Some(port(settings));
    let app = async |common, settings, process, listener: Option<TcpListener>| {
        let listener = listener.expect("a port that was asked for is bound before the work");
        app(common, settings, process, listener).await
    };
    launch(about, &command, Some(1), read, port, app)
}

fn launch<S, E: Into<Failure>>(
    about: About,
    command: &Command,
    worker_threads: Option<usize>,
    read: impl FnOnce(&mut Reader<'_>) -> Option<S>,
    port: impl FnOnce(&S) -> Option<Port>,
    app: impl AsyncFnOnce(CommonSettings, S, Process, Option<TcpListener>) -> Result<(), E>,
) -> ExitCode {
    let matches = match command.clone().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return print_clap_error(&error),
    };
    match settings(command, &matches, read) {
        Ok((mut common, settings)) => {
            common.worker_threads = common.worker_threads.or(worker_threads);
            let port = port(&settings);
            start(about, common, port, async |common, process, listener| {
                app(common, settings, process, listener).await
            })
        }
        Err(problems) => {
            print_error(format_args!("{}: the settings cannot be used:\n{problems}", about.name));
            print_unknown_variables();
            ExitCode::from(2)
        }
    }
}

/// The command line of a workload with its own flags beside the common ones.
pub fn command(about: About, declare: impl FnOnce(Command) -> Command) -> Command {
    let command = CommonSettings::declare(declare(Command::new(about.name)));
    command.version(about.version).about(about.description)
}

/// Reads the settings of [`command`]; all problems come together.
pub fn settings<S>(
    command: &Command,
    matches: &ArgMatches,
    read: impl FnOnce(&mut Reader<'_>) -> Option<S>,
) -> Result<(CommonSettings, S), Problems> {
    let mut reader = Reader::new(command, matches);
    let common = CommonSettings::read(&mut reader);
    let settings = read(&mut reader);
    reader.finish(common.zip(settings))
}

fn start<E: Into<Failure>>(
    about: About,
    common: CommonSettings,
    port: Option<Port>,
    app: impl AsyncFnOnce(CommonSettings, Process, Option<TcpListener>) -> Result<(), E>,
) -> ExitCode {
    let threads =
        runtime(common.worker_threads).and_then(|runtime| Ok((runtime, LogWriter::start(io::stderr())?)));
    let (runtime, log) = match threads {
        Ok(threads) => threads,
        Err(error) => {
            print_error(format_args!("{}: no threads can be started: {error}", about.name));
            return ExitCode::FAILURE;
        }
    };
    let _finish_log = FinishLog(log.clone());
    let process = Process::new(about.name, about.version);
    let traces = Traces::start(about, SpanCounts::new(&process.registry), runtime.handle());
    let traces_of_log = traces.as_ref().ok().and_then(Option::as_ref);
    let limit = telemetry::install(common.log_format, log.clone(), traces_of_log);
    panics::report();
    let traces = traces.unwrap_or_else(|error| {
        tracing::warn!("there are no traces: {error}");
        None
    });
    if let Some(traces) = &traces {
        traces.announce();
    }
    settings::name_unknown();
    runtime.spawn(limit.report());
    let outcome = runtime.block_on(async {
        let outcome = supervise(common, process, port, log.clone(), app).await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        outcome
    });
    runtime.shutdown_background();
    outcome.map_or_else(|error| failed(&*error), |()| ExitCode::SUCCESS)
}

fn runtime(worker_threads: Option<usize>) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    if let Some(count) = worker_threads {
        builder.worker_threads(count);
    }
    builder.enable_all().build()
}

async fn supervise<E: Into<Failure>>(
    common: CommonSettings,
    process: Process,
    port: Option<Port>,
    log: LogWriter,
    app: impl AsyncFnOnce(CommonSettings, Process, Option<TcpListener>) -> Result<(), E>,
) -> Result<(), Failure> {
    let admin = Port { flag: "--admin-listen", address: common.admin_listen };
    let ports: Vec<Port> = std::iter::once(admin).chain(port).collect();
    let mut listeners = ports::bind(&ports).await?.into_iter();
    let listener = listeners.next().expect("there is a listener for each port");
    let admin = tokio::spawn(admin::serve(listener, process.clone()));
    let signals = process.shutdown.obey_signals(move || log.finish())?;
    tracing::info!(
        name = process.name,
        version = process.version,
        brokers = common.kafka.brokers,
        topic_prefix = common.topic_prefix,
        admin = %common.admin_listen,
        "started"
    );
    let (credentials, shutdown) = (process.credentials.clone(), process.shutdown.clone());
    process.shutdown.spawn(credentials::watch(credentials, &common.kafka, &process.registry, shutdown).await);
    let outcome = app(common, process.clone(), listeners.next()).await.map_err(Into::into);
    let outcome = outcome.and_then(|()| match process.shutdown.failure() {
        Some(what) => Err(format!("{what} panicked, which the log tells more of").into()),
        None => Ok(()),
    });
    process.shutdown.trigger();
    if !process.shutdown.finished(TASKS_MAY_TAKE).await {
        tracing::warn!("shutdown: some background tasks had not ended");
    }
    admin.abort();
    signals.abort();
    if outcome.is_ok() {
        tracing::info!(name = process.name, "ended");
    }
    outcome
}

/// Help and version are answers, everything else is a bad command line. Whoever cannot be told has the exit code.
pub fn print_clap_error(answer: &clap::Error) -> ExitCode {
    let printed = answer.print().and_then(|()| io::stdout().flush());
    if answer.kind() == ErrorKind::InvalidUtf8
        && let Some(names) = settings::no_text_here()
    {
        print_error(format_args!("environment variables that are no UTF-8: {names}"));
    }
    // Whoever closed the pipe, as `head` does, has seen enough.
    let lost =
        printed.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe && !answer.use_stderr());
    if let Some(error) = &lost {
        print_error(format_args!("cannot print: {error}"));
    }
    let code = if lost.is_some() { 1 } else { answer.exit_code() };
    ExitCode::from(u8::try_from(code).unwrap_or(2))
}

fn failed(error: &(dyn Error + 'static)) -> ExitCode {
    tracing::error!("this process ends: {}", chain(error));
    ExitCode::FAILURE
}

/// Says something on standard error where no log does; whoever closed that has the exit code.
pub fn print_error(text: impl fmt::Display) {
    writeln!(io::stderr(), "{text}").unwrap_or_default();
}

/// Names, beside settings that cannot be used, the variables that no process reads: what is not set may be one of them.
pub fn print_unknown_variables() {
    if let Some(unknown) = settings::unknown_here() {
        print_error(format_args!("{} ({unknown})", settings::ARE_UNKNOWN));
    }
}

#[cfg(test)]
mod tests;
