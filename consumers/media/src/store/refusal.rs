//! Says why a store did not do what it was asked for, in words that are known before: its own may hold keys and signed addresses.

use object_store::Error;
use runtime::process::chain;

/// What stands in the text of an error, and what is said of it. Source: the lists of error codes of S3, which Google Cloud Storage
/// and other stores share for the most part, and of Azure.
const KNOWN: [(&str, &str); 10] = [
    (
        "<Code>RequestTimeTooSkewed</Code>",
        "the clock of this machine is not that of the store (RequestTimeTooSkewed): set it right",
    ),
    (
        "<Code>SignatureDoesNotMatch</Code>",
        "the secret key is not that of the access key (SignatureDoesNotMatch): look at AWS_SECRET_ACCESS_KEY, for a blank or a line's \
         end in it too, and at AWS_ENDPOINT",
    ),
    (
        "<Code>InvalidAccessKeyId</Code>",
        "it does not know the access key (InvalidAccessKeyId): look at AWS_ACCESS_KEY_ID, whether it was deleted, and at AWS_ENDPOINT",
    ),
    (
        "<Code>ExpiredToken</Code>",
        "the session of the credentials has ended (ExpiredToken): renew AWS_SESSION_TOKEN and both keys, and start again",
    ),
    (
        "<Code>InvalidToken</Code>",
        "the session token is not one (InvalidToken): take AWS_SESSION_TOKEN and both keys of one session, or no token",
    ),
    (
        "<Code>AccessDenied</Code>",
        "its credentials may not do that (AccessDenied): look at the policies of their user or role, of the bucket and of its key",
    ),
    (
        "<Code>AuthenticationFailed</Code>",
        "it does not accept the credentials (AuthenticationFailed): look at the account's name and key, and at the clock",
    ),
    (
        "<Code>AuthorizationPermissionMismatch</Code>",
        "its credentials may not do that (AuthorizationPermissionMismatch): look at the role of their identity",
    ),
    (
        "<Code>AuthorizationFailure</Code>",
        "its credentials may not do that from here (AuthorizationFailure): look at the network rules of the account",
    ),
    (
        "invalid peer certificate",
        "its certificate is not accepted: where an authority of your own vouches for it, name it by --media-store-ca; else look at \
         its name and its end",
    ),
];

/// In a few words, without keys.
pub(super) fn why(error: &Error) -> &'static str {
    let text = chain(error);
    if let Some((_, why)) = KNOWN.iter().find(|(sign, _)| text.contains(sign)) {
        return why;
    }
    match error {
        Error::NotFound { .. } => "there is no such bucket, container or object",
        Error::PermissionDenied { .. } => "its credentials may not do that",
        Error::Unauthenticated { .. } => "it does not accept the credentials, or there are none",
        Error::NotSupported { .. } | Error::NotImplemented { .. } => "it cannot do that",
        _ => "it cannot be reached, or answered with an error (RUST_LOG=weir_media=debug shows it)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(body: &str) -> Error {
        let source = format!("Server returned non-2xx status code: 403 Forbidden: {body}").into();
        Error::PermissionDenied { path: "1784/99/a".to_owned(), source }
    }

    #[test]
    fn each_refusal_says_what_to_look_at_and_none_of_the_store_s_own_words() {
        let body = |code: &str| {
            format!(
                "<Error><Code>{code}</Code><Message>no</Message><AWSAccessKeyId>AKIA1</AWSAccessKeyId></Error>"
            )
        };
        for (code, place) in [
            ("RequestTimeTooSkewed", "clock"),
            ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
            ("InvalidAccessKeyId", "AWS_ACCESS_KEY_ID"),
            ("ExpiredToken", "AWS_SESSION_TOKEN"),
            ("AccessDenied", "policies"),
        ] {
            for error in [denied(&body(code)), Error::Generic { store: "S3", source: body(code).into() }] {
                let why = why(&error);
                assert!(why.contains(code) && why.contains(place) && !why.contains("AKIA1"), "{why}");
            }
        }
        assert_eq!(why(&denied("")), "its credentials may not do that");
    }

    #[test]
    fn a_certificate_that_is_not_accepted_is_no_store_that_cannot_be_reached() {
        let refused = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let why = why(&Error::Generic { store: "S3", source: std::io::Error::other(refused).into() });
        assert!(why.contains("--media-store-ca"), "{why}");
    }
}
