//! What customers think: filled-in feedback templates, and ratings of single answers.

use super::super::model::model;
use std::collections::BTreeMap;

model! {
    /// A customer filled in a feedback template. Source: Messenger platform, `messaging_feedback`.
    pub struct MessagingFeedback {
        /// The template's screens, in order; Meta sends one. Always present.
        pub feedback_screens: Vec<FeedbackScreen> = list("feedback_screens"),
    }
}

model! {
    /// A screen of a feedback template.
    pub struct FeedbackScreen {
        /// Number of the screen, from 0. Always present.
        pub screen_id: Option<u64> = count("screen_id"),
        /// The answers, by the id that the template gave the question. Always present.
        pub questions: BTreeMap<String, FeedbackAnswer> = map("questions"),
    }
}

model! {
    /// The answer to a question of a feedback template.
    pub struct FeedbackAnswer {
        /// The scale: satisfaction, likelihood to recommend, effort. Always present.
        pub kind: Option<String> = text("type") in ["csat", "nps", "ces"],
        /// The grade, digits of a string: 1 to 5, 0 to 10 or 1 to 7, as the scale is. Always present.
        pub payload: Option<String> = words("payload"),
        /// What the customer added in words. Present where the template asks and the customer answers.
        pub follow_up: Option<FollowUp> = object("follow_up"),
    }
}

model! {
    /// What a customer added to a grade.
    pub struct FollowUp {
        /// How it was asked for. Always present.
        pub kind: Option<String> = text("type") in ["free_form"],
        /// The words. Always present.
        pub payload: Option<String> = words("payload"),
    }
}

model! {
    /// A customer rated an answer of the account. Source: `response_feedback` of Instagram and the Messenger platform.
    pub struct ResponseFeedback {
        /// The rating. Always present.
        pub feedback: Option<String> = text("feedback") in ["Good response", "Bad response"],
        /// The message that was rated. Always present.
        pub mid: Option<String> = filled("mid"),
    }
}
