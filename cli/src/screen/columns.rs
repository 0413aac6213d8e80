//! Columns of text: cells padded to the width of their column.

use super::Tone;

/// A piece of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// Text in a tone.
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { text: text.into(), tone }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(Tone::Plain, text)
    }
}

/// Widths of columns, in characters; a wider cell pushes the rest of its row to the right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns(Vec<usize>);

impl Columns {
    /// Columns of these widths.
    pub(crate) fn new(widths: impl Into<Vec<usize>>) -> Self {
        Self(widths.into())
    }

    /// Columns as wide as the widest cell of each.
    pub(super) fn fitting<'a>(rows: impl Iterator<Item = &'a [Cell]>) -> Self {
        let mut widths = Vec::new();
        for row in rows {
            widths.resize(row.len().max(widths.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        Self(widths)
    }

    /// A row: two spaces between columns, none at the end.
    pub(crate) fn lay_out(&self, cells: &[Cell], paint: impl Fn(Tone, &str) -> String) -> String {
        let mut row = String::new();
        let mut gap = 0;
        for (index, cell) in cells.iter().enumerate() {
            if !cell.text.is_empty() {
                row.extend(std::iter::repeat_n(' ', gap));
                row.push_str(&paint(cell.tone, &cell.text));
                gap = 0;
            }
            let width = self.0.get(index).copied().unwrap_or_default();
            gap += width.saturating_sub(cell.width()) + 2;
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(_: Tone, text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows =
            [vec![Cell::from("a"), Cell::from("längst"), Cell::from("z")], vec!["bcd".into(), "e".into()]];
        let columns = Columns::fitting(rows.iter().map(Vec::as_slice));
        assert_eq!(columns.lay_out(&rows[0], plain), "a    längst  z");
        assert_eq!(columns.lay_out(&rows[1], plain), "bcd  e");
    }

    #[test]
    fn colour_does_not_count_as_width() {
        let row = [Cell::new(Tone::Bad, "a"), Cell::from("b")];
        let painted = Columns::new([3, 1]).lay_out(&row, |tone, text| match tone {
            Tone::Bad => format!("<{text}>"),
            _ => text.to_owned(),
        });
        assert_eq!(painted, "<a>    b");
    }

    #[test]
    fn empty_cells_leave_their_room_and_no_trailing_space() {
        let columns = Columns::new([2, 2, 2]);
        assert_eq!(columns.lay_out(&["".into(), "b".into(), "".into()], plain), "    b");
        assert_eq!(columns.lay_out(&["wider".into(), "b".into()], plain), "wider  b");
    }
}
