//! A dashboard as a picture: every panel where Grafana puts it, with what its queries give.

use anyhow::{Context as _, Result};
use serde_json::Value;
use weir_tests::dashboards;
use weir_tests::prometheus::Prometheus;

use crate::chart::{self, Frame, LINES, Line, Span, add, escaped};
use crate::number;
use crate::watch::Seen;

/// Pixels of a unit of Grafana's grid.
const ACROSS: f64 = 50.0;
const DOWN: f64 = 27.0;
/// Points of a line.
const POINTS: f64 = 150.0;

const STYLE: &str = "<style>text{font-family:sans-serif;fill:#333}.title{font-size:12px;font-weight:bold}\
                     .row{font-size:15px;font-weight:bold}.tick{font-size:10px;fill:#666}.number{font-size:24px}</style>";

/// The whole picture.
pub(crate) async fn draw(dashboard: &Value, prometheus: &Prometheus, seen: &Seen) -> Result<String> {
    let panels = dashboard["panels"].as_array().context("a dashboard without panels")?;
    let bottom = panels.iter().map(frame).map(|frame| frame.y + frame.height).fold(0.0, f64::max);
    let (width, height) = (24.0 * ACROSS, bottom + 8.0);
    let mut out = String::new();
    add(
        &mut out,
        &format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">"#
        ),
    );
    add(&mut out, STYLE);
    add(&mut out, r##"<rect width="100%" height="100%" fill="#f4f5f5"/>"##);
    let span = Span {
        start: crate::seconds(seen.start),
        end: crate::seconds(seen.end),
        outage: (crate::seconds(seen.stopped), crate::seconds(seen.back)),
    };
    for panel in panels {
        draw_panel(&mut out, panel, prometheus, span).await?;
    }
    add(&mut out, "</svg>");
    Ok(out)
}

fn frame(panel: &Value) -> Frame {
    let of = |name: &str| panel["gridPos"][name].as_f64().unwrap_or_default();
    Frame { x: of("x") * ACROSS, y: of("y") * DOWN, width: of("w") * ACROSS, height: of("h") * DOWN }
}

async fn draw_panel(out: &mut String, panel: &Value, prometheus: &Prometheus, span: Span) -> Result<()> {
    let frame = frame(panel);
    let title = escaped(panel["title"].as_str().unwrap_or_default());
    let (x, y) = (frame.x + 10.0, frame.y + 18.0);
    if panel["type"] == "row" {
        add(out, &format!(r#"<text x="{x}" y="{y}" class="row">{title}</text>"#));
        return Ok(());
    }
    let (left, top, width, height) = (frame.x + 3.0, frame.y + 3.0, frame.width - 6.0, frame.height - 6.0);
    add(
        out,
        &format!(
            r##"<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="3" fill="#fff" stroke="#ddd"/>"##
        ),
    );
    add(out, &format!(r#"<text x="{x}" y="{y}" class="title">{title}</text>"#));
    let defaults = &panel["fieldConfig"]["defaults"];
    let unit = defaults["unit"].as_str().unwrap_or_default();
    let lines = lines(panel, prometheus, span).await?;
    if panel["type"] == "stat" {
        draw_number(out, frame, &lines, unit, &defaults["thresholds"]["steps"]);
    } else {
        let is_stacked = defaults["custom"]["stacking"]["mode"] == "normal";
        chart::draw(out, frame, span, unit, lines, is_stacked);
    }
    Ok(())
}

/// The last value, in the colour of its threshold.
fn draw_number(out: &mut String, frame: Frame, lines: &[Line], unit: &str, steps: &Value) {
    let last = lines.first().and_then(|line| line.points.last()).map(|(_, value)| *value);
    let reached =
        |step: &&Value| step["value"].as_f64().is_none_or(|bound| last.is_some_and(|value| value >= bound));
    let step = steps.as_array().into_iter().flatten().rfind(reached);
    let colour = match step.and_then(|step| step["color"].as_str()) {
        Some("green") => "#2d8a3e",
        Some("orange") => "#e67e00",
        _ => "#c4162a",
    };
    let (x, y) = (frame.x + frame.width / 2.0, frame.y + frame.height / 2.0 + 18.0);
    let shown = last.map_or_else(|| "No data".to_owned(), |value| number::text(value, unit));
    add(
        out,
        &format!(
            r#"<text x="{x}" y="{y}" class="number" text-anchor="middle" style="fill:{colour}">{shown}</text>"#
        ),
    );
}

/// What the queries of a panel give; of many lines those with the most in them.
async fn lines(panel: &Value, prometheus: &Prometheus, span: Span) -> Result<Vec<Line>> {
    let step = ((span.end - span.start) / POINTS).max(1.0);
    let mut lines = Vec::new();
    for target in panel["targets"].as_array().into_iter().flatten() {
        let query = dashboards::filled(target["expr"].as_str().unwrap_or_default());
        let legend = target["legendFormat"].as_str().unwrap_or_default();
        for series in prometheus.query_range(&query, span.start, span.end, step).await? {
            lines.push(Line { legend: named(legend, &series["metric"]), points: points(&series) });
        }
    }
    let sum = |line: &Line| line.points.iter().map(|(_, value)| value).sum::<f64>();
    lines.sort_by(|one, other| sum(other).total_cmp(&sum(one)));
    lines.truncate(LINES);
    Ok(lines)
}

/// `{{job}}` is the label of that name.
fn named(legend: &str, labels: &Value) -> String {
    let mut name = legend.to_owned();
    for (label, value) in labels.as_object().into_iter().flatten() {
        name = name.replace(&format!("{{{{{label}}}}}"), value.as_str().unwrap_or_default());
    }
    name
}

/// Time and value, without those that are no number.
fn points(series: &Value) -> Vec<(f64, f64)> {
    let point = |pair: &Value| Some((pair[0].as_f64()?, pair[1].as_str()?.parse::<f64>().ok()?));
    let all = series["values"].as_array().into_iter().flatten().filter_map(point);
    all.filter(|(_, value)| value.is_finite()).collect()
}
