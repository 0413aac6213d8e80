//! Camera effects of a brand.

use super::super::model::model;

model! {
    /// A customer did something with an effect of the branded camera. Source: libraries for the Messenger platform
    /// that read it; Meta has withdrawn the feature and its page.
    pub struct BrandedCamera {
        /// The effects. Always present.
        pub content_ids: Vec<String> = ids("content_ids"),
        /// What the customer did, such as `dismiss`. Always present.
        pub event: Option<String> = text("event"),
    }
}
