//! Models of Meta's own items, for consumers that read `data`: one for each kind.
//!
//! Reading one never fails on an unknown member, value or attachment type: every member is optional, ids and numbers
//! are taken as strings or numbers alike, and a member of another type than expected counts as absent. Meta's words are
//! strings, so that new ones are no error; what has no member here is still in [`TypedEvent::data`].
//!
//! [`TypedEvent::data`]: crate::TypedEvent::data

pub mod comment;
pub mod dashboard_test;
pub mod feed;
pub mod lead;
pub mod mention;
pub mod messaging;
pub mod page_mention;
pub mod person;
pub mod rating;
pub mod story_insights;
pub mod template_status;

#[cfg(feature = "json-schema")]
mod as_json;
#[cfg(feature = "json-schema")]
mod form;
mod lenient;
mod model;

use crate::kind::{Kind, Model};
use comment::Comment;
use dashboard_test::DashboardTest;
use feed::FeedChange;
use lead::Lead;
use mention::Mention;
use messaging::Messaging;
use page_mention::PageMention;
use rating::Rating;
use serde_json::value::RawValue;
use story_insights::StoryInsights;
use template_status::TemplateStatus;

/// The data of an event, as the model of its kind.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "json-schema", derive(serde::Serialize), serde(untagged))]
pub enum Data<'a> {
    /// An item of a conversation: every kind on the topics of messages and receipts, `policy_enforcement`, `app_roles`.
    Messaging(Box<Messaging>),
    /// Kinds `comment` and `comment.live`.
    Comment(Comment),
    /// Kinds `mention.comment` and `mention.caption`.
    Mention(Mention),
    /// Kind `story_insights`.
    StoryInsights(StoryInsights),
    /// Kind `feed`.
    Feed(Box<FeedChange>),
    /// Kind `page_mention`.
    PageMention(PageMention),
    /// Kind `rating`.
    Rating(Rating),
    /// Kind `lead`.
    Lead(Lead),
    /// Kind `template_status`.
    TemplateStatus(TemplateStatus),
    /// Kind `dashboard_test`.
    DashboardTest(DashboardTest),
    /// Kind `unknown`: any JSON, as Meta sent it. Of a change the whole of it, `field` and `value` and what is beside
    /// them; of an entry without a known carrier the entry; of `changed_fields` the name.
    Unknown(&'a RawValue),
}

impl<'a> Data<'a> {
    /// Reads `data` as the model of `kind`.
    ///
    /// # Errors
    ///
    /// Where `data` is no JSON object, which ingest makes `unknown`.
    pub fn read(kind: Kind, data: &'a RawValue) -> Result<Self, serde_json::Error> {
        let json = data.get();
        Ok(match kind.spec().data {
            Model::Messaging => Self::Messaging(serde_json::from_str(json)?),
            Model::Comment => Self::Comment(serde_json::from_str(json)?),
            Model::Mention => Self::Mention(serde_json::from_str(json)?),
            Model::StoryInsights => Self::StoryInsights(serde_json::from_str(json)?),
            Model::Feed => Self::Feed(serde_json::from_str(json)?),
            Model::PageMention => Self::PageMention(serde_json::from_str(json)?),
            Model::Rating => Self::Rating(serde_json::from_str(json)?),
            Model::Lead => Self::Lead(serde_json::from_str(json)?),
            Model::TemplateStatus => Self::TemplateStatus(serde_json::from_str(json)?),
            Model::DashboardTest => Self::DashboardTest(serde_json::from_str(json)?),
            Model::Unknown => Self::Unknown(data),
        })
    }
}
