//! The data of template status: the value of a `messenger_template_status_update` change of a page, or of a
//! `message_template_status_update` one, as the field's twin for WhatsApp is called.
//!
//! Meta publishes no shape for it. Sources: one project that reads it, and the field's twin for WhatsApp, which has
//! `event` where the former has `message_template_status`.

use super::model::model;

model! {
    /// The review status of a message template changed. Source: page webhooks, `messenger_template_status_update`,
    /// for which Meta publishes no shape: what integrations read, and the field's twin for WhatsApp.
    pub struct TemplateStatus {
        /// The template; a string or a number. Always present.
        pub message_template_id: Option<String> = id("message_template_id"),
        /// The template's name. Always present.
        pub message_template_name: Option<String> = text("message_template_name"),
        /// The template's language, such as `en_US`. Present in most.
        pub message_template_language: Option<String> = text("message_template_language"),
        /// The template's category, such as `UTILITY`. Present in the form of the field's twin only.
        pub message_template_category: Option<String> = text("message_template_category"),
        /// The new status. Present, but where `event` stands in for it.
        pub message_template_status: Option<String> = text("message_template_status") in ["APPROVED", "REJECTED"],
        /// The new status, where `message_template_status` is absent: the form of the field's twin.
        pub event: Option<String> = text("event") in ["APPROVED", "REJECTED"],
        /// Why, such as `INCORRECT_CATEGORY`; `NONE` where it was approved. Absent where there is no reason.
        pub reason: Option<String> = text("reason"),
    }
}
