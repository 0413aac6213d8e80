//! Messages and comments as the Graph API has them, without their words.

use super::{EdgeError, Listed, encoded, listed, read};
use crate::{AccessToken, Graph, GraphId};
use serde::Deserialize;

/// A message or a comment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Node {
    /// The message's `mid`, or the comment's id.
    pub id: String,
    /// When it was sent, as Meta writes it: `2026-11-21T18:30:00+0000`. Absent of comments.
    #[serde(default, rename = "created_time")]
    pub created: Option<String>,
}

#[derive(Deserialize)]
struct Conversation {
    messages: Option<Listed<Vec<Node>>>,
}

impl Graph {
    /// A message or a comment by its id. Comments of pages and of Instagram name their time differently, so it is not
    /// asked for.
    pub async fn node(&self, id: &str, token: &AccessToken) -> Result<Node, EdgeError> {
        let fields = if GraphId::parse(id).is_some() { "id" } else { "id,created_time" };
        let url = format!("{}/{}?fields={fields}", self.version(), encoded(id));
        read(self.get(&url, token).await, id)
    }

    /// The newest messages of a conversation with a user on `instagram` or `messenger`; none where there is no such
    /// conversation. Whose conversation it is, the token says.
    pub async fn conversation(
        &self,
        platform: &str,
        user: &GraphId,
        token: &AccessToken,
    ) -> Result<Vec<Node>, EdgeError> {
        let fields = "messages.limit(100){id,created_time}";
        let url =
            format!("{}/me/conversations?platform={platform}&user_id={user}&fields={fields}", self.version());
        let found: Vec<Conversation> = listed(self.get(&url, token).await, "conversation")?;
        Ok(found.into_iter().filter_map(|one| one.messages).flat_map(|messages| messages.data).collect())
    }
}
