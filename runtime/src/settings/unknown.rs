//! Variables that look like settings and are none: a misspelt name would be a default that nobody chose. And those that are no text.

use std::collections::BTreeSet;

/// What the binaries read, a name a line; of their `--help`, by `cargo run -p weir-tests --example generate`.
const VARIABLES: &str = include_str!("variables.txt");

/// What is said of such variables.
pub(crate) const ARE_UNKNOWN: &str =
    "environment variables that no process of Weir reads: --help shows the names";

/// Logs which variables of this process are none.
pub fn name_unknown() {
    if let Some(variables) = unknown_here() {
        tracing::warn!(variables, "{ARE_UNKNOWN}");
    }
}

/// Those of this process, if any, by their names alone: a value may be a secret.
pub(crate) fn unknown_here() -> Option<String> {
    let unknown = unknown(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()));
    (!unknown.is_empty()).then(|| unknown.join(" "))
}

/// Settings of this process that are no text, if any: clap says of one that it is an argument, and not which.
pub(crate) fn no_text_here() -> Option<String> {
    let no_text = std::env::vars_os().filter(|(_, value)| value.to_str().is_none());
    let names = no_text.filter_map(|(name, _)| name.into_string().ok());
    let of_weir: BTreeSet<String> = names.filter(|name| name.starts_with("WEIR_")).collect();
    (!of_weir.is_empty()).then(|| of_weir.into_iter().collect::<Vec<_>>().join(" "))
}

/// The names that begin as settings do and that no process reads. What Kubernetes sets for each service of a namespace
/// (`WEIR_INGEST_SERVICE_HOST`, `WEIR_INGEST_PORT_80_TCP` and others for `weir-ingest`) is left out.
pub fn unknown(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let of_weir: BTreeSet<String> = names.into_iter().filter(|name| name.starts_with("WEIR_")).collect();
    let services: Vec<&str> = of_weir.iter().filter_map(|name| name.strip_suffix("_SERVICE_HOST")).collect();
    let is_link = |name: &str| {
        let mut rests = services.iter().filter_map(|service| name.strip_prefix(service));
        rests.any(|rest| rest.starts_with("_SERVICE_") || rest == "_PORT" || rest.starts_with("_PORT_"))
    };
    let is_known = |name: &str| VARIABLES.lines().any(|known| known == name);
    of_weir.iter().filter(|name| !is_known(name) && !is_link(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str]) -> Vec<String> {
        unknown(names.iter().map(ToString::to_string))
    }

    #[test]
    fn a_misspelt_setting_is_named_and_those_of_other_processes_are_not() {
        let names =
            ["WEIR_VERIFY_TOKNE", "WEIR_BROKERS", "WEIR_ACCOUNTS", "WEIR_APP_SECRET", "PATH", "RUST_LOG"];
        assert_eq!(told(&names), ["WEIR_VERIFY_TOKNE"]);
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_is_no_mistake() {
        let links = [
            "WEIR_INGEST_SERVICE_HOST",
            "WEIR_INGEST_SERVICE_PORT",
            "WEIR_INGEST_SERVICE_PORT_HTTP",
            "WEIR_INGEST_PORT",
            "WEIR_INGEST_PORT_80_TCP",
            "WEIR_INGEST_PORT_80_TCP_ADDR",
        ];
        assert_eq!(told(&links), [""; 0]);
        assert_eq!(told(&["WEIR_INGEST_PORT_80_TCP"]), ["WEIR_INGEST_PORT_80_TCP"]);
    }
}
