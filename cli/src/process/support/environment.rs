//! The settings of the environment and of the file of Kafka's properties, without what is secret or might be.

use crate::screen::harmless;
use runtime::secret_files::{read_regular, without_mark};
use runtime::settings;
use std::path::Path;

/// What names of secrets have in them. Those of directories and files do too: their values are shown.
const SECRET: [&str; 3] = ["SECRET", "TOKEN", "PASSWORD"];
/// The properties whose values are shown, beside paths, times and sizes.
const HARMLESS: [&str; 5] =
    ["security.protocol", "sasl.mechanism", "sasl.mechanisms", "compression.type", "client.rack"];
const HARMLESS_ENDS: [&str; 4] = [".location", ".ms", ".bytes", ".enable"];
/// More than any file of properties has.
const LARGEST_FILE: u64 = 1 << 20;
const HIDDEN: &str = "(hidden)";

/// The version of this tool, then a line a setting.
pub(super) fn shown() -> String {
    let mut lines = vec![format!("weir {}", env!("CARGO_PKG_VERSION"))];
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("WEIR_") || name == "RUST_LOG")
        .collect();
    variables.sort();
    lines.extend(variables.iter().map(|(name, value)| variable(name, value)));
    if let Some((_, file)) = variables.iter().find(|(name, _)| name == "WEIR_KAFKA_CONFIG") {
        lines.extend(properties(file));
    }
    lines.join("\n") + "\n"
}

/// Those of a file; a pipe or a device, which no process reads either, may have no end.
fn properties(file: &str) -> Vec<String> {
    match read_regular(Path::new(file), LARGEST_FILE) {
        Ok(text) => String::from_utf8_lossy(without_mark(&text)).lines().filter_map(property).collect(),
        Err(fault) => vec![format!("{file}: {fault}")],
    }
}

fn variable(name: &str, value: &str) -> String {
    let names_a_secret = SECRET.iter().any(|word| name.contains(word)) && !Path::new(value).exists();
    // A name that nobody knows may be that of a secret, misspelt.
    let is_known = settings::unknown([name.to_owned()]).is_empty();
    let shown = if names_a_secret || !is_known { HIDDEN.to_owned() } else { one_line(value) };
    format!("{name}={shown}")
}

/// A value with a line end would be two lines, the second of which looks like a setting.
fn one_line(value: &str) -> String {
    settings::without_passwords(&harmless(value)).replace('\n', "\\n")
}

/// What is no name of a property is left out: it may be part of a secret that goes over several lines.
fn property(line: &str) -> Option<String> {
    let (name, value) = line.split_once(['=', ':'])?;
    let (name, value) = (name.trim(), value.trim());
    let is_name = name.contains('.') && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.');
    let is_harmless = HARMLESS.contains(&name) || HARMLESS_ENDS.iter().any(|end| name.ends_with(end));
    is_name.then(|| format!("    {name}={}", if is_harmless { value } else { HIDDEN }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_shown_and_secrets_are_not() {
        assert_eq!(variable("WEIR_BROKERS", "kafka:9092"), "WEIR_BROKERS=kafka:9092");
        assert_eq!(variable("WEIR_APP_SECRETS", "/"), "WEIR_APP_SECRETS=/");
        assert_eq!(
            variable("WEIR_FACEBOOK_URL", "https://me:hunter2@graph.example\nWEIR_X=1"),
            "WEIR_FACEBOOK_URL=https://(hidden)@graph.example\\nWEIR_X=1"
        );
        for name in
            ["WEIR_APP_SECRET", "WEIR_APP_SECRETS", "WEIR_VERIFY_TOKEN", "WEIR_APP_SECRETT", "WEIR_OTHER"]
        {
            assert_eq!(variable(name, "meatyhamhock"), format!("{name}=(hidden)"));
        }
    }

    #[test]
    fn a_device_in_the_place_of_properties_holds_up_nothing() {
        assert_eq!(properties("/dev/zero"), ["/dev/zero: it is no regular file"]);
    }

    #[test]
    fn properties_are_shown_and_secrets_are_not() {
        assert_eq!(property("sasl.mechanism = PLAIN").as_deref(), Some("    sasl.mechanism=PLAIN"));
        assert_eq!(property("ssl.ca.location=/ca.crt").as_deref(), Some("    ssl.ca.location=/ca.crt"));
        assert_eq!(property("sasl.mechanism: PLAIN").as_deref(), Some("    sasl.mechanism=PLAIN"));
        for name in ["sasl.password", "ssl.key.pem", "ssl.key.password", "sasl.username"] {
            for line in [format!("{name}=a=b"), format!("{name}: a.ms=b")] {
                assert_eq!(property(&line), Some(format!("    {name}=(hidden)")));
            }
        }
        for no_name in
            ["# sasl.password=x", "!ssl.ca.location: x", "MIIEvgIBADANBgkqhkiG9w0BAQEFAA==", "abc=", ""]
        {
            assert_eq!(property(no_name), None);
        }
    }
}
