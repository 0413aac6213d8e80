//! The socket in the spool's directory, on which ingest serves requests of `weir spool`.

use super::inspect::{Reply, Request};
use super::{Spool, files};
use runtime::process::supervisor::Supervisor;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// Maximum number of connections; others wait.
const CONNECTIONS: usize = 4;
/// Maximum size of a request.
const REQUEST_BYTES: u64 = 64 << 10;
/// How long a tool may take to send a request or read a response: its output may be in a pager.
const IDLE: Duration = Duration::from_mins(10);

/// Serves requests until the spool is closed: as long, nobody else can look into it.
pub(crate) async fn serve(spool: Spool) {
    let path = spool.parts.directory.join(files::SOCKET);
    // On a thread that may block, as below.
    let of_socket = path.clone();
    let bound = tokio::task::spawn_blocking(move || bind(&of_socket)).await;
    let listener = match bound.unwrap_or_else(|error| Err(error.into())) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, socket = %path.display(), "cannot listen on the socket for `weir spool`, which can look into this spool only where its volume is read-only");
            return;
        }
    };
    let mut supervisor =
        Supervisor::new("the socket of the spool").counting(spool.parts.metrics.panics.clone());
    let forever = async { while supervisor.catches_panic_of(accept(&listener, &spool)).await {} };
    spool.writer.run_until_closed(forever).await;
    let removed = tokio::task::spawn_blocking(move || files::remove_if_there(&path)).await;
    if let Ok(Err(error)) = removed {
        tracing::debug!(%error, "cannot remove the socket of the spool");
    }
}

/// Whoever has the lock of the directory may replace what is left of another process's socket.
fn bind(path: &Path) -> io::Result<UnixListener> {
    files::remove_if_there(path)?;
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
                    if let Err(error) = respond(stream, &spool).await {
                        tracing::debug!(%error, "a connection of `weir spool` ended early");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection of `weir spool`");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn respond(stream: UnixStream, spool: &Spool) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut reader).take(REQUEST_BYTES);
        tokio::time::timeout(IDLE, limited.read_until(b'\n', &mut line)).await??;
        if line.is_empty() {
            return Ok(());
        }
        let reply: Reply = match serde_json::from_slice::<Request>(&line) {
            Ok(request) => match spool.writer.inspect(request).await {
                Some(served) => served.map_err(|error| error.to_string()),
                None => Err("the spool is being closed: try again".to_owned()),
            },
            Err(error) => Err(format!("ingest does not understand this weir: {error}")),
        };
        // A body in base64 may be megabytes.
        let mut line = tokio::task::spawn_blocking(move || serde_json::to_vec(&reply)).await??;
        line.push(b'\n');
        tokio::time::timeout(IDLE, writer.write_all(&line)).await??;
    }
}
