//! Comments and mentions: what is said in public.

use super::Parties;
use schemas::data;
use schemas::inbox::{Comment, Direction, Mention};

/// Who commented, and on whose media.
pub(super) fn commented(comment: &data::comment::Comment, account: Option<&str>) -> Parties {
    let author = comment.from.as_ref().and_then(|author| author.id.as_deref());
    if comment.is_own(account) {
        let from = account.or(author).map(str::to_owned);
        return Parties { direction: Some(Direction::Outgoing), from, to: None };
    }
    let from = author.map(str::to_owned);
    Parties { direction: Some(Direction::Incoming), from, to: account.map(str::to_owned) }
}

/// Who mentioned the account, only the Graph API says.
pub(super) fn mentioned(account: Option<&str>) -> Parties {
    Parties { direction: Some(Direction::Incoming), from: None, to: account.map(str::to_owned) }
}

pub(super) fn comment(comment: &data::comment::Comment, live: bool) -> Comment {
    let media = comment.media.clone().unwrap_or_default();
    Comment {
        id: comment.any_id().map(str::to_owned),
        body: comment.text.clone().filter(|text| !text.is_empty()),
        username: comment.from.as_ref().and_then(|author| author.username.clone()),
        media_id: comment.any_media_id().map(str::to_owned),
        media_type: media.media_product_type,
        parent_id: comment.parent_id.clone(),
        live,
        ad_id: media.ad_id,
        ad_title: media.ad_title,
        original_media_id: media.original_media_id,
    }
}

pub(super) fn mention(mention: &data::mention::Mention) -> Mention {
    Mention { media_id: mention.media_id.clone(), comment_id: mention.comment_id.clone() }
}
