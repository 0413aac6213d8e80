//! How to reach Kafka.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Command;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use super::properties::BadLine;
use super::{Problem, Reader, Source, form, is_host_port, optional, properties, required};
use crate::blocking::Blocking;
use crate::secret_files::{READ_TIMEOUT, read_regular, without_mark};

/// A file of properties with the certificates in it is smaller.
const LARGEST_FILE: u64 = 1 << 20;

/// Brokers, and the properties for TLS and SASL; its `Debug` shows no values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KafkaSettings {
    /// `host:port`, separated by commas.
    pub brokers: String,
    /// librdkafka properties by name; those that Weir sets itself are not among them, nor are empty values.
    pub properties: BTreeMap<String, String>,
    /// The file that they were read from, if there is one.
    pub file: Option<PathBuf>,
}

impl KafkaSettings {
    /// Brokers without TLS and SASL.
    pub fn plain(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), ..Self::default() }
    }

    /// What every client of Weir starts from: defaults that notice a hung broker soon, then the
    /// properties of the file, then the brokers. An admin client needs no more than this.
    pub fn client_config(&self, client_id: &str) -> ClientConfig {
        self.client_config_with(client_id, &[])
    }

    /// As [`Self::client_config`], with more defaults, over which the properties of the file win too.
    pub(crate) fn client_config_with(&self, client_id: &str, defaults: &[(&str, &str)]) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set_log_level(RDKafkaLogLevel::Warning);
        for (name, value) in CLIENT_DEFAULTS.iter().chain(defaults) {
            config.set(*name, *value);
        }
        if self.properties.get("sasl.mechanism").is_some_and(|mechanism| mechanism == "OAUTHBEARER") {
            // OpenSSL is built along, and knows no place where a system has its authorities.
            config.set("https.ca.location", "probe");
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.brokers).set("client.id", client_id);
        config
    }

    /// `host:port` of each of `--brokers`.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.brokers.split(',').map(|broker| without_protocol(broker.trim()))
    }

    /// Adds the flags to a command line.
    pub fn declare(command: Command) -> Command {
        let brokers = required("HOST:PORT,…", brokers_form()).declare;
        let file = optional("FILE", form::file()).declare;
        let command = brokers(command, "brokers", "Kafka's brokers, host:port separated by commas");
        file(command, "kafka_config", "File of librdkafka properties (client.properties), for TLS and SASL")
    }

    /// Reads and checks the values of [`Self::declare`]; `None` means that `reader` has noted problems.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let brokers = reader.required("brokers", &brokers_form());
        let file = reader.optional("kafka_config", &form::file());
        let properties = file.as_deref().map_or_else(BTreeMap::new, |path| read_file(reader, path));
        let has_brokers = brokers.is_some();
        reader.kafka = Self { brokers: brokers.unwrap_or_default(), properties, file };
        has_brokers.then(|| reader.kafka.clone())
    }

    /// The same with the file's properties as they are by now, or why they cannot be used. Blocks.
    pub(crate) fn read_again(&self) -> Result<Self, String> {
        let Some(path) = self.file.as_deref() else { return Ok(self.clone()) };
        let (properties, bad) =
            properties_in(path).map_err(|fault| format!("{}: {fault}", path.display()))?;
        if let Some(line) = bad.first() {
            return Err(format!("{}:{line}", path.display()));
        }
        Ok(Self { properties, ..self.clone() })
    }
}

/// librdkafka waits 60 s for a hung broker and 30 s for a connection by default, which is longer than
/// anyone waits for an answer (librdkafka's CONFIGURATION.md).
const CLIENT_DEFAULTS: [(&str, &str); 8] = [
    ("socket.timeout.ms", "10000"),
    ("socket.connection.setup.timeout.ms", "5000"),
    ("socket.keepalive.enable", "true"),
    ("reconnect.backoff.ms", "100"),
    ("reconnect.backoff.max.ms", "2000"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    // A client that has lost sight of its brokers begins with --brokers again; librdkafka waits 5 minutes.
    ("metadata.recovery.rebootstrap.trigger.ms", "10000"),
    ("log.connection.close", "false"),
];

fn brokers_form() -> form::Form<String> {
    form::matching("host:port of one or more brokers, separated by commas", |value| {
        value.split(',').all(|broker| is_host_port(without_protocol(broker.trim())))
    })
}

/// What librdkafka takes before a host, in any case, where it is that of `security.protocol`.
const PROTOCOLS: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

fn without_protocol(broker: &str) -> &str {
    let is_known = |protocol: &str| PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(protocol));
    broker.split_once("://").filter(|(protocol, _)| is_known(protocol)).map_or(broker, |(_, address)| address)
}

fn read_file(reader: &mut Reader<'_>, path: &Path) -> BTreeMap<String, String> {
    let setting = reader.flag("kafka_config");
    let place = path.display();
    let file = path.to_owned();
    // A file system that is gone would hang for ever, without a word.
    let read = Blocking::default().wait(READ_TIMEOUT, move || properties_in(&file));
    let (properties, bad) = match read.unwrap_or_else(|error| Err(error.to_string())) {
        Ok(read) => read,
        Err(fault) => {
            let (source, found) = (reader.source("kafka_config"), format!("{place}: {fault}"));
            reader.add(Problem { setting, source, found, expected: String::from("a file that can be read") });
            return BTreeMap::new();
        }
    };
    for line in bad {
        let source = Source::File(format!("{place}:{}", line.number));
        reader.add(Problem { setting: setting.clone(), source, found: line.name, expected: line.expected });
    }
    properties
}

/// The properties by name, and every line that cannot be used, be it for the file that it names.
fn properties_in(path: &Path) -> Result<(BTreeMap<String, String>, Vec<BadLine>), String> {
    let content = read_regular(path, LARGEST_FILE).map_err(|fault| fault.to_string())?;
    let text = str::from_utf8(without_mark(&content)).map_err(|error| error.to_string())?;
    let (properties, mut bad) = properties::parse(text);
    bad.extend(properties::unreadable(&properties));
    bad.sort_by_key(|line| line.number);
    Ok((properties.into_iter().map(|(name, property)| (name, property.value)).collect(), bad))
}

impl fmt::Debug for KafkaSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.properties.keys().collect();
        formatter
            .debug_struct("KafkaSettings")
            .field("brokers", &self.brokers)
            .field("properties", &names)
            .field("file", &self.file)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_hosts_with_ports() {
        for good in ["kafka:9092", "a:1,b:2", "[::1]:9092", "a:1, b:2", "SASL_SSL://a:1"] {
            assert!(brokers_form().parse(good).is_some(), "{good}");
        }
        for bad in
            ["kafka", "kafka:", ":9092", "a:1,", "a:99999", "a:1;b:2", "http://a:1", "SSL://:1", "me:pw@a:1"]
        {
            assert!(brokers_form().parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn addresses_are_without_the_protocol_that_librdkafka_takes_before_them() {
        let settings = KafkaSettings::plain("a:1, sasl_ssl://b:2,SSL://[::1]:3");
        assert_eq!(settings.addresses().collect::<Vec<_>>(), ["a:1", "b:2", "[::1]:3"]);
    }

    #[test]
    fn debug_names_properties_and_hides_their_values() {
        let mut settings = KafkaSettings::plain("kafka:9092");
        settings.properties.insert(String::from("ssl.key.pem"), String::from("hunter2"));
        let text = format!("{settings:?}");
        assert!(text.contains("ssl.key.pem") && text.contains("kafka:9092"));
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_line() {
        let file = std::env::temp_dir().join(format!("weir-mark-{}.properties", std::process::id()));
        std::fs::write(&file, "\u{feff}client.rack=a\nsocket.max.fails=2\n").unwrap();
        let read = properties_in(&file);
        std::fs::remove_file(&file).unwrap();
        let (properties, bad) = read.unwrap();
        assert_eq!((properties["client.rack"].as_str(), bad), ("a", Vec::new()));
    }

    #[test]
    fn everything_that_is_wrong_with_a_file_is_named_at_once() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nacks=1\nssl.ca.location=/nope/ca.crt\n";
        std::fs::write(&file, text).unwrap();
        let (_, bad) = properties_in(file.path()).unwrap();
        assert_eq!(bad.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3, 4], "{bad:?}");
    }

    #[test]
    fn of_two_names_of_a_property_the_last_line_counts() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "compression.type=zstd\ncompression.codec=lz4\n").unwrap();
        let (properties, bad) = properties_in(file.path()).unwrap();
        assert_eq!(bad, []);
        assert_eq!(properties, BTreeMap::from([("compression.type".to_owned(), "lz4".to_owned())]));
    }

    #[test]
    fn properties_of_the_file_win_over_the_defaults() {
        let mut settings = KafkaSettings::plain("kafka:9092");
        settings.properties.insert(String::from("socket.timeout.ms"), String::from("60000"));
        let config = settings.client_config("weir-test");
        assert_eq!(config.get("socket.timeout.ms"), Some("60000"));
        assert_eq!(config.get("bootstrap.servers"), Some("kafka:9092"));
        assert_eq!(config.get("client.id"), Some("weir-test"));
    }
}
