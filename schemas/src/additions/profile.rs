//! Who a customer is: the records of the topic `profiles`.

pub use crate::word::Open;

use crate::inbox::Platform;
use crate::word::words;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Who a customer is. The latest record of a key, `{account}:{user}`, counts; one without a value erases what was known.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct CustomerProfile<'a> {
    /// The account or page that the customer wrote to. Always present.
    #[serde(borrow)]
    pub account: Cow<'a, str>,
    /// The customer, by the id that is `from` of an inbox record. Always present.
    #[serde(borrow)]
    pub user: Cow<'a, str>,
    /// The channel. Always present.
    pub platform: Open<Platform>,
    /// What the Graph API said to the question. Always present.
    pub status: Open<ProfileStatus>,
    /// When it said so; RFC 3339 in UTC with milliseconds. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub at: Cow<'a, str>,
    /// What it said, verbatim; null where it said nothing of the customer. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(with = "Option<crate::data::person::Person>"))]
    pub profile: Option<&'a RawValue>,
}

words! {
    /// What became of the question who a customer is.
    pub enum ProfileStatus {
        /// `profile` says who it is.
        Found = "found",
        /// The account may not know who it is: there is no consent, or no such customer any more.
        Unavailable = "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_graph_api_said_is_kept_byte_for_byte() {
        let json = r#"{"account":"1784","user":"99","platform":"instagram","status":"found","at":"2025-07-18T16:20:41.000Z","profile":{"name" : "\u00e4","later":1}}"#;
        let profile: CustomerProfile<'_> = serde_json::from_str(json).unwrap();
        assert_eq!(profile.status, ProfileStatus::Found.into());
        assert_eq!(serde_json::to_string(&profile).unwrap(), json);
    }
}
