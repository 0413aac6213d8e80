//! `/{app-id}/subscriptions`: where an app's events go, an address and a list of fields per object; and `/{app-id}/permissions`: what
//! the app's review has approved.

use super::{EdgeError, done, listed};
use crate::{AccessToken, Body, Graph, GraphId};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;

/// What an app has subscribed to of one object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AppSubscription {
    /// `page` or `instagram`; Meta has more.
    pub object: String,
    /// Where deliveries go.
    #[serde(default)]
    pub callback_url: String,
    /// Whether Meta delivers.
    #[serde(default)]
    pub active: bool,
    /// The fields' names.
    #[serde(default, deserialize_with = "names")]
    pub fields: BTreeSet<String>,
}

/// The reference calls a field a string, the guide's sample shows an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Name(String),
    Versioned { name: String },
}

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
    /// Everything that an app has subscribed to. `token` is the app's own.
    pub async fn app_subscriptions(
        &self,
        app: &GraphId,
        token: &AccessToken,
    ) -> Result<Vec<AppSubscription>, EdgeError> {
        listed(self.get(&self.edge(app), token).await, app.as_str())
    }

    /// Subscribes an app to an object, with values. Meta makes its handshake with the address meanwhile, in which it
    /// shows `verify_token`.
    pub async fn subscribe_app(
        &self,
        app: &GraphId,
        wanted: &AppSubscription,
        verify_token: &str,
        token: &AccessToken,
    ) -> Result<(), EdgeError> {
        let fields: Vec<&str> = wanted.fields.iter().map(String::as_str).collect();
        let form = vec![
            ("object", wanted.object.clone()),
            ("callback_url", wanted.callback_url.clone()),
            ("fields", fields.join(",")),
            ("verify_token", verify_token.to_owned()),
            ("include_values", String::from("true")),
        ];
        done(self.post(&self.edge(app), Body::Form(form), token).await, app)
    }

    /// What the review of an app says of its permissions. `token` is the app's own. The reference has the edge and
    /// not its members (November 2026).
    pub async fn app_permissions(
        &self,
        app: &GraphId,
        token: &AccessToken,
    ) -> Result<Vec<AppPermission>, EdgeError> {
        let url = format!("{}/{app}/permissions?limit=200", self.version());
        self.pages(&url, token, app.as_str()).await
    }

    fn edge(&self, app: &GraphId) -> String {
        format!("{}/{app}/subscriptions", self.version())
    }
}

fn names<'de, D: Deserializer<'de>>(fields: D) -> Result<BTreeSet<String>, D::Error> {
    let name = |field| match field {
        Field::Name(name) | Field::Versioned { name } => name,
    };
    Ok(Vec::<Field>::deserialize(fields)?.into_iter().map(name).collect())
}
