//! The data of leads: the value of a `leadgen` change of a page.
//!
//! It holds ids and nothing else; the answers are read from the Graph API by [`leadgen_id`](Lead::leadgen_id). Source:
//! Meta's page webhook reference and its dashboard's test event.

use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody filled in a lead form. It holds ids, which are strings or numbers, and no answers. Source: page
    /// webhooks, `leadgen`.
    pub struct Lead {
        /// The filled-in form: the Graph API gives its answers. Always present.
        pub leadgen_id: Option<String> = id("leadgen_id"),
        /// The form. Always present.
        pub form_id: Option<String> = id("form_id"),
        /// The page. Always present.
        pub page_id: Option<String> = id("page_id"),
        /// The ad that led to the form; 0 where it was none. Absent where it was none, too.
        pub ad_id: Option<String> = id("ad_id"),
        /// The ad's set; 0 where it was no ad. Absent where it was none, too.
        pub adgroup_id: Option<String> = id("adgroup_id"),
        /// When it was filled in, in seconds. Always present.
        pub created_time: Option<Millis> = millis("created_time"),
    }
}
