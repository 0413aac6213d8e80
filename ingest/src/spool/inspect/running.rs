//! The client of a running ingest, over the socket in its spool's directory.

use super::super::{files, with_retries};
use super::{InspectError, Reply, Request};
use std::io::{BufRead as _, BufReader, Error, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Timeout for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection.
#[derive(Debug)]
pub(super) struct Running(BufReader<UnixStream>);

impl Running {
    pub(super) fn connect(directory: &Path) -> Result<Self, InspectError> {
        let socket = directory.join(files::SOCKET);
        let failed = |error: Error| InspectError::no_response(directory, &error);
        // An ingest may be starting or stopping.
        let stream = with_retries(|| UnixStream::connect(&socket), |_| true).map_err(failed)?;
        stream.set_read_timeout(Some(RESPONSE_TIMEOUT)).map_err(failed)?;
        stream.set_write_timeout(Some(RESPONSE_TIMEOUT)).map_err(failed)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(super) fn exchange(&mut self, request: &Request) -> Result<Reply, Error> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        self.0.get_mut().write_all(&line)?;
        line.clear();
        self.0.read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }
}
