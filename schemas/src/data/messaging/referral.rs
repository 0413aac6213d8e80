//! Where a customer came from: a link, an ad, a shop product, a story.

use super::super::model::model;
use super::message::Story;

model! {
    /// Where a customer came from. Source: Instagram messaging, `messaging_referral`; Messenger platform,
    /// `messaging_referrals`; `referral` of a message.
    pub struct Referral {
        /// What the account put on the link or ad. Absent, or null, where it put nothing.
        pub reference: Option<String> = words("ref"),
        /// Through what. Absent for a shop product.
        pub source: Option<String> = text("source") in [
            "SHORTLINK", "IGME-SOURCE-LINK", "ADS", "CUSTOMER_CHAT_PLUGIN", "STORY_MENTION",
        ],
        /// What came of it. Absent for a shop product.
        pub kind: Option<String> = text("type") in ["OPEN_THREAD", "LEAD_COMPLETE", "LEAD_INCOMPLETE"],
        /// The ad that was clicked; a string or a number. Present with the source `ADS`.
        pub ad_id: Option<String> = id("ad_id"),
        /// What the ad showed. Present with the source `ADS`.
        pub ads_context_data: Option<AdContext> = object("ads_context_data"),
        /// The page that the chat plugin stands on. Present with the source `CUSTOMER_CHAT_PLUGIN`. Source:
        /// Messenger platform.
        pub referer_uri: Option<String> = filled("referer_uri"),
        /// Whether the visitor of the chat plugin is not logged in. Present with the source
        /// `CUSTOMER_CHAT_PLUGIN`. Source: Messenger platform.
        pub is_guest_user: bool = flag("is_guest_user"),
        /// The product of an Instagram shop. Present in a message from its page only.
        pub product: Option<Product> = object("product"),
        /// The story that mentions the account. Present with the source `STORY_MENTION`.
        pub story: Option<Story> = object("story"),
    }
}

model! {
    /// What an ad showed, with ads that open a conversation.
    pub struct AdContext {
        /// The ad's title. Always present.
        pub ad_title: Option<String> = words("ad_title"),
        /// The image that was clicked. Present where the ad shows one.
        pub photo_url: Option<String> = filled("photo_url"),
        /// A still of the ad's video. Present where the ad shows one.
        pub video_url: Option<String> = filled("video_url"),
        /// The post that was advertised. Present where the ad is a post.
        pub post_id: Option<String> = id("post_id"),
        /// The product that was advertised. Present where the ad shows one.
        pub product_id: Option<String> = id("product_id"),
        /// The flow that the ad started. Present where the ad starts one.
        pub flow_id: Option<String> = id("flow_id"),
    }
}

model! {
    /// A product of an Instagram shop.
    pub struct Product {
        /// Its id in the catalogue. Always present.
        pub id: Option<String> = id("id"),
    }
}

model! {
    /// What a customer answered in a lead form. Source: Messenger platform, lead generation.
    pub struct Lead {
        /// The questions with their answers, in order. Always present.
        pub data: Vec<LeadAnswer> = list("data"),
    }
}

model! {
    /// One question of a lead form.
    pub struct LeadAnswer {
        /// The question as asked. Always present.
        pub question: Option<String> = words("question"),
        /// The answer as given. Always present.
        pub answer: Option<String> = words("answer"),
    }
}
