//! Lines over time in a box, as SVG.

use std::fmt::Write as _;

use crate::number;

/// Okabe and Ito's colours, which those who see few colours can tell apart too.
const COLOURS: [&str; 8] =
    ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#666666", "#b8a800"];
/// More lines than this are not told apart anyway.
pub(crate) const LINES: usize = 8;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 40.0;
/// About as many lines across.
const TICKS: f64 = 4.0;

/// A box of the picture, in pixels.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// What the horizontal axis shows, in seconds.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) start: f64,
    pub(crate) end: f64,
    /// What is marked red.
    pub(crate) outage: (f64, f64),
}

/// A line: its legend, and its points in time and value.
pub(crate) struct Line {
    pub(crate) legend: String,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Draws lines; where they are stacked, each stands on those before it.
pub(crate) fn draw(
    out: &mut String,
    frame: Frame,
    span: Span,
    unit: &str,
    mut lines: Vec<Line>,
    is_stacked: bool,
) {
    if is_stacked {
        stack(&mut lines);
    }
    let highest = lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value).fold(0.0, f64::max);
    let step = tick(highest);
    let scale = Scale { frame, span, top: (highest / step).ceil().max(1.0) * step };
    axes(out, &scale, unit, step);
    for (line, colour) in lines.iter().zip(COLOURS).rev() {
        let area = if is_stacked { scale.area(line) } else { String::new() };
        if !area.is_empty() {
            add(out, &format!(r#"<path d="{area}" fill="{colour}" fill-opacity="0.3"/>"#));
        }
        let path = scale.path(line);
        add(out, &format!(r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.3"/>"#));
    }
    legend(out, frame, &lines);
}

/// Adds to every point what the lines before have at its time.
fn stack(lines: &mut [Line]) {
    let mut sums: std::collections::BTreeMap<u64, f64> = std::collections::BTreeMap::new();
    for (at, value) in lines.iter_mut().flat_map(|line| &mut line.points) {
        let sum = sums.entry(at.to_bits()).or_default();
        *sum += *value;
        *value = *sum;
    }
}

/// 1, 2 or 5 times a power of ten.
fn tick(highest: f64) -> f64 {
    let raw = if highest > 0.0 { highest / TICKS } else { 0.25 };
    let power = 10_f64.powf(raw.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= raw);
    factor.unwrap_or(10.0) * power
}

struct Scale {
    frame: Frame,
    span: Span,
    top: f64,
}

impl Scale {
    fn x(&self, at: f64) -> f64 {
        let part = (at - self.span.start) / (self.span.end - self.span.start);
        self.frame.x + LEFT + part.clamp(0.0, 1.0) * (self.frame.width - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        self.frame.y + self.frame.height - BOTTOM - value / self.top * (self.frame.height - TOP - BOTTOM)
    }

    /// A line with a gap where there is no value.
    fn path(&self, line: &Line) -> String {
        let (mut path, mut before) = (String::new(), f64::NEG_INFINITY);
        let gap =
            line.points.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f64::INFINITY, f64::min) * 1.5;
        for (at, value) in &line.points {
            let word = if at - before > gap { 'M' } else { 'L' };
            write!(path, "{word}{:.1} {:.1}", self.x(*at), self.y(*value))
                .expect("writing to a string does not fail");
            before = *at;
        }
        path
    }

    fn area(&self, line: &Line) -> String {
        let (Some(first), Some(last)) = (line.points.first(), line.points.last()) else {
            return String::new();
        };
        let path = line.points.iter().map(|(at, value)| format!("L{:.1} {:.1}", self.x(*at), self.y(*value)));
        let (left, right, ground) = (self.x(first.0), self.x(last.0), self.y(0.0));
        format!("M{left:.1} {ground:.1}{}L{right:.1} {ground:.1}Z", path.collect::<String>())
    }
}

fn axes(out: &mut String, scale: &Scale, unit: &str, step: f64) {
    let Scale { frame, span, top } = scale;
    let (left, right) = (frame.x + LEFT, frame.x + frame.width - RIGHT);
    let (from, to) = (scale.x(span.outage.0), scale.x(span.outage.1));
    let (high, low) = (scale.y(*top), scale.y(0.0));
    let (width, height) = (to - from, low - high);
    add(
        out,
        &format!(
            r##"<rect x="{from:.1}" y="{high:.1}" width="{width:.1}" height="{height:.1}" fill="#d00" fill-opacity="0.08"/>"##
        ),
    );
    let mut value = 0.0;
    while value <= top * 1.001 {
        let y = scale.y(value);
        add(out, &format!(r##"<path d="M{left:.1} {y:.1}H{right:.1}" stroke="#e3e3e3"/>"##));
        let (x, y, shown) = (left - 5.0, y + 3.5, number::text(value, unit));
        add(out, &format!(r#"<text x="{x:.1}" y="{y:.1}" class="tick" text-anchor="end">{shown}</text>"#));
        value += step;
    }
    let mut minute = 0.0;
    while span.start + minute * 60.0 <= span.end {
        let (x, y) = (scale.x(span.start + minute * 60.0), low + 13.0);
        add(
            out,
            &format!(r#"<text x="{x:.1}" y="{y:.1}" class="tick" text-anchor="middle">{minute} min</text>"#),
        );
        minute += 2.0;
    }
}

/// As many names as fit.
fn legend(out: &mut String, frame: Frame, lines: &[Line]) {
    let (mut x, y) = (frame.x + 12.0, frame.y + frame.height - 9.0);
    for (line, colour) in lines.iter().zip(COLOURS) {
        let name: String = line.legend.chars().take(34).collect();
        let width = 16.0 + 5.6 * f64::from(u32::try_from(name.chars().count()).unwrap_or_default());
        if x + width > frame.x + frame.width - 8.0 {
            add(out, &format!(r#"<text x="{x:.1}" y="{y:.1}" class="tick">…</text>"#));
            return;
        }
        add(out, &format!(r#"<path d="M{x:.1} {:.1}h9" stroke="{colour}" stroke-width="2.5"/>"#, y - 3.5));
        let text = x + 12.0;
        add(out, &format!(r#"<text x="{text:.1}" y="{y:.1}" class="tick">{}</text>"#, escaped(&name)));
        x += width + 6.0;
    }
}

/// As text of XML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

pub(crate) fn add(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_numbers() {
        let ticks = [0.9, 7.0, 30.0, 260.0].map(|highest| number::text(tick(highest), "short"));
        assert_eq!(ticks, ["0.5", "2", "10", "100"]);
    }

    #[test]
    fn stacked_lines_stand_on_each_other() {
        let line = |values: [f64; 2]| Line {
            legend: String::new(),
            points: vec![(1.0, values[0]), (2.0, values[1])],
        };
        let mut lines = [line([1.0, 2.0]), line([10.0, 20.0])];
        stack(&mut lines);
        assert_eq!(lines[1].points, [(1.0, 11.0), (2.0, 22.0)]);
    }
}
