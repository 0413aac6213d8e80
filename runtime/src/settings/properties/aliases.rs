//! Properties that have two names: one of them is kept, so that the last line counts, and a default gives way to either.
//!
//! A client's properties are set in no order: under two names, a value of the file and a default would win by chance.

/// Of those that a file may set: the other name, and the one that is kept.
const ALIASES: [(&str, &str); 3] = [
    ("compression.codec", "compression.type"),
    ("fetch.message.max.bytes", "max.partition.fetch.bytes"),
    ("sasl.mechanisms", "sasl.mechanism"),
];

/// The name that is kept of a property's names.
pub(super) fn kept(name: &str) -> &str {
    ALIASES.iter().find(|(other, _)| *other == name).map_or(name, |(_, kept)| kept)
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;

    use super::*;

    #[test]
    fn both_names_are_one_property_of_librdkafka() {
        for ((other, kept), value) in ALIASES.into_iter().zip(["lz4", "54321", "PLAIN"]) {
            let config = ClientConfig::new().set(other, value).create_native_config().unwrap();
            assert_eq!(config.get(kept).unwrap(), value, "{other}");
        }
    }

    #[test]
    fn one_of_two_names_is_kept_and_so_is_an_only_one() {
        assert_eq!(["sasl.mechanisms", "linger.ms"].map(kept), ["sasl.mechanism", "linger.ms"]);
    }
}
