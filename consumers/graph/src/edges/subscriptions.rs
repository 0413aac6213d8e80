//! `/{app-id}/subscriptions`: where an app's events go, an address and a list of fields per object.

use super::{EdgeError, Listed, done, read};
use crate::{AccessToken, Body, Graph, GraphId};
use serde::Deserialize;
use std::collections::BTreeSet;

/// What an app has subscribed to of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSubscription {
    /// `page` or `instagram`; Meta has more.
    pub object: String,
    /// Where deliveries go.
    pub callback_url: String,
    /// Whether Meta delivers.
    pub active: bool,
    /// The fields' names.
    pub fields: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Answered {
    object: String,
    #[serde(default)]
    callback_url: String,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    fields: Vec<Field>,
}

/// The reference calls a field a string, the guide's sample shows an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Name(String),
    Versioned { name: String },
}

impl Graph {
    /// Everything that an app has subscribed to. `token` is the app's own.
    pub async fn app_subscriptions(
        &self,
        app: &GraphId,
        token: &AccessToken,
    ) -> Result<Vec<AppSubscription>, EdgeError> {
        let reply = self.get(&self.edge(app), token).await;
        let answered: Listed<Vec<Answered>> = read(reply, app.as_str())?;
        Ok(answered.data.into_iter().map(AppSubscription::from).collect())
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

    fn edge(&self, app: &GraphId) -> String {
        format!("{}/{app}/subscriptions", self.version())
    }
}

impl From<Answered> for AppSubscription {
    fn from(answered: Answered) -> Self {
        let Answered { object, callback_url, active, fields } = answered;
        let name = |field| match field {
            Field::Name(name) | Field::Versioned { name } => name,
        };
        Self { object, callback_url, active, fields: fields.into_iter().map(name).collect() }
    }
}
