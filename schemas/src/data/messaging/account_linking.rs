//! Linking of a customer's account with the business's own.

use super::super::model::model;

model! {
    /// A customer linked or unlinked an account. Source: Messenger platform, `messaging_account_linking`.
    pub struct AccountLinking {
        /// What the customer did. Always present.
        pub status: Option<String> = text("status") in ["linked", "unlinked"],
        /// What the business's login passed on to know the customer by. Present with `linked` only.
        pub authorization_code: Option<String> = words("authorization_code"),
    }
}
