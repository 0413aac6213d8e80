//! A table: rows in columns as wide as their widest cell, with lines of text between them.

use super::{Cell, Columns, Screen, Tone};
use std::io;

/// Rows, and lines between them that no column has to hold.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Line>);

#[derive(Debug)]
enum Line {
    Row(Vec<Cell>),
    Text(Tone, String),
}

impl Table {
    /// A table under these headings.
    pub(crate) fn under<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let headings = headings.into_iter().map(|heading| Cell::new(Tone::Faint, heading));
        Self(vec![Line::Row(headings.collect())])
    }

    /// The same with these rows at its end.
    pub(crate) fn with<R: Into<Vec<Cell>>>(mut self, rows: impl IntoIterator<Item = R>) -> Self {
        self.0.extend(rows.into_iter().map(|cells| Line::Row(cells.into())));
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<Cell>>) {
        self.0.push(Line::Row(cells.into()));
    }

    /// Adds a line of text.
    pub(crate) fn text(&mut self, tone: Tone, text: impl Into<String>) {
        self.0.push(Line::Text(tone, text.into()));
    }

    pub(crate) fn print(&self, screen: &mut Screen) -> io::Result<()> {
        let rows = self.0.iter().filter_map(|line| match line {
            Line::Row(cells) => Some(cells.as_slice()),
            Line::Text(..) => None,
        });
        let columns = Columns::fitting(rows);
        self.0.iter().try_for_each(|line| match line {
            Line::Row(cells) => screen.row(&columns, cells),
            Line::Text(tone, text) => screen.toned(*tone, text),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Printed;

    #[test]
    fn lines_between_rows_do_not_widen_columns() {
        let mut table = Table::under(["A", "B"]);
        table.text(Tone::Strong, "a line that is wider than all columns");
        let rows = [["one".into(), "1".into()], ["two".into(), Cell::new(Tone::Bad, "2")]];
        let printed = Printed::default();
        table.with(rows).print(&mut printed.screen()).unwrap();
        assert_eq!(printed.text(), "A    B\na line that is wider than all columns\none  1\ntwo  2\n");
    }
}
