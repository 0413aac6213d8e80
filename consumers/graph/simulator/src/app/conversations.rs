//! `/me/conversations` and `/{message-id}`: the messages of a conversation.

use super::Apps;
use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use serde_json::{Value, json};

impl Apps {
    pub(crate) fn add_message(&mut self, user: &str, mid: &str, created: &str) {
        self.messages.push((user.to_owned(), json!({ "id": mid, "created_time": created })));
    }

    pub(super) fn conversation(&self, asked: &Asked) -> Value {
        let user = asked.parameter("user_id").unwrap_or_default();
        let of_user = self.messages.iter().filter(|(of, _)| of == user);
        let messages: Vec<&Value> = of_user.map(|(_, message)| message).collect();
        let conversation = json!({ "id": "aWdfConversation", "messages": { "data": messages } });
        json!({ "data": if messages.is_empty() { Vec::new() } else { vec![conversation] } })
    }

    /// (#100) Unsupported get request. Object with ID does not exist
    pub(super) fn message(&self, mid: &str) -> Answered {
        let found = self.messages.iter().find(|(_, message)| message["id"] == mid);
        found.map(|(_, message)| message.clone()).ok_or_else(|| Behaviour::error(100, Some(33)))
    }
}
