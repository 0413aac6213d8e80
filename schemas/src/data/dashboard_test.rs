//! The data of the dashboard's test of 2021: the value of a `messages` change in a form that no real message has.
//!
//! Source: one project's record of what the test button sent then. It sends messaging items since, whose kind is `message`.

use super::model::model;
use crate::time::Millis;

model! {
    /// What the dashboard's test button sent for a message in 2021.
    pub struct DashboardTest {
        /// The sort of message. Always present.
        pub event_type: Option<String> = text("event_type") in ["TEXT"],
        /// When it is said to have happened, in seconds; a string of digits. Always present.
        pub event_timestamp: Option<Millis> = millis("event_timestamp"),
        /// The message. Always present: the kind is told by it.
        pub event_data: Option<TestMessage> = object("event_data"),
    }
}

model! {
    /// A made-up message.
    pub struct TestMessage {
        /// The message's id. Always present.
        pub message_id: Option<String> = text("message_id"),
        /// Who is said to have sent it. Always present.
        pub sender: Option<TestSender> = object("sender"),
        /// Where it is said to have gone. Always present.
        pub recipient: Option<TestRecipient> = object("recipient"),
        /// What it says. Present in messages of text.
        pub text: Option<String> = words("text"),
    }
}

model! {
    /// Who is said to have sent a made-up message.
    pub struct TestSender {
        /// A user name. Always present.
        pub username: Option<String> = words("username"),
    }
}

model! {
    /// Where a made-up message is said to have gone.
    pub struct TestRecipient {
        /// The id of a conversation. Always present.
        pub thread_id: Option<String> = text("thread_id"),
    }
}
