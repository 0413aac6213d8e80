//! `/{account-id}/subscribed_apps`: the apps that a page or an Instagram account has installed, with the fields of each.

use super::{Apps, KnownToken, Login, list};
use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use hyper::Method;
use serde_json::{Value, json};

/// Meta's own, where no limit is asked for.
const DEFAULT_LIMIT: usize = 25;

impl Apps {
    pub(super) fn installs_edge(&mut self, account: &str, asked: &Asked) -> Answered {
        let token = self.valid_token(asked)?.clone();
        if !token.may(token.login.permission_to_install()) {
            // (#200) To subscribe to the feed field, one of these permissions is needed: pages_manage_metadata
            return Err(Behaviour::error(200, None));
        }
        match asked.method {
            Method::GET => Ok(self.installed(account, &token, asked)),
            Method::POST => self.install(account, &token, asked),
            _ => Err(Behaviour::error(100, None)),
        }
    }

    fn installed(&self, account: &str, token: &KnownToken, asked: &Asked) -> Value {
        let number = |name| asked.parameter(name).and_then(|text| text.parse::<usize>().ok());
        let (after, limit) = (number("after").unwrap_or(0), number("limit").unwrap_or(DEFAULT_LIMIT));
        let own = self.installs.iter().filter(|((of, _), _)| of == account);
        let data = own.map(|((_, app), fields)| match token.login {
            // No document shows more of it.
            Login::Instagram => json!({ "subscribed_fields": fields }),
            Login::Facebook | Login::Unified => json!({
                "category": "Business", "link": "https://example.com/", "name": "Weir", "id": app,
                "subscribed_fields": fields,
            }),
        });
        let all: Vec<Value> = data.collect();
        let page: Vec<&Value> = all.iter().skip(after).take(limit).collect();
        let end = after + page.len();
        let mut paging = json!({ "cursors": { "before": after.to_string(), "after": end.to_string() } });
        if end < all.len() {
            paging["next"] =
                format!("https://graph.facebook.com/{account}/subscribed_apps?after={end}").into();
        }
        json!({ "data": page, "paging": paging })
    }

    fn install(&mut self, account: &str, token: &KnownToken, asked: &Asked) -> Answered {
        let known = token.login.fields();
        let fields = list(asked.parameter("subscribed_fields").unwrap_or_default());
        // (#100) The parameter subscribed_fields is required; (#100) Param subscribed_fields[0] must be one of {feed, …}
        if fields.is_empty() || !fields.iter().all(|field| known.contains(&field.as_str())) {
            return Err(Behaviour::error(100, None));
        }
        self.installs.insert((account.to_owned(), token.app.clone()), fields);
        Ok(json!({ "success": true }))
    }
}
