//! The fields of Meta's webhooks to subscribe to, so that every kind is received: its row of the table names them.
//!
//! Sources: the `details` of each kind; Meta's pages on the webhooks of pages, of Messenger and of Instagram (see
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
        let of_kind = |kind: Kind| if self == Self::Page { kind.spec().page } else { kind.spec().instagram };
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
            let has_one = !kind.spec().page.is_empty() || !kind.spec().instagram.is_empty();
            assert_eq!(has_one, !WITHOUT.contains(&kind), "{}", kind.as_str());
        }
    }

    #[test]
    fn every_field_that_a_kind_says_it_comes_from_is_one_of_its_own() {
        for kind in Kind::ALL {
            let spec = kind.spec();
            let (_, source) = spec.details.rsplit_once("Source: ").unwrap();
            let own: BTreeSet<_> = spec.page.iter().chain(spec.instagram).collect();
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
