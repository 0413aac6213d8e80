//! Whether Meta refuses the app's secret rather than the access token: it has no code for that, only words.
//!
//! Documented nowhere (November 2026); in reports of users of many years a wrong `appsecret_proof`, and one that is missing, are 100 without a subcode
//! (facebook/facebook-python-business-sdk 528, facebookarchive/php-graph-sdk 986), and a wrong secret in an exchange is 1, which else asks for another
//! attempt.

const REFUSALS: [&str; 3] = [
    "Invalid appsecret_proof provided",
    "API calls from the server require an appsecret_proof",
    "Error validating client secret",
];

/// Whether the words of an error say so. They are compared where they begin: what follows may quote people.
pub(super) fn is_refused(message: Option<&str>) -> bool {
    let Some(words) = message.and_then(|token| token.strip_prefix('"')) else { return false };
    // Some begin with their code, as "(#100) ".
    let after_code = words.split_once(") ").filter(|(code, _)| code.starts_with("(#"));
    let words = after_code.map_or(words, |(_, words)| words);
    REFUSALS.iter().any(|refusal| words.starts_with(refusal))
}
