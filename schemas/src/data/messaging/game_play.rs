//! Instant Games.

use super::super::model::model;

model! {
    /// A customer played a round of an Instant Game. Source: Messenger platform, `messaging_game_plays`.
    pub struct GamePlay {
        /// The game's app. Always present.
        pub game_id: Option<String> = id("game_id"),
        /// The player, by an id of the game. Always present.
        pub player_id: Option<String> = id("player_id"),
        /// Where it was played. Absent, mostly.
        pub context_type: Option<String> = text("context_type") in ["SOLO", "THREAD", "GROUP"],
        /// The thread or group that it was played in. Present where it was not played alone, at times.
        pub context_id: Option<String> = id("context_id"),
        /// The score, in the game's own points. Present in classic games that report one.
        pub score: Option<i64> = integer("score"),
        /// What the game left for the bot, often JSON in a string. Present in rich games.
        pub payload: Option<String> = words("payload"),
    }
}
