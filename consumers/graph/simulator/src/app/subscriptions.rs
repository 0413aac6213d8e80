//! `/{app-id}/subscriptions`: the objects of an app, each with one address and its fields.

use super::{Apps, list};
use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use hyper::Method;
use schemas::Subscribable;
use serde_json::{Value, json};

impl Apps {
    pub(super) fn subscriptions_edge(&mut self, app: &str, asked: &Asked) -> Answered {
        if self.app_of(asked).as_deref() != Some(app) {
            // An app access token is required.
            return Err(Behaviour::error(190, None));
        }
        match asked.method {
            Method::GET => Ok(self.subscribed(app)),
            Method::POST => self.subscribe(app, asked),
            _ => Err(Behaviour::error(100, None)),
        }
    }

    fn subscribed(&self, app: &str) -> Value {
        let own = self.subscriptions.iter().filter(|((of, _), _)| of == app);
        json!({ "data": own.map(|(_, subscription)| subscription).collect::<Vec<_>>() })
    }

    fn subscribe(&mut self, app: &str, asked: &Asked) -> Answered {
        let of = |name| asked.parameter(name).filter(|value| !value.is_empty());
        let (Some(object), Some(callback_url), Some(fields), Some(_)) =
            (of("object"), of("callback_url"), of("fields"), of("verify_token"))
        else {
            return Err(Behaviour::error(100, None));
        };
        let known = match object {
            "page" => Subscribable::Page.fields(),
            "instagram" => Subscribable::Instagram.fields(),
            _ => return Err(Behaviour::error(100, None)),
        };
        let fields = list(fields);
        if !callback_url.starts_with("https://")
            || !fields.iter().all(|field| known.contains(&field.as_str()))
        {
            return Err(Behaviour::error(100, None));
        }
        if !asked.callback_answers {
            return Err(Behaviour::refusal(2_200, "(#2200) Callback verification failed"));
        }
        let fields = fields.iter().map(|field| json!({"name": field, "version": "v26.0"}));
        let subscription = json!({
            "object": object,
            "callback_url": callback_url,
            "active": true,
            "fields": fields.collect::<Vec<_>>(),
        });
        self.subscriptions.insert((app.to_owned(), object.to_owned()), subscription);
        Ok(json!({ "success": true }))
    }
}
