//! Templates: structured content that an account sent, or that a customer shared.

use super::super::model::model;

model! {
    /// What a template of products shows. Source: Messenger platform.
    pub struct ProductTemplate {
        /// The products, in order.
        pub elements: Vec<Element> = list("elements"),
    }
}

model! {
    /// An element of a generic template, or a product. Source: Messenger platform.
    pub struct Element {
        /// The product's id in the catalogue.
        pub id: Option<String> = id("id"),
        /// The shop's own id of the product.
        pub retailer_id: Option<String> = text("retailer_id"),
        /// Where its picture is.
        pub image_url: Option<String> = filled("image_url"),
        /// Its title.
        pub title: Option<String> = words("title"),
        /// What stands below the title; the price of a product.
        pub subtitle: Option<String> = words("subtitle"),
        /// Its buttons, in order.
        pub buttons: Vec<Button> = list("buttons"),
    }
}

model! {
    /// A button of a template. Source: Messenger platform.
    pub struct Button {
        /// What tapping it does.
        pub kind: Option<String> = text("type") in ["postback", "web_url", "phone_number"],
        /// What stands on it.
        pub title: Option<String> = words("title"),
        /// What the app gets back, of `postback`.
        pub payload: Option<String> = words("payload"),
        /// Where it leads, of `web_url`.
        pub url: Option<String> = filled("url"),
    }
}
