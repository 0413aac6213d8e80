//! Which properties a file may set, and what is said of the others.
//!
//! A property that is not listed is refused: what loads code, switches a check off or touches what Weir promises must not
//! come in with a new version of librdkafka. See docs/adr/0036.

/// What a file may set, whatever the value; docs/operations.md has the same list.
const ALLOWED: [&str; 57] = [
    "security.protocol",
    "sasl.username",
    "sasl.password",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.key.location",
    "ssl.key.pem",
    "ssl.key.password",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.crl.location",
    "ssl.curves.list",
    "ssl.sigalgs.list",
    "client.rack",
    "broker.address.family",
    "broker.address.ttl",
    "socket.timeout.ms",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.nagle.disable",
    "socket.max.fails",
    "socket.send.buffer.bytes",
    "socket.receive.buffer.bytes",
    "connections.max.idle.ms",
    "reconnect.backoff.ms",
    "reconnect.backoff.max.ms",
    "retry.backoff.ms",
    "retry.backoff.max.ms",
    "request.timeout.ms",
    "metadata.max.age.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.sparse",
    "topic.metadata.propagation.max.ms",
    "compression.type",
    "compression.codec",
    "compression.level",
    "batch.num.messages",
    "batch.size",
    "session.timeout.ms",
    "heartbeat.interval.ms",
    "max.poll.interval.ms",
    "coordinator.query.interval.ms",
    "auto.commit.interval.ms",
    "fetch.wait.max.ms",
    "fetch.min.bytes",
    "fetch.max.bytes",
    "max.partition.fetch.bytes",
    "fetch.message.max.bytes",
    "receive.message.max.bytes",
    "queued.min.messages",
    "queued.max.messages.kbytes",
    "fetch.queue.backoff.ms",
    "log.connection.close",
];

/// What a file may set beside these in a build with OIDC, for SASL/OAUTHBEARER.
const OF_OIDC: [&str; 5] = [
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.scope",
    "sasl.oauthbearer.assertion.file",
    "https.ca.location",
];

/// What has one safe value, or a few, and what to do instead of another.
const LIMITED: [(&str, &[&str], &str); 8] = [
    ("enable.ssl.certificate.verification", &["true"], "true: name the authority with ssl.ca.location"),
    ("ssl.endpoint.identification.algorithm", &["https"], NO_OTHER_NAME),
    ("client.dns.lookup", &["use_all_dns_ips"], NO_OTHER_LOOKUP),
    ("check.crcs", &["true"], "true: damaged records must be noticed"),
    ("sasl.mechanism", MECHANISMS, NO_OTHER_MECHANISM),
    ("sasl.mechanisms", MECHANISMS, NO_OTHER_MECHANISM),
    ("sasl.oauthbearer.method", &["oidc"], NO_OTHER_METHOD),
    (
        "sasl.oauthbearer.grant.type",
        &GRANTS,
        "client_credentials, or urn:ietf:params:oauth:grant-type:jwt-bearer",
    ),
];

/// Whether this build can fetch tokens (the feature `oidc`).
pub(super) const HAS_OIDC: bool = cfg!(feature = "oidc");

/// The mechanisms of a login, in this build.
pub(super) const MECHANISMS: &[&str] = if HAS_OIDC {
    &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]
} else {
    &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
};

/// What a token is asked for with: a secret (RFC 6749, 4.4), which is meant where none is given, or a token of another authority in
/// a file (RFC 7523), such as that of a service account of Kubernetes.
const GRANTS: [&str; 2] = ["client_credentials", JWT_BEARER];
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const NO_OTHER_NAME: &str = "https: the broker's certificate has to have the name or address that --brokers and the brokers' \
    advertised.listeners name, make one that has";
const NO_OTHER_LOOKUP: &str = "use_all_dns_ips: with another value the broker's certificate is checked against the name that DNS gives \
    for its address, so that whoever answers DNS chooses it";
const NO_OTHER_MECHANISM: &str = if HAS_OIDC {
    "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER: there is no Kerberos for GSSAPI"
} else {
    "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512: this build has no OIDC to fetch tokens with for OAUTHBEARER (the image has, and so has a \
        build with --workspace --features weir-runtime/oidc), and there is no Kerberos for GSSAPI"
};
const NO_OTHER_METHOD: &str = "oidc: tokens that are not signed prove nothing";
const NO_OIDC: &str = "this line to be removed: this build has no OIDC (the image has, and so has a build with \
    --workspace --features weir-runtime/oidc), use SCRAM-SHA-512 or a client certificate";
const NO_EXTENSIONS: &str = "name=value, separated by commas: names of letters alone but auth, values of visible characters (RFC 7628)";
const NOT_ENCRYPTED: &str = "https://…: the secret is sent there";
const NO_KERBEROS: &str =
    "this line to be removed: this build has no Kerberos, use SCRAM-SHA-512 or a client certificate";
const SUITES: &str = "names of suites that authenticate and encrypt, such as TLS_AES_256_GCM_SHA384 or \
    ECDHE-RSA-AES256-GCM-SHA384, separated by colons";
const NOT_LISTED: &str = "one of the properties that docs/operations.md lists, the rest is for Weir to set";

/// What Weir sets itself or never does, and why.
const OWNED: [(&[&str], &str); 30] = [
    (
        &["message.timeout.ms", "delivery.timeout.ms", "retries", "message.send.max.retries"],
        "Weir gives records up after a time of its own",
    ),
    (&["linger.ms", "queue.buffering.max.ms"], "ingest has --linger"),
    (&["queue.buffering.max.kbytes", "queue.buffering.max.messages"], "ingest has --queue-bytes"),
    (&["message.max.bytes"], "follows from ingest's --max-body"),
    (&["default.topic.config"], "write each of its properties on a line of its own"),
    (&["log_level", "debug"], "RUST_LOG sets what is logged"),
    (&["acks", "request.required.acks"], "always all, so that an acknowledged record survives a broker"),
    (&["enable.idempotence"], "always on, so that retries neither double nor reorder"),
    (&["enable.gapless.guarantee"], "always off"),
    (&["max.in.flight", "max.in.flight.requests.per.connection"], "follows from idempotence"),
    (&["transactional.id"], "Weir uses no transactions"),
    (&["partitioner"], "always murmur2_random, so that Java clients agree"),
    (&["delivery.report.only.error"], "successes are what an answer waits for"),
    (
        &["enable.auto.commit", "auto.commit.enable"],
        "always on for consumers, offsets are stored after the work",
    ),
    (&["enable.auto.offset.store"], "always off, offsets are stored after the work"),
    (&["auto.offset.reset"], "always earliest, so that nothing is skipped"),
    (&["isolation.level"], "set by Weir: read_committed for consumers, read_uncommitted for reading back"),
    (&["partition.assignment.strategy", "group.protocol"], "all members of a group must agree"),
    (&["group.instance.id"], "members that share a file would shut each other out"),
    (&["group.id"], "is the name of the consumer"),
    (&["client.id"], "is the name of the process"),
    (&["bootstrap.servers", "metadata.broker.list"], "use --brokers"),
    (&["allow.auto.create.topics"], "topics are made by `weir topics apply`"),
    (&["statistics.interval.ms"], "always 5 s, the metrics come from it"),
    (&["enable.partition.eof"], "Weir sets it itself where it needs it"),
    (&["plugin.library.paths", "ssl.providers"], "no code is loaded at run time"),
    (
        &["ssl.engine.location", "ssl.engine.id"],
        "no code is loaded at run time, use ssl.key.location or ssl.key.pem",
    ),
    (
        &[
            "ssl.truststore.location",
            "ssl.truststore.password",
            "ssl.truststore.type",
            "ssl.truststore.certificates",
        ],
        "use ssl.ca.location, a file of the authority's certificates in PEM, instead of Java's truststore",
    ),
    (
        &["ssl.keystore.key", "ssl.keystore.certificate.chain", "ssl.keystore.type"],
        "use ssl.key.pem and ssl.certificate.pem, or ssl.keystore.location with a key store in PKCS#12",
    ),
    (&["sasl.jaas.config"], "use sasl.username and sasl.password instead of Java's login module"),
];

/// What is wrong with a property and its value, as what is expected instead; `None` where a file may set it so.
pub(super) fn refusal(name: &str, value: &str) -> Option<String> {
    let is_of_oidc = name.contains("oauthbearer") || name.starts_with("https.ca.");
    if is_of_oidc && !HAS_OIDC {
        return Some(NO_OIDC.to_owned());
    }
    if ALLOWED.contains(&name) || OF_OIDC.contains(&name) {
        return None;
    }
    if name == "sasl.oauthbearer.extensions" {
        return (!value.split(',').all(is_extension)).then(|| NO_EXTENSIONS.to_owned());
    }
    if name == "sasl.oauthbearer.token.endpoint.url" {
        return (!value.starts_with("https://")).then(|| NOT_ENCRYPTED.to_owned());
    }
    if let Some((_, values, expected)) = LIMITED.iter().find(|(limited, ..)| *limited == name) {
        return (!values.contains(&value)).then(|| (*expected).to_owned());
    }
    if name == "ssl.cipher.suites" {
        return (!value.split([':', ',']).all(is_suite)).then(|| SUITES.to_owned());
    }
    Some(match why_owned(name) {
        Some(why) => format!("this line to be removed: {why}"),
        None if name.starts_with("sasl.kerberos.") => NO_KERBEROS.to_owned(),
        None => NOT_LISTED.to_owned(),
    })
}

/// Why only Weir sets a property, or nobody; `None` where it is not listed as one of those.
pub(super) fn why_owned(name: &str) -> Option<&'static str> {
    OWNED.iter().find(|(names, _)| names.contains(&name)).map(|(_, why)| *why)
}

/// Neither a group of suites, as `ALL`, nor a rule, as `@SECLEVEL=0`: both let suites in that check no certificate.
fn is_suite(name: &str) -> bool {
    let is_known = ["TLS_", "ECDHE-", "DHE-"].iter().any(|prefix| name.starts_with(prefix));
    is_known && !name.contains("NULL") && !name.contains(['@', '+', '!'])
}

/// Librdkafka leaves all of them out where one is none, without a word (`rd_kafka_conf_kv_split`).
fn is_extension(pair: &str) -> bool {
    pair.trim().split_once('=').is_some_and(|(name, value)| {
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()) && name != "auth";
        is_name && !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;

    #[test]
    fn what_is_allowed_is_known_to_librdkafka_and_listed_for_people() {
        let operations = include_str!("../../../../docs/operations.md");
        let limited = LIMITED.map(|(name, ..)| name);
        let others =
            ["ssl.cipher.suites", "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.extensions"];
        for name in ALLOWED.into_iter().chain(OF_OIDC).chain(limited).chain(others) {
            let known = ClientConfig::new().set(name, "\u{1}").create_native_config().err();
            let is_unknown = known.is_some_and(|error| error.to_string().contains("No such configuration"));
            assert!(!is_unknown, "{name} is no property of librdkafka");
            assert!(operations.contains(&format!("`{name}`")), "docs/operations.md does not list {name}");
        }
    }

    #[test]
    fn checks_cannot_be_switched_off() {
        for (name, value) in [
            ("enable.ssl.certificate.verification", "false"),
            ("ssl.endpoint.identification.algorithm", "none"),
            ("client.dns.lookup", "resolve_canonical_bootstrap_servers_only"),
            ("check.crcs", "false"),
            ("ssl.cipher.suites", "ALL:@SECLEVEL=0"),
            ("ssl.cipher.suites", "ECDHE-RSA-AES256-GCM-SHA384:aNULL"),
            ("ssl.cipher.suites", "ECDHE-RSA-NULL-SHA"),
        ] {
            assert!(refusal(name, value).is_some(), "{name}={value}");
        }
        for (name, value) in [
            ("enable.ssl.certificate.verification", "true"),
            ("ssl.endpoint.identification.algorithm", "https"),
            ("client.dns.lookup", "use_all_dns_ips"),
            ("ssl.cipher.suites", "TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384"),
        ] {
            assert_eq!(refusal(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn nothing_loads_code() {
        for name in
            ["plugin.library.paths", "ssl.engine.location", "ssl.engine.id", "ssl.providers", "interceptors"]
        {
            assert!(refusal(name, "x").is_some(), "{name}");
        }
    }

    #[test]
    fn what_a_java_client_has_is_told_by_what_stands_for_it() {
        for (name, instead) in
            [("ssl.truststore.location", "ssl.ca.location"), ("sasl.jaas.config", "sasl.username")]
        {
            assert!(refusal(name, "x").unwrap().contains(instead), "{name}");
        }
    }

    #[test]
    fn tokens_are_taken_where_this_build_can_fetch_them_and_only_signed_ones() {
        for (name, value) in [
            ("sasl.mechanism", "OAUTHBEARER"),
            ("sasl.oauthbearer.method", "oidc"),
            ("sasl.oauthbearer.token.endpoint.url", "https://login.example/token"),
            ("https.ca.location", "/ca.crt"),
            ("sasl.oauthbearer.extensions", "logicalCluster=a, identityPoolId=b"),
        ] {
            let refused = refusal(name, value);
            if HAS_OIDC {
                assert_eq!(refused, None, "{name}");
            } else {
                assert!(refused.unwrap().contains("no OIDC"), "{name}");
            }
        }
        for (name, value) in [
            ("enable.sasl.oauthbearer.unsecure.jwt", "true"),
            ("sasl.oauthbearer.method", "default"),
            ("sasl.oauthbearer.token.endpoint.url", "http://login.example/token"),
            ("sasl.oauthbearer.extensions", "logicalCluster=a,identityPoolId"),
            ("sasl.oauthbearer.extensions", "auth=Bearer"),
        ] {
            assert!(refusal(name, value).is_some(), "{name}={value}");
        }
    }

    #[test]
    fn what_no_build_has_is_named() {
        assert!(refusal("sasl.mechanisms", "GSSAPI").unwrap().contains("no Kerberos"));
        assert!(refusal("sasl.kerberos.keytab", "x").unwrap().contains("no Kerberos"));
        assert_eq!(refusal("sasl.mechanism", "SCRAM-SHA-512"), None);
    }
}
