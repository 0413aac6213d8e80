//! `/{account-id}/subscribed_apps`: which apps a page or an Instagram account has installed, with which fields;
//! and `/{page-id}`: the Instagram account that is linked to a page.

use super::{EdgeError, done, read};
use crate::{AccessToken, Body, Graph, GraphId};
use serde::Deserialize;
use std::collections::BTreeSet;

/// An app that an account has installed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Install {
    /// The app; of Instagram Login no document shows that Meta names it.
    #[serde(default, rename = "id")]
    pub app: Option<String>,
    /// The fields' names.
    #[serde(default, rename = "subscribed_fields")]
    pub fields: BTreeSet<String>,
}

#[derive(Deserialize)]
struct OfPage {
    instagram_business_account: Option<Linked>,
}

#[derive(Deserialize)]
struct Linked {
    id: String,
}

impl Graph {
    /// The apps that an account has installed, as far as its token may see them.
    pub async fn installs(&self, account: &GraphId, token: &AccessToken) -> Result<Vec<Install>, EdgeError> {
        let url = format!("{}/{account}/subscribed_apps?limit=100", self.version());
        self.pages(&url, token, account.as_str()).await
    }

    /// Installs the token's app for an account, with these fields.
    pub async fn install(
        &self,
        account: &GraphId,
        fields: &BTreeSet<String>,
        token: &AccessToken,
    ) -> Result<(), EdgeError> {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let form = vec![("subscribed_fields", fields.join(","))];
        let url = format!("{}/{account}/subscribed_apps", self.version());
        done(self.post(&url, Body::Form(form), token).await, account)
    }

    /// The professional Instagram account that is linked to a page, where there is one that the token may see
    /// (Meta's reference of the page on the Instagram platform, July 2024).
    pub async fn linked_instagram(
        &self,
        page: &GraphId,
        token: &AccessToken,
    ) -> Result<Option<String>, EdgeError> {
        let url = format!("{}/{page}?fields=instagram_business_account", self.version());
        let page: OfPage = read(self.get(&url, token).await, page.as_str())?;
        Ok(page.instagram_business_account.map(|linked| linked.id))
    }
}
