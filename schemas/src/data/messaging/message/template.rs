//! Templates: structured content that an account sent, or that a customer shared.

use crate::data::model::model;

model! {
    /// What a template of products shows. Source: Messenger platform.
    pub struct ProductTemplate {
        /// The products, in order. Always present.
        pub elements: Vec<Element> = list("elements"),
    }
}

model! {
    /// An element of a generic template, or a product. Source: Messenger platform.
    pub struct Element {
        /// The product's id in the catalogue. Present in products only.
        pub id: Option<String> = id("id"),
        /// The shop's own id of the product. Present in products only.
        pub retailer_id: Option<String> = text("retailer_id"),
        /// Where its picture is. Present where it has one.
        pub image_url: Option<String> = filled("image_url"),
        /// Its title. Always present.
        pub title: Option<String> = words("title"),
        /// What stands below the title; the price of a product. Present where there is something.
        pub subtitle: Option<String> = words("subtitle"),
        /// Its buttons, in order. Present where it has some; absent from products.
        pub buttons: Vec<Button> = list("buttons"),
    }
}

model! {
    /// A button of a template. Source: Messenger platform.
    pub struct Button {
        /// What tapping it does. Always present.
        pub kind: Option<String> = text("type") in ["postback", "web_url", "phone_number"],
        /// What stands on it. Always present.
        pub title: Option<String> = words("title"),
        /// What the app gets back. Present with `postback`; with `phone_number` it is the number.
        pub payload: Option<String> = words("payload"),
        /// Where it leads. Present with `web_url`.
        pub url: Option<String> = filled("url"),
    }
}
