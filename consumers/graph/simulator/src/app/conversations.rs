//! `/me/conversations` and `/{message-id}`: the messages of a conversation.

use super::{Apps, answered, parameter};
use crate::Behaviour;
use crate::request::Asked;
use serde_json::{Value, json};

impl Apps {
    pub(crate) fn add_message(&mut self, user: &str, mid: &str, created: &str) {
        self.messages.push((user.to_owned(), json!({ "id": mid, "created_time": created })));
    }

    pub(super) fn conversation(&self, asked: &Asked) -> Behaviour {
        let user = parameter(asked, "user_id").unwrap_or_default();
        let of_user = self.messages.iter().filter(|(of, _)| *of == user);
        let messages: Vec<&Value> = of_user.map(|(_, message)| message).collect();
        let conversation = json!({ "id": "aWdfConversation", "messages": { "data": messages } });
        answered(&json!({ "data": if messages.is_empty() { Vec::new() } else { vec![conversation] } }))
    }

    /// (#100) Unsupported get request. Object with ID does not exist
    pub(super) fn message(&self, mid: &str) -> Behaviour {
        let found = self.messages.iter().find(|(_, message)| message["id"] == mid);
        found.map_or_else(|| Behaviour::error(100, Some(33)), |(_, message)| answered(message))
    }
}
