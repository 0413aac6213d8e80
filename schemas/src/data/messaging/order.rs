//! Carts that customers send.

use super::super::model::model;

model! {
    /// A customer sent a cart. Source: Messenger platform, `send_cart`.
    #[derive(PartialEq)]
    pub struct Order {
        /// What is in the cart, in order.
        pub products: Vec<OrderProduct> = list("products"),
        /// What the customer wrote beside it. Absent where nothing was written.
        pub note: Option<String> = words("note"),
    }
}

model! {
    /// A product of a cart.
    #[derive(PartialEq)]
    pub struct OrderProduct {
        /// Meta's id of the product; a number in Meta's sample, a string in its table.
        pub id: Option<String> = id("id"),
        /// The shop's own id of it.
        pub retailer_id: Option<String> = text("retailer_id"),
        /// Its name.
        pub name: Option<String> = words("name"),
        /// The price of one, in units of the currency.
        pub unit_price: Option<f64> = number("unit_price"),
        /// The currency, ISO 4217.
        pub currency: Option<String> = text("currency"),
        /// How many.
        pub quantity: Option<u64> = count("quantity"),
    }
}
