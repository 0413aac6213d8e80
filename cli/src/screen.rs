//! What is printed on standard output: lines, coloured on a terminal, tables, and JSON for programs.

mod columns;
mod printed;
mod progress;
mod table;
mod text;

pub(crate) use columns::{Cell, Columns};
pub(crate) use printed::Printed;
pub(crate) use progress::Progress;
pub(crate) use table::Table;
pub(crate) use text::{counted, harmless, nonzero, one_line};

use serde::Serialize;
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// What a piece of text is about, which decides its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As any text.
    #[default]
    Plain,
    /// A heading, or what matters most.
    Strong,
    /// What may be overlooked.
    Faint,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    /// The ANSI colour that every terminal shows.
    const fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
            Self::Good => Some("32"),
            Self::Warn => Some("33"),
            Self::Bad => Some("31"),
        }
    }
}

/// Where lines are printed.
///
/// Whoever reads them may go, as `head` does. What is to be done is done all the same, and the exit code says how it came out; only
/// what shows something and does nothing ends then ([`Screen::is_all_that_is_done`]).
pub(crate) struct Screen {
    out: Box<dyn Write + Send>,
    colour: bool,
    is_terminal: bool,
    reader: Reader,
}

/// Whether it is a terminal, and one that can do more than print.
pub(crate) fn takes_orders(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Who reads what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Nothing is done but for them.
    Needed,
    /// What is done goes on without them.
    Optional,
    Gone,
}

impl Screen {
    /// Standard output; `colour` is shown where that is a terminal.
    pub(crate) fn stdout(colour: bool) -> Self {
        let (is_terminal, out) = (io::stdout().is_terminal(), Box::new(io::stdout()));
        Self { colour: colour && takes_orders(&io::stdout()), is_terminal, out, reader: Reader::Optional }
    }

    /// Somewhere else, without colour.
    pub(crate) fn plain(out: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), colour: false, is_terminal: false, reader: Reader::Optional }
    }

    /// From here on printing fails where nobody reads it any more.
    pub(crate) const fn is_all_that_is_done(&mut self) {
        self.reader = Reader::Needed;
    }

    /// Whether a person sees it, and nothing keeps it.
    pub(crate) const fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Prints a line, at once.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> io::Result<()> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Prints an object for programs, on a line.
    pub(crate) fn json(&mut self, object: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(object)?;
        self.line(text)
    }

    /// Prints bytes as they are, with nothing after them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.reader == Reader::Gone {
            return Ok(());
        }
        match self.out.write_all(bytes).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && self.reader == Reader::Optional => {
                self.reader = Reader::Gone;
                Ok(())
            }
            printed => printed,
        }
    }

    /// `text` in the colour of its tone, where colour is shown.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        match tone.code() {
            Some(code) if self.colour => format!("\x1b[{code}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }

    /// Prints a line in one tone.
    pub(crate) fn toned(&mut self, tone: Tone, text: &str) -> io::Result<()> {
        let text = self.paint(tone, text);
        self.line(text)
    }

    /// Prints a row of a table.
    pub(crate) fn row(&mut self, columns: &Columns, cells: &[Cell]) -> io::Result<()> {
        let row = columns.lay_out(cells, |tone, text| self.paint(tone, text));
        self.line(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals() {
        let plain = Screen::plain(io::sink());
        assert_eq!(plain.paint(Tone::Bad, "no"), "no");
        let terminal = Screen { colour: true, is_terminal: true, ..Screen::plain(io::sink()) };
        assert_eq!(terminal.paint(Tone::Bad, "no"), "\x1b[31mno\x1b[0m");
        assert_eq!(terminal.paint(Tone::Plain, "yes"), "yes");
    }

    #[test]
    fn what_is_done_goes_on_without_a_reader_and_what_only_shows_ends() {
        let (gone, pipe) = io::pipe().unwrap();
        drop(gone);
        let mut screen = Screen::plain(pipe);
        screen.line("more than nobody reads").unwrap();
        screen.bytes(b"and more").unwrap();

        let (gone, pipe) = io::pipe().unwrap();
        drop(gone);
        let mut screen = Screen::plain(pipe);
        screen.is_all_that_is_done();
        assert_eq!(screen.line("nobody reads it").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
