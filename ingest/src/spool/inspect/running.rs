//! The client of a running ingest, over the socket in its spool's directory.

use super::super::files;
use super::{InspectError, Reply, Request, Response};
use std::io::{BufRead as _, BufReader, Error, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Timeout for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connection attempts, since an ingest may be starting or stopping.
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// A connection.
#[derive(Debug)]
pub(super) struct Running {
    directory: PathBuf,
    stream: BufReader<UnixStream>,
}

impl Running {
    pub(super) fn connect(directory: &Path) -> Result<Self, InspectError> {
        let socket = directory.join(files::SOCKET);
        let mut connected = UnixStream::connect(&socket);
        for _ in 1..ATTEMPTS {
            if connected.is_ok() {
                break;
            }
            wait(BETWEEN_ATTEMPTS);
            connected = UnixStream::connect(&socket);
        }
        let failed = |error: Error| no_response(directory, error.to_string());
        let stream = connected.map_err(failed)?;
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT)).map_err(failed)?;
        stream.set_write_timeout(Some(RESPONSE_TIMEOUT)).map_err(failed)?;
        Ok(Self { directory: directory.to_owned(), stream: BufReader::new(stream) })
    }

    pub(super) fn request(&mut self, request: &Request) -> Result<Response, InspectError> {
        let reply =
            self.exchange(request).map_err(|error| no_response(&self.directory, error.to_string()))?;
        reply.map_err(InspectError::Refused)
    }

    fn exchange(&mut self, request: &Request) -> Result<Reply, Error> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line)?;
        line.clear();
        self.stream.read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }
}

fn no_response(directory: &Path, why: String) -> InspectError {
    InspectError::NoResponse { directory: directory.to_owned(), why }
}

#[expect(clippy::disallowed_methods, reason = "a tool has nothing else to do")]
fn wait(duration: Duration) {
    std::thread::sleep(duration);
}
