//! What is printed, kept.

use super::Screen;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// What was printed so far; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    /// A screen that prints here.
    pub(crate) fn screen(&self) -> Screen {
        Screen::plain(self.clone())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&runtime::mutex::lock(&self.0)).into_owned()
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        runtime::mutex::lock(&self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
