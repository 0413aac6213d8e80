//! A child process that ends with its owner, whatever happens to the owner.
//!
//! The child is started through `sh`, which leaves a watcher behind and becomes the program itself, so that the process id
//! and the exit status are the program's own. The watcher reads a pipe whose other end only the owner holds:
//! when the owner is gone without having released it, the watcher kills the child and removes its directory.
//!
//! What a shell starts in the background has SIGINT ignored, and hands that on: a child is given it back, as a terminal would.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::until::until;

/// Arguments: the directory to remove, the program, the program's arguments.
const WATCH: &str = r#"
exec 3<&0 </dev/null
remove=$1
shift
( read -r released <&3 || { kill -KILL $$; sleep 1; rm -rf -- "$remove"; } ) >/dev/null 2>&1 &
exec env --default-signal=INT "$@" 3<&-
"#;

/// What a test sends to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: please end.
    Terminate,
    /// SIGINT: what Ctrl-C sends.
    Interrupt,
    /// SIGSTOP: hang.
    Stop,
    /// SIGCONT: go on after [`Signal::Stop`].
    Continue,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Stop => "STOP",
            Self::Continue => "CONT",
        }
    }
}

/// The command that runs `program` under the watcher; the caller adds arguments, environment and where the output goes.
///
/// `remove` is the child's directory, removed only when the owner has been killed.
pub fn command(program: &Path, remove: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", WATCH, "sh"]).arg(remove).arg(program);
    command
}

/// A running child. Dropping it kills and reaps it.
#[derive(Debug)]
pub struct Guarded {
    name: String,
    child: Child,
    status: Option<ExitStatus>,
}

impl Guarded {
    /// Starts a command made by [`command`]. `name` stands for it in errors.
    ///
    /// # Errors
    ///
    /// When no process can be started.
    pub fn spawn(name: &str, mut command: Command) -> Result<Self> {
        let child = command.stdin(Stdio::piped()).spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { name: name.to_owned(), child, status: None })
    }

    /// The program's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if it has ended.
    ///
    /// # Errors
    ///
    /// When the operating system does not tell.
    pub fn exited(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait().with_context(|| format!("looking after {}", self.name))?;
            if self.status.is_some() {
                self.release();
            }
        }
        Ok(self.status)
    }

    /// Sends a signal.
    ///
    /// # Errors
    ///
    /// When it has already ended, or the signal cannot be sent.
    pub fn signal(&mut self, signal: Signal) -> Result<()> {
        let name = &self.name;
        ensure!(self.status.is_none(), "{name} has ended, no signal can be sent to it");
        // The shell's own `kill`: a small system has no program of that name.
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal.name(), &self.child.id().to_string()])
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("sending {signal:?} to {name}"))?;
        ensure!(sent.success(), "sending {signal:?} to {name}: kill ended with {sent}");
        Ok(())
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// When it is still running after `within`; it goes on running.
    pub async fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let what = format!("the end of {}", self.name);
        until(&what, within, async || self.exited()).await
    }

    /// Kills it (SIGKILL) and waits until it is gone. Nothing happens where it has already ended.
    ///
    /// # Errors
    ///
    /// When it can be neither killed nor waited for.
    pub fn kill(&mut self) -> Result<()> {
        if self.exited()?.is_some() {
            return Ok(());
        }
        self.child.kill().with_context(|| format!("killing {}", self.name))?;
        // Before the process id is given back, so that the watcher can never hit another process.
        self.release();
        self.status =
            Some(self.child.wait().with_context(|| format!("waiting for the end of {}", self.name))?);
        Ok(())
    }

    /// Tells the watcher that there is nothing left to guard.
    fn release(&mut self) {
        if let Some(mut pipe) = self.child.stdin.take() {
            // A watcher that is gone already needs no word.
            drop(pipe.write_all(b"released\n"));
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // There is nobody to tell; the closed pipe makes the watcher try again.
        drop(self.kill());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    const SOON: Duration = Duration::from_mins(1);

    fn shell(script: &str) -> Guarded {
        let dir = tempfile::tempdir().unwrap();
        let mut command = command(Path::new("sh"), dir.path());
        command.args(["-c", script]);
        Guarded::spawn("a shell", command).unwrap()
    }

    #[tokio::test]
    async fn the_exit_status_is_the_programs_own() {
        let status = shell("exit 7").wait(SOON).await.unwrap();
        assert_eq!(status.code(), Some(7));
    }

    #[tokio::test]
    async fn signals_reach_the_program() {
        let mut child = shell("trap 'exit 5' TERM; while :; do read -r line || :; done");
        // The trap may not be set yet, so the signal may also end the shell the usual way.
        child.signal(Signal::Stop).unwrap();
        assert_eq!(child.exited().unwrap(), None);
        child.signal(Signal::Continue).unwrap();
        child.signal(Signal::Terminate).unwrap();
        assert!(!child.wait(SOON).await.unwrap().success());
        assert!(child.signal(Signal::Terminate).is_err());
    }

    #[tokio::test]
    async fn an_interrupt_ends_a_child_although_the_owner_ignores_it() {
        let dir = tempfile::tempdir().unwrap();
        let inner = command(Path::new("sh"), dir.path());
        let mut outer = Command::new("sh");
        outer.args(["-c", "trap '' INT; exec \"$@\"", "sh"]).arg(inner.get_program()).args(inner.get_args());
        outer.args(["-c", "echo up; while :; do read -r line || :; done"]);
        outer.stdout(std::fs::File::create(dir.path().join("out")).unwrap());
        let mut child = Guarded::spawn("a shell", outer).unwrap();
        let up = async || Ok((std::fs::read(dir.path().join("out"))? == b"up\n").then_some(()));
        until("the shell", SOON, up).await.unwrap();
        child.signal(Signal::Interrupt).unwrap();
        assert_eq!(child.wait(SOON).await.unwrap().signal(), Some(2));
    }

    #[tokio::test]
    async fn waiting_for_one_that_does_not_end_fails() {
        let mut child = shell("while :; do read -r line || :; done");
        let error = child.wait(Duration::from_millis(1)).await.unwrap_err();
        assert_eq!(error.to_string(), "waited 1ms in vain for the end of a shell");
        child.kill().unwrap();
        child.kill().unwrap();
    }
}
