//! `/{app-id}/permissions`: what the review of an app has approved.

use super::{EdgeError, Listed, read};
use crate::{AccessToken, Graph, GraphId};
use serde::Deserialize;

/// A permission that an app has asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AppPermission {
    /// Its name.
    pub permission: String,
    /// Meta's word; that `live` is the one for approved is only remembered.
    #[serde(default)]
    pub status: String,
}

impl Graph {
    /// What the review of an app says of its permissions. `token` is the app's own. The reference has the edge and
    /// not its members (November 2026).
    pub async fn app_permissions(
        &self,
        app: &GraphId,
        token: &AccessToken,
    ) -> Result<Vec<AppPermission>, EdgeError> {
        let url = format!("{}/{app}/permissions?limit=200", self.version());
        let answered: Listed<Vec<AppPermission>> = read(self.get(&url, token).await, app.as_str())?;
        Ok(answered.data)
    }
}
