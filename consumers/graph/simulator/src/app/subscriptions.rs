//! `/{app-id}/subscriptions`: the objects of an app, each with one address and its fields.

use super::{Answered, Apps, list, parameter};
use crate::Behaviour;
use crate::request::Asked;
use hyper::Method;
use schemas::Subscribable;
use serde_json::{Value, json};

/// What an app has subscribed to of one object.
#[derive(Debug)]
pub(super) struct Subscription {
    callback_url: String,
    fields: Vec<String>,
}

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
        let data: Vec<Value> = own
            .map(|((_, object), subscription)| {
                let fields =
                    subscription.fields.iter().map(|field| json!({"name": field, "version": "v26.0"}));
                json!({
                    "object": object,
                    "callback_url": subscription.callback_url,
                    "active": true,
                    "fields": fields.collect::<Vec<_>>(),
                })
            })
            .collect();
        json!({ "data": data })
    }

    fn subscribe(&mut self, app: &str, asked: &Asked) -> Answered {
        let of = |name| parameter(asked, name).filter(|value| !value.is_empty());
        let (Some(object), Some(callback_url), Some(fields), Some(_)) =
            (of("object"), of("callback_url"), of("fields"), of("verify_token"))
        else {
            return Err(Behaviour::error(100, None));
        };
        let known = match object.as_str() {
            "page" => Subscribable::Page.fields(),
            "instagram" => Subscribable::Instagram.fields(),
            _ => return Err(Behaviour::error(100, None)),
        };
        let fields = list(&fields);
        if !callback_url.starts_with("https://")
            || !fields.iter().all(|field| known.contains(&field.as_str()))
        {
            return Err(Behaviour::error(100, None));
        }
        if !asked.callback_answers {
            return Err(Behaviour::refusal(2_200, "(#2200) Callback verification failed"));
        }
        self.subscriptions.insert((app.to_owned(), object), Subscription { callback_url, fields });
        Ok(json!({ "success": true }))
    }
}
