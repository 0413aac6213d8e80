//! Comments and mentions: what is said in public.

use super::Parties;
use super::message::not_empty;
use schemas::data;
use schemas::data::feed::FeedChange;
use schemas::data::page_mention::PageMention;
use schemas::inbox::{Comment, Direction, Mention};

/// Who commented, and on whose media.
pub(super) fn commented(comment: &data::comment::Comment, account: Option<&str>) -> Parties {
    let author = comment.from.as_ref().and_then(|author| author.id.as_deref());
    of_author(author, comment.is_own(account), account)
}

/// Who commented, on a post of the page.
pub(super) fn commented_on_page(change: &FeedChange, account: Option<&str>) -> Parties {
    of_author(change.actor_id(), change.is_own(account), account)
}

/// Who mentioned the page, or nobody whom the app may see.
pub(super) fn mentioned_page(mention: &PageMention, account: Option<&str>) -> Parties {
    let author = mention.actor_id();
    of_author(author, author.is_some() && author == account, account)
}

/// Who mentioned the account on Instagram, only the Graph API says.
pub(super) fn mentioned(account: Option<&str>) -> Parties {
    Parties { direction: Some(Direction::Incoming), from: None, to: account.map(str::to_owned) }
}

pub(super) fn comment(comment: data::comment::Comment, live: bool) -> Comment {
    let id = comment.any_id().map(str::to_owned);
    let media_id = comment.any_media_id().map(str::to_owned);
    let media = comment.media.unwrap_or_default();
    Comment {
        id,
        body: not_empty(comment.text),
        username: comment.from.and_then(|author| author.username),
        media_id,
        media_type: media.media_product_type,
        parent_id: comment.parent_id,
        live,
        ad_id: media.ad_id,
        ad_title: media.ad_title,
        original_media_id: media.original_media_id,
        ..Comment::default()
    }
}

/// A comment on a page's post, in the words of a comment on media.
pub(super) fn comment_on_page(change: FeedChange) -> Comment {
    Comment {
        username: change.actor_name().map(str::to_owned),
        parent_id: change.answered_comment_id().map(str::to_owned),
        id: change.comment_id,
        body: not_empty(change.message),
        media_id: change.post_id,
        photo_url: change.photo,
        video_url: change.video,
        ..Comment::default()
    }
}

pub(super) fn mention(mention: data::mention::Mention) -> Mention {
    Mention { media_id: mention.media_id, comment_id: mention.comment_id, ..Mention::default() }
}

/// A mention of a page, in the words of one on media.
pub(super) fn mention_of_page(mention: PageMention) -> Mention {
    Mention {
        username: mention.actor_name().map(str::to_owned),
        media_id: mention.post_id,
        comment_id: mention.comment_id,
        body: not_empty(mention.message),
    }
}

fn of_author(author: Option<&str>, is_own: bool, account: Option<&str>) -> Parties {
    if is_own {
        let from = account.or(author).map(str::to_owned);
        return Parties { direction: Some(Direction::Outgoing), from, to: None };
    }
    let from = author.map(str::to_owned);
    Parties { direction: Some(Direction::Incoming), from, to: account.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "106540352242922";

    fn change(json: &str) -> FeedChange {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_comment_of_the_page_itself_is_told_from_those_of_others() {
        let parties = |json| {
            let Parties { direction, from, to } = commented_on_page(&change(json), Some(PAGE));
            (direction, from, to)
        };
        let page = || Some(PAGE.to_owned());
        let own = (Some(Direction::Outgoing), page(), None);
        assert_eq!(parties(r#"{"from":{"id":"106540352242922","name":"A Shop"}}"#), own);
        assert_eq!(parties(r#"{"sender_id":106540352242922}"#), own);
        let of_ann = (Some(Direction::Incoming), Some("6091827364501928".to_owned()), page());
        assert_eq!(parties(r#"{"from":{"id":"6091827364501928","name":"Ann"}}"#), of_ann);
        let of_nobody = (Some(Direction::Incoming), None, page());
        assert_eq!(parties("{}"), of_nobody, "Meta names nobody whom the app may not see");
    }

    #[test]
    fn a_comment_of_a_photo_alone_has_no_body() {
        let photo =
            r#"{"post_id":"106_722","comment_id":"722_983","parent_id":"106_722","photo":"https://p/1.jpg"}"#;
        let comment = comment_on_page(change(photo));
        assert_eq!((comment.id.as_deref(), comment.media_id.as_deref()), (Some("722_983"), Some("106_722")));
        assert_eq!((comment.body, comment.parent_id, comment.media_type), (None, None, None));
        assert_eq!((comment.photo_url.as_deref(), comment.video_url), (Some("https://p/1.jpg"), None));
    }
}
