//! A real binary of the workspace, run by a test.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::guarded::{self, Guarded, Signal};
use crate::http;
use crate::log_tail::log_tail;
use crate::shipped::Container;
use crate::until::until;

/// Lines of each log that a message shows.
const TAIL: usize = 40;

/// A running binary. Dropping it kills it and prints the end of its logs, which the test runner shows when the test failed.
#[derive(Debug)]
pub struct Binary {
    name: String,
    process: Guarded,
    dir: TempDir,
    /// Whether the end of its logs is printed when it is dropped, too.
    is_tested: bool,
}

impl Binary {
    /// Starts a binary that was built into the directory of the test's own executable, as it is deployed: see
    /// [`crate::shipped`], which has more to choose.
    ///
    /// Nothing of the test's own environment reaches it but `envs`.
    ///
    /// # Errors
    ///
    /// When it is not built (the message names the command) or cannot be started.
    pub fn start(name: &str, args: &[&str], envs: &[(&str, &str)]) -> Result<Self> {
        Container::of(name).start(args, envs)
    }

    /// Starts any other program, with the test's own environment beside `envs`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn run(name: &str, program: &Path, args: &[&str], envs: &[(&str, &str)]) -> Result<Self> {
        let text =
            |(key, value): (OsString, OsString)| Some((key.into_string().ok()?, value.into_string().ok()?));
        let inherited: Vec<_> = std::env::vars_os().filter_map(text).collect();
        let inherited: Vec<_> = inherited.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let dir = tempfile::Builder::new().prefix(name).tempdir().context("making a directory for logs")?;
        Self::run_in(dir, name, program, args, &[&inherited, envs].concat())
    }

    /// As [`Self::run`], with `envs` alone and a folder that ends with it.
    pub(crate) fn run_in(
        dir: TempDir,
        name: &str,
        program: &Path,
        args: &[&str],
        envs: &[(&str, &str)],
    ) -> Result<Self> {
        let mut command = guarded::command(program, dir.path());
        command.env_clear().args(args).envs(envs.iter().copied());
        let mut binary = Self::of(name, command, dir)?;
        binary.is_tested = true;
        Ok(binary)
    }

    /// Starts a command made by [`guarded::command`] for the folder `dir`, which ends with it: for programs that are measured
    /// rather than tested, whose logs errors alone show.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn of(name: &str, mut command: Command, dir: TempDir) -> Result<Self> {
        command.stdout(create(&dir.path().join("stdout"))?).stderr(create(&dir.path().join("stderr"))?);
        let process = Guarded::spawn(name, command)?;
        Ok(Self { name: name.to_owned(), process, dir, is_tested: false })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Whether it has not ended.
    ///
    /// # Errors
    ///
    /// When the operating system does not tell.
    pub fn is_running(&mut self) -> Result<bool> {
        Ok(self.process.exited()?.is_none())
    }

    /// What it wrote to its standard output so far.
    ///
    /// # Errors
    ///
    /// When the file it goes to cannot be read.
    pub fn stdout(&self) -> Result<String> {
        read(&self.dir.path().join("stdout"))
    }

    /// What it wrote to its standard error so far.
    ///
    /// # Errors
    ///
    /// When the file it goes to cannot be read.
    pub fn stderr(&self) -> Result<String> {
        read(&self.dir.path().join("stderr"))
    }

    /// Waits for the first whole line of either output that `fits`, and returns it.
    ///
    /// # Errors
    ///
    /// When it ends or `within` passes before; the message names `what` and shows the end of the logs.
    pub async fn line(
        &mut self,
        what: &str,
        within: Duration,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String> {
        let waited = until(what, within, async || {
            // Asked before the logs are read, so that the last words of a process count.
            let ended = self.process.exited()?;
            let found =
                first_line(&self.stdout()?, &fits).or_else(|| first_line(&self.stderr().ok()?, &fits));
            match (found, ended) {
                (None, Some(status)) => bail!("it ended with {status} before {what}"),
                (found, _) => Ok(found),
            }
        });
        waited.await.with_context(|| self.describe())
    }

    /// Waits until a GET of `url` is answered with 200.
    ///
    /// # Errors
    ///
    /// When it ends or `within` passes before; the message shows the end of the logs.
    pub async fn ready(&mut self, url: &str, within: Duration) -> Result<()> {
        let what = format!("200 from {url}");
        let waited = until(&what, within, async || {
            if let Some(status) = self.process.exited()? {
                bail!("it ended with {status} before {what}");
            }
            Ok(http::get(url).await.ok().filter(|(status, _)| status.as_u16() == 200).map(drop))
        });
        waited.await.with_context(|| self.describe())
    }

    /// Sends a signal.
    ///
    /// # Errors
    ///
    /// When it has already ended.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        self.process.signal(signal)
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// When it is still running after `within`.
    pub async fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        self.process.wait(within).await.with_context(|| self.describe())
    }

    /// Asks it to end (SIGTERM) and waits for that.
    ///
    /// # Errors
    ///
    /// When it has already ended, or is still running after `within`.
    pub async fn terminate(&mut self, within: Duration) -> Result<ExitStatus> {
        self.signal(Signal::Terminate).with_context(|| self.describe())?;
        self.wait(within).await
    }

    /// Kills it (SIGKILL).
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Its name and the end of its logs, for an error.
    pub fn describe(&self) -> String {
        let tail = |file| log_tail(&self.dir.path().join(file), TAIL);
        format!(
            "{} (process {})\n--- end of its stdout:\n{}\n--- end of its stderr:\n{}\n---",
            self.name,
            self.pid(),
            tail("stdout"),
            tail("stderr")
        )
    }
}

impl Drop for Binary {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with a failed test, and only then")]
    fn drop(&mut self) {
        if self.is_tested {
            eprintln!("{}", self.describe());
        }
    }
}

/// The path of a binary that was built: `target/debug/deps/end_to_end-1a2b` and `target/debug/examples/generate` run beside
/// `target/debug/weir-ingest`.
///
/// # Errors
///
/// When it is not built; the message names the command.
pub fn built(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("finding the test's own executable")?;
    // A binary of the tests' own lies where the others do.
    let is_below = |dir: &&Path| dir.ends_with("deps") || dir.ends_with("examples");
    let deps = test.ancestors().find(is_below).unwrap_or(&test);
    let dir = deps.parent().with_context(|| format!("{} is in no directory", test.display()))?;
    let program = dir.join(name);
    ensure!(
        program.is_file(),
        "{} is not built: run `cargo build --workspace --bins`, or all of `tests/run`",
        program.display()
    );
    Ok(program)
}

fn create(file: &Path) -> Result<File> {
    File::create(file).with_context(|| format!("creating {}", file.display()))
}

fn read(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn first_line(text: &str, fits: &impl Fn(&str) -> bool) -> Option<String> {
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole.map(str::to_owned).find(|line| fits(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_mins(1);

    #[test]
    fn a_binary_that_is_not_built_is_named_with_the_command() {
        let error = Binary::start("no-such-binary", &[], &[]).unwrap_err().to_string();
        assert!(error.contains("no-such-binary is not built: run `cargo build"), "{error}");
    }

    fn shell(script: &str) -> Binary {
        Binary::run("a-shell", Path::new("sh"), &["-c", script], &[("WORD", "given")]).unwrap()
    }

    #[tokio::test]
    async fn what_it_prints_is_waited_for_and_its_exit_status_returned() {
        let mut binary =
            shell("trap 'exit 3' TERM; echo start; echo \"ready $WORD\" >&2; while :; do :; done");
        let line = binary.line("the ready line", SOON, |line| line.starts_with("ready")).await.unwrap();
        assert_eq!(line, "ready given");
        assert_eq!(binary.stdout().unwrap(), "start\n");
        assert_eq!(binary.terminate(SOON).await.unwrap().code(), Some(3));
    }

    #[tokio::test]
    async fn one_that_ends_too_early_shows_its_last_words() {
        let mut binary = shell("echo because of this >&2; exit 2");
        let error = binary.ready("http://127.0.0.1:9/readyz", SOON).await.unwrap_err();
        let said = format!("{error:#}");
        assert!(said.contains("because of this"), "{said}");
        assert!(
            said.contains("it ended with exit status: 2 before 200 from http://127.0.0.1:9/readyz"),
            "{said}"
        );
        let mut binary = shell("echo last words; exit 0");
        assert!(binary.line("silence", SOON, |line| line == "silence").await.is_err());
    }

    #[test]
    fn only_whole_lines_count() {
        let ready = |line: &str| line.starts_with("ready");
        assert_eq!(first_line("start\nready 1\nready 2\n", &ready).as_deref(), Some("ready 1"));
        assert_eq!(first_line("start\nrea", &ready), None);
        assert_eq!(first_line("start\nready", &ready), None);
    }
}
