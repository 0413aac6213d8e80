//! The flags of `weir connect`.

use crate::meta::settings::MetaSettings;
use crate::tool::settings::{group, settings, switch};

settings! {
    /// What `weir connect plan` and `apply` can be asked for.
    pub(super) struct ConnectSettings {
        meta: MetaSettings = group(),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}
