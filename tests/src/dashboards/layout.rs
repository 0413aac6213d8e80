//! A dashboard as the JSON that Grafana 9 to 13 import ("classic"): three panels or six numbers beside each other.

use serde_json::{Value, json};

use super::{Dashboard, Panel, Row, Shape, Unit};

/// Grafana's grid is this wide.
const WIDTH: u64 = 24;
const MATCHERS: &str =
    "cluster=~\"$cluster\",namespace=~\"$namespace\",job=~\"$job\",instance=~\"$instance\"";
/// Of what is recorded for all processes together.
const OF_PLACE: &str = "cluster=~\"$cluster\",namespace=~\"$namespace\"";

/// The text of the file.
pub(super) fn json(dashboard: &Dashboard) -> String {
    let dashboard = json!({
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["weir"],
        "editable": false,
        "graphTooltip": 1,
        "schemaVersion": 39,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "timezone": "browser",
        "templating": {"list": variables()},
        "links": [{"type": "dashboards", "title": "Weir", "tags": ["weir"], "asDropdown": true, "keepTime": true, "includeVars": true}],
        "annotations": {"list": [restarts()]},
        "panels": panels(dashboard.rows),
    });
    format!("{dashboard:#}\n")
}

fn variables() -> Value {
    json!([
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        from_label("cluster", "label_values(weir_build_info, cluster)"),
        from_label("namespace", "label_values(weir_build_info{cluster=~\"$cluster\"}, namespace)"),
        from_label("job", &format!("label_values(weir_build_info{{{OF_PLACE}}}, job)")),
        from_label("instance", &format!("label_values(weir_build_info{{{OF_PLACE},job=~\"$job\"}}, instance)")),
    ])
}

fn from_label(name: &str, query: &str) -> Value {
    json!({
        "name": name, "label": name, "type": "query", "query": query, "datasource": datasource(),
        "refresh": 2, "sort": 1, "multi": true, "includeAll": true, "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    })
}

fn restarts() -> Value {
    json!({
        "name": "Starts", "datasource": datasource(), "enable": true, "iconColor": "blue",
        "expr": format!("changes(process_start_time_seconds{{{MATCHERS}}}[$__interval]) > 0"),
        "titleFormat": "{{job}} was started", "textFormat": "{{instance}}",
    })
}

fn panels(rows: &[Row]) -> Vec<Value> {
    let mut all = Vec::new();
    let mut y = 0;
    for row in rows {
        all.push(json!({
            "id": all.len() + 1, "type": "row", "title": row.title, "collapsed": false, "panels": [],
            "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
        }));
        y += 1;
        let (mut x, mut tallest) = (0, 0);
        for panel in row.panels {
            let (width, height) = size(panel);
            if x + width > WIDTH {
                (x, y) = (0, y + tallest);
                tallest = 0;
            }
            all.push(json_of(panel, all.len() + 1, &json!({"h": height, "w": width, "x": x, "y": y})));
            x += width;
            tallest = tallest.max(height);
        }
        y += tallest;
    }
    all
}

const fn size(panel: &Panel) -> (u64, u64) {
    match panel.shape {
        Shape::Number(..) => (4, 4),
        Shape::Lines | Shape::Stack => (8, 8),
    }
}

fn json_of(panel: &Panel, id: usize, position: &Value) -> Value {
    let (kind, options) = match panel.shape {
        Shape::Number(..) => (
            "stat",
            json!({"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"}),
        ),
        Shape::Lines | Shape::Stack => (
            "timeseries",
            json!({
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
        ),
    };
    json!({
        "id": id, "type": kind, "title": panel.title, "description": panel.description, "datasource": datasource(),
        "gridPos": position,
        "targets": targets(panel),
        "fieldConfig": {"defaults": defaults(panel), "overrides": []},
        "options": options,
    })
}

fn targets(panel: &Panel) -> Vec<Value> {
    let one = |(index, (query, legend)): (usize, &(&str, &str))| {
        let name = char::from(b'A' + u8::try_from(index).unwrap_or_default());
        let expression = query.replace('@', MATCHERS).replace('#', OF_PLACE);
        json!({"refId": name.to_string(), "datasource": datasource(), "expr": expression, "legendFormat": legend, "range": true})
    };
    panel.queries.iter().enumerate().map(one).collect()
}

fn defaults(panel: &Panel) -> Value {
    let unit = match panel.unit {
        Unit::Short => "short",
        Unit::PerSecond => "ops",
        Unit::Seconds => "s",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "Bps",
        Unit::Share => "percentunit",
        Unit::Percent => "percent",
    };
    let mut defaults = json!({"unit": unit, "min": 0});
    match panel.shape {
        Shape::Number(warning, critical) => {
            let steps = json!([
                {"color": "green", "value": null}, {"color": "orange", "value": warning}, {"color": "red", "value": critical},
            ]);
            defaults["thresholds"] = json!({"mode": "absolute", "steps": steps});
        }
        Shape::Stack => {
            defaults["custom"] =
                json!({"fillOpacity": 30, "lineWidth": 1, "stacking": {"mode": "normal", "group": "A"}});
        }
        Shape::Lines => defaults["custom"] = json!({"fillOpacity": 5, "lineWidth": 1}),
    }
    defaults
}

fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}
