//! The data of story insights: the value of a `story_insights` change.
//!
//! Meta sends it about an hour after a story expired, to apps of the Facebook login alone. Source: Meta's Instagram
//! webhook examples and its dashboard's test event.

use super::model::model;

model! {
    /// The figures of a story that expired, about an hour after it did. A figure below 5 comes as -1, so that
    /// nobody can be told from it. Source: Instagram webhooks, `story_insights`, of the Facebook login alone.
    pub struct StoryInsights {
        /// The story. Always present.
        pub media_id: Option<String> = id("media_id"),
        /// How often it was seen. Always present.
        pub impressions: Option<i64> = integer("impressions"),
        /// How many accounts saw it. Always present.
        pub reach: Option<i64> = integer("reach"),
        /// How often a viewer tapped on to what came next. Always present.
        pub taps_forward: Option<i64> = integer("taps_forward"),
        /// How often a viewer tapped back to what came before. Always present.
        pub taps_back: Option<i64> = integer("taps_back"),
        /// How often a viewer left the stories from it. Always present.
        pub exits: Option<i64> = integer("exits"),
        /// How often it was answered. Always present.
        pub replies: Option<i64> = integer("replies"),
    }
}

/// A figure of [`StoryInsights`]: `None` stands for one that Meta withholds, as it is below 5.
pub fn disclosed(figure: i64) -> Option<u64> {
    u64::try_from(figure).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_that_are_withheld_are_told_from_none() {
        let insights: StoryInsights =
            serde_json::from_str(r#"{"reach":-1,"exits":0,"replies":"7"}"#).unwrap();
        assert_eq!(insights.reach.map(disclosed), Some(None));
        assert_eq!(insights.exits.map(disclosed), Some(Some(0)));
        assert_eq!(insights.replies.map(disclosed), Some(Some(7)));
        assert_eq!(insights.impressions, None);
    }
}
