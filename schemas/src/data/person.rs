//! What the Graph API says of a customer: the answer of the User Profile API.
//!
//! Sources: Meta's pages on the User Profile API of Instagram (April 2026) and of Messenger (March 2026).

use super::model::model;

model! {
    /// A customer, as the User Profile API answers. Ids of people are scoped: another account sees another one.
    pub struct Person {
        /// The customer's id, as webhooks have it. Always present.
        pub id: Option<String> = id("id"),
        /// The name, which on Instagram may be null. Present where it is set.
        pub name: Option<String> = words("name"),
        /// The name on Instagram. Present on Instagram only.
        pub username: Option<String> = words("username"),
        /// The first name. Present on Messenger only.
        pub first_name: Option<String> = words("first_name"),
        /// The last name. Present on Messenger only.
        pub last_name: Option<String> = words("last_name"),
        /// Where the picture is, for a few days. Present where there is one.
        pub profile_pic: Option<String> = text("profile_pic"),
        /// How many follow the customer. Present on Instagram only.
        pub follower_count: Option<u64> = count("follower_count"),
        /// Whether the customer follows the account. Present on Instagram only.
        pub is_user_follow_business: bool = flag("is_user_follow_business"),
        /// Whether the account follows the customer. Present on Instagram only.
        pub is_business_follow_user: bool = flag("is_business_follow_user"),
        /// Whether Instagram has verified the customer. Present on Instagram only.
        pub is_verified_user: bool = flag("is_verified_user"),
    }
}
