//! A tap on something the account offered.

use super::super::model::model;
use super::referral::Referral;

model! {
    /// A tap on an icebreaker, a persistent menu item or a template's button. Source: Instagram messaging and
    /// Messenger platform, `messaging_postbacks`.
    pub struct Postback {
        /// The message that the tap made. Absent before version 11 of the API, and for pages in some versions.
        pub mid: Option<String> = filled("mid"),
        /// What was tapped, as the customer saw it. Always present.
        pub title: Option<String> = words("title"),
        /// What the app that offered it chose to get back. Absent while another app owns the thread.
        pub payload: Option<String> = words("payload"),
        /// Where the customer came from. Present with the first tap of a conversation on pages.
        pub referral: Option<Referral> = object("referral"),
    }
}
