//! What is said in public: the comments and mentions of an inbox record.

use serde::{Deserialize, Serialize};

/// A comment on the account's media, live broadcast or post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Comment {
    /// Meta's id of it.
    pub id: Option<String>,
    /// Its text; null for comments that are media alone.
    pub body: Option<String>,
    /// The author's name on the channel.
    pub username: Option<String>,
    /// Meta's id of what was commented on, which of a page is the post; null for albums, whose media only the Graph API names.
    pub media_id: Option<String>,
    /// Meta's word for what was commented on: `FEED`, `REELS`, `STORY`, `AD`, `LIVE`; null for posts of a page.
    pub media_type: Option<String>,
    /// Meta's id of the comment that it answers; null for one that answers none.
    pub parent_id: Option<String>,
    /// Whether it came while the broadcast was on.
    #[serde(default)]
    pub live: bool,
    /// The ad that was commented on; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_id: Option<String>,
    /// Title of the ad; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad_title: Option<String>,
    /// The post that the ad was made of; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_media_id: Option<String>,
    /// Where the photo in it is, of a page, for as long as Meta's link lives; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_url: Option<String>,
    /// Where the film or moving picture in it is, of a page, for as long as Meta's link lives; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
}

/// A mention of the account on media or posts of others. Of Instagram, only the Graph API says who wrote what: see the enriched
/// topics.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Mention {
    /// Meta's id of the media in whose caption, or below which in a comment, the account was mentioned; of a page that of the
    /// post.
    pub media_id: Option<String>,
    /// Meta's id of the comment that mentions it; null where the caption or the post does.
    pub comment_id: Option<String>,
    /// Its text, of a page; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The author's name on the channel, of a page; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}
