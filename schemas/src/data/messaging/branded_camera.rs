//! Camera effects of a brand.

use super::super::model::model;

model! {
    /// A customer did something with an effect of the branded camera. Source: libraries that read it; Meta has withdrawn
    /// the feature and its page.
    #[derive(PartialEq, Eq)]
    pub struct BrandedCamera {
        /// The effects. Present in all that is known.
        pub content_ids: Vec<String> = ids("content_ids"),
        /// What the customer did, such as `dismiss`. Present in all that is known.
        pub event: Option<String> = text("event"),
    }
}
