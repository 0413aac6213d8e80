//! The fields of Meta's webhooks to subscribe to, for every kind to come.
//!
//! Sources: the `origin` of each kind; Meta's pages on the webhooks of pages, of Messenger and of Instagram (see
//! `docs/meta.md`).

use crate::Kind;

/// Whose fields: Meta names them differently, and knows fewer of some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subscribable {
    /// The object `page` of an app, and pages that install it.
    Page,
    /// The object `instagram` of an app.
    Instagram,
    /// Accounts of Unified Login that install an app.
    UnifiedLogin,
    /// Accounts of Instagram Login that install an app.
    InstagramLogin,
}

/// The field by which another app's conversations come, whatever their kind.
const STANDBY: &str = "standby";

impl Subscribable {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Page, Self::Instagram, Self::UnifiedLogin, Self::InstagramLogin];

    /// Every field that some kind comes with, each once, in the order of the kinds.
    pub fn fields(self) -> Vec<&'static str> {
        let of_kind = match self {
            Self::Page => of_page,
            Self::Instagram | Self::UnifiedLogin | Self::InstagramLogin => of_instagram,
        };
        let mut fields = Vec::new();
        for field in Kind::ALL.into_iter().flat_map(of_kind).copied().chain([STANDBY]) {
            if self.takes(field) && !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    /// Whether a field is among those that Meta lists for it. An account that installs the app with one of them gets what
    /// the app has, so that the others of the app need not be known here.
    fn takes(self, field: &str) -> bool {
        match self {
            Self::Page | Self::Instagram => true,
            Self::UnifiedLogin => OF_ACCOUNTS.contains(&field),
            Self::InstagramLogin => {
                OF_ACCOUNTS.contains(&field) && !matches!(field, "mentions" | "story_insights")
            }
        }
    }
}

/// Meta's list for the Instagram accounts of Unified Login (Instagram Platform, webhook fields, 2026-10-28); Instagram Login
/// has neither mentions nor story insights.
const OF_ACCOUNTS: [&str; 9] = [
    "comments",
    "live_comments",
    "mentions",
    "message_reactions",
    "messages",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "story_insights",
];

const fn of_page(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::StoryMention => &["messages", "messaging_referrals"],
        Kind::Message | Kind::MessageDeleted | Kind::MessageUnsupported | Kind::DashboardTest => {
            &["messages"]
        }
        Kind::MessageEcho => &["message_echoes"],
        Kind::MessageEdited => &["message_edits"],
        Kind::ReactionAdded | Kind::ReactionRemoved => &["message_reactions"],
        Kind::Postback => &["messaging_postbacks"],
        Kind::Referral => &["messaging_referrals"],
        Kind::Optin => &["messaging_optins"],
        Kind::AccountLinking => &["messaging_account_linking"],
        Kind::GamePlay => &["messaging_game_plays"],
        Kind::Feedback => &["messaging_feedback"],
        Kind::ResponseFeedback => &["response_feedback"],
        Kind::Order => &["send_cart"],
        Kind::ThreadPassed
        | Kind::ThreadTaken
        | Kind::ThreadRequested
        | Kind::ThreadMetadata
        | Kind::AppRoles => &["messaging_handovers"],
        Kind::ReceiptRead => &["message_reads"],
        Kind::ReceiptDelivered => &["message_deliveries"],
        Kind::PolicyEnforcement => &["messaging_policy_enforcement"],
        Kind::Feed => &["feed"],
        Kind::PageMention => &["mention"],
        Kind::Rating => &["ratings"],
        Kind::Lead => &["leadgen"],
        Kind::TemplateStatus => &["messenger_template_status_update"],
        Kind::Comment
        | Kind::CommentLive
        | Kind::MentionComment
        | Kind::MentionCaption
        | Kind::StoryInsights
        // Withdrawn or undescribed.
        | Kind::Payment
        | Kind::CheckoutUpdate
        | Kind::PreCheckout
        | Kind::BrandedCamera
        | Kind::MessageContext
        | Kind::Unknown => &[],
    }
}

const fn of_instagram(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::StoryMention => &["messages", "messaging_referral"],
        Kind::Message
        | Kind::MessageDeleted
        | Kind::MessageUnsupported
        | Kind::MessageEcho
        | Kind::DashboardTest => &["messages"],
        Kind::MessageEdited => &["message_edit"],
        Kind::ReactionAdded | Kind::ReactionRemoved => &["message_reactions"],
        Kind::Postback => &["messaging_postbacks"],
        Kind::Referral => &["messaging_referral"],
        Kind::Optin => &["messaging_optins"],
        Kind::ResponseFeedback => &["response_feedback"],
        Kind::ThreadPassed
        | Kind::ThreadTaken
        | Kind::ThreadRequested
        | Kind::ThreadMetadata
        | Kind::AppRoles => &["messaging_handover"],
        Kind::ReceiptRead => &["messaging_seen"],
        Kind::PolicyEnforcement => &["messaging_policy_enforcement"],
        Kind::Comment => &["comments"],
        Kind::CommentLive => &["live_comments"],
        Kind::MentionComment | Kind::MentionCaption => &["mentions"],
        Kind::StoryInsights => &["story_insights"],
        Kind::AccountLinking
        | Kind::GamePlay
        | Kind::Feedback
        | Kind::Order
        | Kind::ReceiptDelivered
        | Kind::Feed
        | Kind::PageMention
        | Kind::Rating
        | Kind::Lead
        | Kind::TemplateStatus
        // Withdrawn or undescribed.
        | Kind::Payment
        | Kind::CheckoutUpdate
        | Kind::PreCheckout
        | Kind::BrandedCamera
        | Kind::MessageContext
        | Kind::Unknown => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Kinds for which nothing is subscribed to: withdrawn, undescribed, or none.
    const WITHOUT: [Kind; 6] = [
        Kind::Payment,
        Kind::CheckoutUpdate,
        Kind::PreCheckout,
        Kind::BrandedCamera,
        Kind::MessageContext,
        Kind::Unknown,
    ];

    #[test]
    fn every_kind_that_meta_still_sends_has_a_field() {
        for kind in Kind::ALL {
            let has_one = !of_page(kind).is_empty() || !of_instagram(kind).is_empty();
            assert_eq!(has_one, !WITHOUT.contains(&kind), "{}", kind.as_str());
        }
    }

    #[test]
    fn every_field_that_a_kind_says_it_comes_from_is_one_of_its_own() {
        for kind in Kind::ALL {
            let (_, source) = kind.spec().origin.rsplit_once("Source: ").unwrap();
            let own: BTreeSet<_> = of_page(kind).iter().chain(of_instagram(kind)).collect();
            for named in source.split('`').skip(1).step_by(2) {
                assert!(own.contains(&named), "{} comes with {named}, not only {own:?}", kind.as_str());
            }
        }
    }

    #[test]
    fn the_fields_are_those_that_the_guide_lists() {
        let guide = include_str!("../../../docs/meta.md");
        for (name, whose) in [
            ("`page`", Subscribable::Page),
            ("`instagram`", Subscribable::Instagram),
            ("accounts of Unified Login", Subscribable::UnifiedLogin),
            ("accounts of Instagram Login", Subscribable::InstagramLogin),
        ] {
            let fields = whose.fields().join("`, `");
            assert!(guide.contains(&format!("\n| {name} | `{fields}` |\n")), "| {name} | `{fields}` |");
        }
    }
}
