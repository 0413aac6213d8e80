//! `/me/conversations` and `/{message-id}`: the messages of a conversation.

use super::{Apps, answered, parameter};
use crate::Behaviour;
use crate::request::Asked;
use serde_json::{Value, json};

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    user: String,
    mid: String,
    created: String,
}

impl Apps {
    pub(crate) fn add_message(&mut self, user: &str, mid: &str, created: &str) {
        let [user, mid, created] = [user, mid, created].map(str::to_owned);
        self.messages.push(Message { user, mid, created });
    }

    pub(super) fn conversation(&self, asked: &Asked) -> Behaviour {
        let user = parameter(asked, "user_id").unwrap_or_default();
        let messages: Vec<Value> =
            self.messages.iter().filter(|message| message.user == user).map(Message::node).collect();
        let conversation = json!({ "id": "aWdfConversation", "messages": { "data": messages } });
        answered(&json!({ "data": if messages.is_empty() { Vec::new() } else { vec![conversation] } }))
    }

    /// (#100) Unsupported get request. Object with ID does not exist
    pub(super) fn message(&self, mid: &str) -> Behaviour {
        let found = self.messages.iter().find(|message| message.mid == mid);
        found.map_or_else(|| Behaviour::error(100, Some(33)), |message| answered(&message.node()))
    }
}

impl Message {
    fn node(&self) -> Value {
        json!({ "id": self.mid, "created_time": self.created })
    }
}
