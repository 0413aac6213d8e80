//! Who may answer in a conversation: the thread control of an inbox record.

use serde::{Deserialize, Serialize};

/// The apps between which control of a thread passed, or is to pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Thread {
    /// The app that had control; null where none had, and of `thread.requested`.
    pub previous_owner_app_id: Option<String>,
    /// The app that has control now; null of `thread.requested`.
    pub new_owner_app_id: Option<String>,
    /// The app that asks for control, of `thread.requested`; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_owner_app_id: Option<String>,
    /// What the app says about it.
    pub metadata: Option<String>,
}
