//! The data of leads: the value of a `leadgen` change of a page.
//!
//! It holds ids and nothing else; the answers are read from the Graph API by [`leadgen_id`](Lead::leadgen_id). Source:
//! Meta's page webhook reference and its dashboard's test event.

use super::model::model;
use crate::time::Millis;

model! {
    /// Somebody filled in a lead form. Ids come as strings or as numbers.
    #[derive(PartialEq, Eq)]
    pub struct Lead {
        /// The filled-in form.
        pub leadgen_id: Option<String> = id("leadgen_id"),
        /// The form.
        pub form_id: Option<String> = id("form_id"),
        /// The page.
        pub page_id: Option<String> = id("page_id"),
        /// The ad that led to the form; 0 where it was none.
        pub ad_id: Option<String> = id("ad_id"),
        /// The ad's set; 0 where it was no ad.
        pub adgroup_id: Option<String> = id("adgroup_id"),
        /// When it was filled in, in seconds.
        pub created_time: Option<Millis> = millis("created_time"),
    }
}
