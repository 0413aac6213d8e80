//! `/{page-id}`: the Instagram account that is linked to a page.

use super::{EdgeError, read};
use crate::{AccessToken, Graph, GraphId};
use serde::Deserialize;

#[derive(Deserialize)]
struct Page {
    instagram_business_account: Option<Linked>,
}

#[derive(Deserialize)]
struct Linked {
    id: String,
}

impl Graph {
    /// The professional Instagram account that is linked to a page, where there is one that the token may see
    /// (Meta's reference of the page on the Instagram platform, July 2024).
    pub async fn linked_instagram(
        &self,
        page: &GraphId,
        token: &AccessToken,
    ) -> Result<Option<String>, EdgeError> {
        let url = format!("{}/{page}?fields=instagram_business_account", self.version());
        let page: Page = read(self.get(&url, token).await, page.as_str())?;
        Ok(page.instagram_business_account.map(|linked| linked.id))
    }
}
