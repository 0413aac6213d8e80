//! The cart of an inbox record.

use serde::{Deserialize, Serialize};

/// A cart that a customer sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// What is in the cart, in order.
    #[serde(default)]
    pub products: Vec<OrderProduct>,
    /// What the customer wrote beside it.
    pub note: Option<String>,
}

/// A product of a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct OrderProduct {
    /// Meta's id of the product.
    pub id: Option<String>,
    /// The shop's own id of it.
    pub retailer_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The price of one, in units of the currency.
    pub unit_price: Option<f64>,
    /// The currency, ISO 4217.
    pub currency: Option<String>,
    /// How many.
    pub quantity: Option<u64>,
}
