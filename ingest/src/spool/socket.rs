//! The socket in the spool's directory, over which `weir spool` asks the ingest that has the spool.

use super::inspect::{Reply, Request};
use super::{Spool, files};
use runtime::process::shutdown::Shutdown;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// Tools that are served at a time; others wait.
const CONNECTIONS: usize = 4;
/// The longest question.
const REQUEST_BYTES: u64 = 64 << 10;
/// How long a tool may take to ask, or to read an answer: a pager may stand at its end.
const IDLE: Duration = Duration::from_mins(10);

/// Answers until the end is asked for.
pub(crate) async fn serve(spool: Spool, shutdown: Shutdown) {
    let path = spool.inner.settings.directory.join(files::SOCKET);
    let listener = match bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, socket = %path.display(), "there is no socket for `weir spool`, which cannot look into this spool");
            return;
        }
    };
    tokio::select! {
        () = shutdown.requested() => {}
        () = accept(&listener, &spool) => {}
    }
    if let Err(error) = fs::remove_file(&path) {
        tracing::debug!(%error, "the socket of the spool cannot be removed");
    }
}

/// Whoever has the lock of the directory may replace what is left of another process's socket.
fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn accept(listener: &UnixListener, spool: &Spool) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let spool = spool.clone();
                tokio::spawn(async move {
                    if let Err(error) = answer(stream, &spool).await {
                        tracing::debug!(%error, "a tool that looks into the spool has gone");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a tool that looks into the spool could not be let in");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(stream: UnixStream, spool: &Spool) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut reader).take(REQUEST_BYTES);
        tokio::time::timeout(IDLE, limited.read_until(b'\n', &mut line)).await??;
        if line.is_empty() {
            return Ok(());
        }
        let reply = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => match spool.inner.writer.inspect(request).await {
                Some(Ok(answer)) => Reply::Answer(answer),
                Some(Err(error)) => Reply::Error(error.to_string()),
                None => Reply::Error("the spool is being closed: try again".to_owned()),
            },
            Err(error) => Reply::Error(format!("ingest does not understand this weir: {error}")),
        };
        let mut line = serde_json::to_vec(&reply)?;
        line.push(b'\n');
        tokio::time::timeout(IDLE, writer.write_all(&line)).await??;
    }
}
