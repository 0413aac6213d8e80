//! The dashboards for Grafana: what each shows is here, how it is laid out in `layout`.
//!
//! The JSON is committed below `k8s/components/grafana/dashboards`; `cargo run -p weir-tests --example generate` writes it.

mod consumers;
mod graph_api;
mod ingest;
mod kafka_client;
mod layout;
mod overview;

/// Where the dashboards are, below the workspace.
pub const FOLDER: &str = "k8s/components/grafana/dashboards";

/// A dashboard.
struct Dashboard {
    uid: &'static str,
    title: &'static str,
    description: &'static str,
    rows: &'static [Row],
}

/// Panels below a heading.
struct Row {
    title: &'static str,
    panels: &'static [Panel],
}

/// A panel; in its queries, `@` stands for the matchers of the variables, `#` for those of cluster and namespace alone.
struct Panel {
    title: &'static str,
    description: &'static str,
    shape: Shape,
    unit: Unit,
    queries: Queries,
}

/// How a panel shows its queries.
#[derive(Clone, Copy)]
enum Shape {
    /// Lines over time.
    Lines,
    /// Areas on top of each other, of which the sum means something.
    Stack,
    /// One number, good below the first bound and bad from the second on.
    Number(f64, f64),
}

/// Grafana's name of a unit.
#[derive(Clone, Copy)]
enum Unit {
    /// A count.
    Short,
    /// Events a second.
    PerSecond,
    /// A duration.
    Seconds,
    /// A size.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// A share from 0 to 1.
    Share,
    /// A share from 0 to 100.
    Percent,
}

type Queries = &'static [(&'static str, &'static str)];

const fn lines(title: &'static str, description: &'static str, unit: Unit, queries: Queries) -> Panel {
    Panel { title, description, shape: Shape::Lines, unit, queries }
}

const fn stack(title: &'static str, description: &'static str, unit: Unit, queries: Queries) -> Panel {
    Panel { title, description, shape: Shape::Stack, unit, queries }
}

const fn number(
    title: &'static str,
    description: &'static str,
    unit: Unit,
    bounds: (f64, f64),
    queries: Queries,
) -> Panel {
    Panel { title, description, shape: Shape::Number(bounds.0, bounds.1), unit, queries }
}

const fn row(title: &'static str, panels: &'static [Panel]) -> Row {
    Row { title, panels }
}

/// Every dashboard: the name of its file, and its text.
pub fn files() -> Vec<(String, String)> {
    let all = [
        ("overview", overview::DASHBOARD),
        ("ingest", ingest::DASHBOARD),
        ("consumers", consumers::DASHBOARD),
        ("graph-api", graph_api::DASHBOARD),
        ("kafka-client", kafka_client::DASHBOARD),
    ];
    let file = |(name, dashboard)| (format!("{FOLDER}/{name}.json"), layout::json(&dashboard));
    all.into_iter().map(file).collect()
}

/// A query with Grafana's variables filled in, for a look at everything of the last minute.
pub fn filled(query: &str) -> String {
    query
        .replace("$__rate_interval", "1m")
        .replace("$__interval", "1m")
        .replace("$cluster", ".*")
        .replace("$namespace", ".*")
        .replace("$job", ".*")
        .replace("$instance", ".*")
}
