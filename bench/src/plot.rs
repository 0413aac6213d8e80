//! Lines between measured points, on two logarithmic axes, as SVG.

use std::fmt::Write as _;

use weir_tests::page::add;

use crate::number;

/// Okabe and Ito's colours, which those who see few colours can tell apart too.
const COLOURS: [&str; 9] =
    ["#666666", "#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#009e73", "#cc79a7", "#000000", "#f0e442"];
const WIDTH: f64 = 450.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
/// Of a row of the names below.
const LEGEND: f64 = 26.0;
const MIDDLE: &str = r#" text-anchor="middle""#;
const STYLE: &str = "<style>text{font-family:sans-serif;font-size:11px;fill:#444}.title{font-size:13px;font-weight:bold}</style>";

/// A line.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    /// Which of the colours; the same server has the same everywhere.
    pub(crate) colour: usize,
    /// Both positive.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Lines in a box.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) axis: &'static str,
    pub(crate) lines: Vec<Line>,
}

/// Panels beside each other, with one legend.
pub(crate) fn draw(panels: &[Panel]) -> String {
    let mut out = String::new();
    let width: f64 = panels.iter().map(|_| WIDTH).sum();
    let legend = panels.first().map_or_else(Vec::new, |panel| rows(&panel.lines, width));
    let height = HEIGHT + legend.iter().map(|_| LEGEND).sum::<f64>();
    add(
        &mut out,
        &format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">"#
        ),
    );
    add(&mut out, STYLE);
    add(&mut out, r##"<rect width="100%" height="100%" fill="#fff"/>"##);
    let mut x = 0.0;
    for panel in panels {
        add(&mut out, &format!(r#"<g transform="translate({x} 0)">"#));
        draw_panel(&mut out, panel);
        add(&mut out, "</g>");
        x += WIDTH;
    }
    let mut y = HEIGHT + 8.0;
    for row in legend {
        draw_names(&mut out, &row, y);
        y += LEGEND;
    }
    add(&mut out, "</svg>");
    out
}

/// One axis: from where to where, in logarithms, and over which pixels.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// With a little room at both ends.
    fn of(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) =
            values.map(f64::ln).fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)));
        let room = (0.05 * (high - low)).max(0.1);
        Self { low: low - room, high: high + room, from, to }
    }

    fn at(&self, value: f64) -> f64 {
        self.from + (value.ln() - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// 1, 2 and 5 times each power of ten within.
    fn ticks(&self) -> Vec<f64> {
        let powers = (-3..9).map(|power| 10_f64.powi(power));
        let all = powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * power));
        all.filter(|tick| (self.low..self.high).contains(&tick.ln())).collect()
    }
}

fn draw_panel(out: &mut String, panel: &Panel) {
    let all = || panel.lines.iter().flat_map(|line| line.points.iter());
    let x = Scale::of(all().map(|point| point.0), LEFT, WIDTH - RIGHT);
    let y = Scale::of(all().map(|point| point.1), HEIGHT - BOTTOM, TOP);
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    text(out, LEFT, 20.0, r#" class="title""#, panel.title);
    for tick in y.ticks() {
        let at = y.at(tick);
        add(out, &format!(r##"<path d="M{LEFT} {at:.1}H{right}" stroke="#e3e3e3"/>"##));
        text(out, LEFT - 6.0, at + 4.0, r#" text-anchor="end""#, &number::short(tick));
    }
    // The axis has what was measured, not round numbers.
    for (value, _) in panel.lines.first().iter().flat_map(|line| &line.points) {
        let at = x.at(*value);
        add(out, &format!(r##"<path d="M{at:.1} {TOP}V{bottom}" stroke="#f0f0f0"/>"##));
        text(out, at, bottom + 16.0, MIDDLE, &number::short(*value));
    }
    text(out, f64::midpoint(LEFT, right), bottom + 34.0, MIDDLE, panel.axis);
    for Line { colour, points, .. } in &panel.lines {
        let colour = COLOURS[colour % COLOURS.len()];
        let mut path = String::new();
        for (index, (right, up)) in points.iter().enumerate() {
            let (at, height) = (x.at(*right), y.at(*up));
            let word = if index == 0 { 'M' } else { 'L' };
            write!(path, "{word}{at:.1} {height:.1}").expect("writing to a string does not fail");
            add(out, &format!(r#"<circle cx="{at:.1}" cy="{height:.1}" r="3" fill="{colour}"/>"#));
        }
        add(out, &format!(r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>"#));
    }
}

/// The lines in rows of names that are no wider than the picture.
fn rows(lines: &[Line], width: f64) -> Vec<Vec<&Line>> {
    let mut rows: Vec<Vec<&Line>> = Vec::new();
    let mut x = f64::MAX;
    for line in lines {
        if x + of_name(line) > width {
            rows.push(Vec::new());
            x = LEFT;
        }
        x += of_name(line);
        rows.last_mut().expect("the first line begins a row").push(line);
    }
    rows
}

/// How wide a name is with its stroke.
fn of_name(line: &Line) -> f64 {
    34.0 + 6.4 * f64::from(u32::try_from(line.name.len()).unwrap_or_default())
}

fn draw_names(out: &mut String, lines: &[&Line], y: f64) {
    let mut x = LEFT;
    for line in lines {
        let colour = COLOURS[line.colour % COLOURS.len()];
        add(out, &format!(r#"<path d="M{x:.1} {:.1}h14" stroke="{colour}" stroke-width="3"/>"#, y - 4.0));
        text(out, x + 18.0, y, "", line.name);
        x += of_name(line);
    }
}

/// Words at a place; `more` says how they stand there.
fn text(out: &mut String, x: f64, y: f64, more: &str, words: &str) {
    add(out, &format!(r#"<text x="{x:.1}" y="{y:.1}"{more}>{words}</text>"#));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_fit_begin_a_row() {
        let line = || Line { name: "weir-ingest, direct", colour: 0, points: Vec::new() };
        let lines: Vec<Line> = (0..9).map(|_| line()).collect();
        let rows: Vec<usize> = rows(&lines, 900.0).iter().map(Vec::len).collect();
        assert_eq!(rows, [5, 4]);
    }

    #[test]
    fn each_factor_of_ten_is_as_wide_as_the_next() {
        let scale = Scale::of([1.0, 1000.0].into_iter(), 0.0, 100.0);
        let widths = [1.0, 10.0, 100.0].map(|value| scale.at(value * 10.0) - scale.at(value));
        assert!(widths.iter().all(|width| (width - widths[0]).abs() < 1e-9 && *width > 25.0), "{widths:?}");
        assert!(scale.ticks().starts_with(&[1.0, 2.0, 5.0, 10.0]) && scale.ticks().contains(&1000.0));
    }
}
