//! The former (withdrawn) buy button: what a customer bought, where it goes, how it was paid.
//!
//! Source of all: Messenger platform, pages on payments that Meta has withdrawn with the feature.

use super::super::model::model;

model! {
    /// A customer paid. Source: Messenger platform, `messaging_payments`, withdrawn.
    pub struct Payment {
        /// What the app that offered the button chose to get back. Always present.
        pub payload: Option<String> = words("payload"),
        /// Whom and where to. Present where the button asked for it.
        pub requested_user_info: Option<RequestedUserInfo> = object("requested_user_info"),
        /// With what. Always present.
        pub payment_credential: Option<PaidWith> = object("payment_credential"),
        /// How much. Always present.
        pub amount: Option<Amount> = object("amount"),
        /// The way of shipping that the customer chose. Present where the button offered several.
        pub shipping_option_id: Option<String> = text("shipping_option_id"),
    }
}

model! {
    /// A customer chose an address, so that the price of shipping can be told. Source: Messenger platform,
    /// `messaging_checkout_updates`, withdrawn.
    pub struct CheckoutUpdate {
        /// What the app that offered the button chose to get back. Always present.
        pub payload: Option<String> = words("payload"),
        /// Where the goods go. Always present.
        pub shipping_address: Option<Address> = object("shipping_address"),
    }
}

model! {
    /// A customer is about to pay, so that the app can still say no. Source: Messenger platform,
    /// `messaging_pre_checkouts`, withdrawn.
    pub struct PreCheckout {
        /// What the app that offered the button chose to get back. Always present.
        pub payload: Option<String> = words("payload"),
        /// Whom and where to. Present where the button asked for it.
        pub requested_user_info: Option<RequestedUserInfo> = object("requested_user_info"),
        /// How much. Always present.
        pub amount: Option<Amount> = object("amount"),
    }
}

model! {
    /// What the button asked of the customer.
    pub struct RequestedUserInfo {
        /// Where the goods go. Present where the button asked for it.
        pub shipping_address: Option<Address> = object("shipping_address"),
        /// The customer's name. Present where the button asked for it.
        pub contact_name: Option<String> = words("contact_name"),
        /// The customer's mail address. Present where the button asked for it.
        pub contact_email: Option<String> = words("contact_email"),
        /// The customer's telephone number, with `+` and the country's code. Present where the button asked for it.
        pub contact_phone: Option<String> = words("contact_phone"),
    }
}

model! {
    /// A postal address.
    pub struct Address {
        /// Meta's id of the address; a number. Present in `checkout_update` only.
        pub id: Option<String> = id("id"),
        /// Who lives there. Absent from `checkout_update`.
        pub name: Option<String> = words("name"),
        /// Street and number. Absent from `checkout_update`, which has `street1`.
        pub street_1: Option<String> = words("street_1"),
        /// What else the street needs; empty where nothing does. Absent from `checkout_update`, which has `street2`.
        pub street_2: Option<String> = words("street_2"),
        /// Street and number. Present in `checkout_update` only.
        pub street1: Option<String> = words("street1"),
        /// What else the street needs; empty where nothing does. Present in `checkout_update` only.
        pub street2: Option<String> = words("street2"),
        /// The city. Always present.
        pub city: Option<String> = words("city"),
        /// The state or region. Present where the country has some.
        pub state: Option<String> = words("state"),
        /// The country, ISO 3166-1 alpha-2. Always present.
        pub country: Option<String> = words("country"),
        /// The postal code. Present where the country has some.
        pub postal_code: Option<String> = words("postal_code"),
    }
}

model! {
    /// With what a customer paid.
    pub struct PaidWith {
        /// Who takes the payment. Always present.
        pub provider_type: Option<String> = text("provider_type") in ["stripe", "paypal", "token"],
        /// The provider's id of the payment. Absent of the provider `token`.
        pub charge_id: Option<String> = text("charge_id"),
        /// The card's number, encrypted. Present of the provider `token` only.
        pub tokenized_card: Option<String> = text("tokenized_card"),
        /// The card's check number, encrypted. Present of the provider `token` only.
        pub tokenized_cvv: Option<String> = text("tokenized_cvv"),
        /// The month in which the encrypted card expires, 1 to 12. Present of the provider `token` only.
        pub token_expiry_month: Option<u64> = count("token_expiry_month"),
        /// The year in which the encrypted card expires. Present of the provider `token` only.
        pub token_expiry_year: Option<u64> = count("token_expiry_year"),
        /// Meta's id of the payment. Present where the customer was charged.
        pub fb_payment_id: Option<String> = id("fb_payment_id"),
    }
}

model! {
    /// An amount of money.
    pub struct Amount {
        /// The currency, ISO 4217. Always present.
        pub currency: Option<String> = text("currency"),
        /// How much, in units of the currency, such as `29.62`; a string. Always present.
        pub amount: Option<String> = text("amount"),
    }
}
