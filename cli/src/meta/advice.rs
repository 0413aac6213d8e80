//! What Meta's refusals mean for subscriptions and tokens, and what to do about them.
//!
//! Sources: docs/meta.md. That 2200 is the failed handshake and 101 a wrong pair of app and secret is only remembered.

use runtime::process::chain;
use weir_graph::edges::EdgeError;

/// A failure in a line, with what to do.
pub(super) fn on(error: &EdgeError) -> String {
    let said = chain(error);
    let advice = match error.code() {
        Some(2_200) => {
            "it comes of a handshake that failed: ingest must answer at \"callback_url\", and know the verify token"
        }
        Some(101) => "the app's id and secret do not belong together",
        Some(190) => "is it the token of this account, app and host, and the app's own secret?",
        Some(10 | 200..=299) => "docs/meta.md has the permissions, one for each field",
        _ => return said,
    };
    format!("{said}; {advice}")
}
