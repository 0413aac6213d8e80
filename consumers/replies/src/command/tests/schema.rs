//! What the published schema of commands takes, and what weir-replies does.

use super::*;

const SCHEMA: &str = include_str!("../../../../../schemas/json/reply.v1.json");

/// Members of commands beside `id` and `account`, and what weir-replies does with them: take or refuse.
fn commands() -> [(Value, bool); 33] {
    let message = |more: Value| {
        let mut command = json!({"action": "message", "to": "9", "text": "Hello"});
        command.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        command
    };
    let reaction = |id: &str, reaction: &str| json!({"action": "reaction", "to": "9", "message_id": id, "reaction": reaction});
    let sender_action = |action: &str| json!({"action": "sender_action", "to": "9", "sender_action": action});
    [
        (message(json!({})), true),
        (message(json!({"reply_to": {"mid": "m_1"}})), true),
        (message(json!({"reply_to": {"mid": "m_1", "is_self_reply": true}})), false),
        (message(json!({"reply_to": {"mid": ""}})), false),
        (message(json!({"reply_to": {"mid": "m 1"}})), false),
        (message(json!({"reply_to": {}})), false),
        (message(json!({"reply_to": "m_1"})), false),
        (message(json!({"tag": "HUMAN_AGENT"})), true),
        (message(json!({"tag": "HUMAN_AGENT", "messaging_type": "MESSAGE_TAG"})), true),
        (message(json!({"tag": "HUMAN_AGENT", "messaging_type": "RESPONSE"})), false),
        (message(json!({"messaging_type": "MESSAGE_TAG"})), false),
        (message(json!({"messaging_type": "UPDATE"})), true),
        (message(json!({"messaging_type": "update"})), false),
        (message(json!({"tag": "human agent"})), false),
        (message(json!({"tag": ""})), false),
        (message(json!({"to": "../me"})), false),
        (message(json!({"text": ""})), false),
        (message(json!({"message": {"text": "Hello"}})), false),
        (json!({"action": "message", "to": "9", "message": {"attachment": {}}}), true),
        (json!({"action": "message", "to": "9", "message": {}}), false),
        (sender_action("typing_on"), true),
        (sender_action("mark_seen"), true),
        (sender_action("wave"), false),
        (sender_action(""), false),
        (reaction("m_1", "love"), true),
        (reaction("", "love"), false),
        (reaction("m_1", ""), false),
        (reaction("m_1", &"👨‍👩‍👧‍👦".repeat(9)), true),
        (reaction("m_1", &"👨‍👩‍👧‍👦".repeat(10)), false),
        (json!({"action": "thread_pass", "to": "9", "app_id": "7", "metadata": "x".repeat(1_000)}), true),
        (json!({"action": "thread_pass", "to": "9", "app_id": "7", "metadata": "x".repeat(1_001)}), false),
        (json!({"action": "thread_pass", "to": "9", "app_id": "me"}), false),
        (json!({"action": "comment_hide", "comment": "me"}), false),
    ]
}

#[test]
fn the_schema_of_commands_refuses_what_weir_replies_refuses() {
    let schema = serde_json::from_str::<Value>(SCHEMA).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for (mut command, taken) in commands() {
        command["id"] = json!("a");
        command["account"] = json!(ACCOUNT);
        let place = command.get("to").and_then(Value::as_str).map_or_else(String::new, |to| format!(":{to}"));
        let read = read(&format!("{ACCOUNT}{place}"), &command.to_string());
        assert_eq!((read.is_ok(), schema.is_valid(&command)), (taken, taken), "{command}");
    }
}
