//! Carts that customers send.

use super::super::model::model;

model! {
    /// A customer sent a cart. Source: Messenger platform, `send_cart`.
    pub struct Order {
        /// What is in the cart, in order. Always present.
        pub products: Vec<OrderProduct> = list("products"),
        /// What the customer wrote beside it. Absent where nothing was written.
        pub note: Option<String> = words("note"),
    }
}

model! {
    /// A product of a cart.
    pub struct OrderProduct {
        /// Meta's id of the product; a string or a number. Always present.
        pub id: Option<String> = id("id"),
        /// The shop's own id of it. Always present.
        pub retailer_id: Option<String> = text("retailer_id"),
        /// Its name. Always present.
        pub name: Option<String> = words("name"),
        /// The price of one, in units of the currency. Always present.
        pub unit_price: Option<f64> = number("unit_price"),
        /// The currency, ISO 4217. Always present.
        pub currency: Option<String> = text("currency"),
        /// How many. Always present.
        pub quantity: Option<u64> = count("quantity"),
    }
}
