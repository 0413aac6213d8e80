//! The permissions that a token must have for what its app subscribes to. Pure.
//!
//! Source: the table of permissions in docs/meta.md.

use crate::meta::{DeclaredApp, Login, Object};
use std::collections::BTreeSet;

/// The permissions of a token of this login; none of Instagram Login, of whose tokens Meta does not tell them.
pub(in crate::meta) fn permissions(app: &DeclaredApp, login: Login) -> BTreeSet<&'static str> {
    match login {
        Login::Instagram => BTreeSet::new(),
        Login::Unified => of_instagram(&app.fields_of_install(login)),
        Login::Facebook => {
            let mut needed =
                BTreeSet::from(["pages_manage_metadata", "pages_read_engagement", "pages_show_list"]);
            needed.extend(app.fields_of_install(login).iter().filter_map(|field| of_page(field)));
            if app.objects.contains(&Object::Instagram) {
                needed.extend(of_instagram(&app.fields_of_object(Object::Instagram)));
            }
            needed
        }
    }
}

fn of_page(field: &str) -> Option<&'static str> {
    match field {
        "leadgen" => Some("leads_retrieval"),
        "feed" | "mention" | "ratings" => None,
        _ => Some("pages_messaging"),
    }
}

fn of_instagram(fields: &BTreeSet<String>) -> BTreeSet<&'static str> {
    let of_field = |field: &String| match field.as_str() {
        "comments" | "live_comments" | "mentions" => "instagram_manage_comments",
        "story_insights" => "instagram_manage_insights",
        _ => "instagram_manage_messages",
    };
    fields.iter().map(of_field).chain(["instagram_basic"]).collect()
}
