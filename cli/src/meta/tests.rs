//! An app with accounts of each login, at a simulated Meta and in files, for tests.

use crate::meta::MetaSettings;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use weir_graph::{GraphUrl, GraphVersion};
use weir_graph_simulator::{KnownToken, Login, Simulator};

/// A day.
pub(super) const DAY: Duration = Duration::from_hours(24);
/// What no output may show.
pub(super) const SECRETS: [&str; 5] =
    ["secret-of-the-app", "verify-token-of-weir", "EAApage", "IGAAtoken", "EAAsystem"];

/// App `111` with page `204`, Instagram account `1784` of Instagram Login and `1785` of Unified Login.
pub(super) struct Ground {
    pub(super) simulator: Simulator,
    folder: TempDir,
}

impl Ground {
    pub(super) async fn new() -> Self {
        let simulator = Simulator::start().await.unwrap();
        simulator.add_app("111", "secret-of-the-app");
        simulator.add_token("EAApage", KnownToken::of("111", Login::Facebook));
        simulator.add_token("EAAsystem", KnownToken::of("111", Login::Unified));
        let issued = SystemTime::now() - 2 * DAY;
        let expires = Some(issued + 60 * DAY);
        let of_instagram = KnownToken { issued, expires, ..KnownToken::of("111", Login::Instagram) };
        simulator.add_token("IGAAtoken", of_instagram);
        let ground = Self { simulator, folder: tempfile::tempdir().unwrap() };
        fs::create_dir(ground.path("access-tokens")).unwrap();
        for (file, text) in [
            ("app-secret", "secret-of-the-app\n"),
            ("verify-token", "verify-token-of-weir"),
            ("access-tokens/204", "EAApage\n"),
            ("access-tokens/1784", "IGAAtoken"),
            ("system", "EAAsystem"),
        ] {
            ground.write(file, text);
        }
        ground.write("connect.json", DECLARED);
        ground
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    pub(super) fn settings(&self) -> MetaSettings {
        let url = GraphUrl::parse(&self.simulator.url()).unwrap();
        MetaSettings {
            file: self.path("connect.json"),
            access_tokens: Some(self.path("access-tokens")),
            facebook_url: url.clone(),
            instagram_url: url,
            graph_version: GraphVersion::parse("v26.0").unwrap(),
            graph_timeout: Duration::from_mins(1),
        }
    }
}

const DECLARED: &str = r#"{"apps": [{
    "id": "111", "secret_file": "app-secret", "objects": ["page", "instagram"],
    "callback_url": "https://webhooks.example.com/webhook", "verify_token_file": "verify-token",
    "accounts": [
        {"id": "204", "login": "facebook"},
        {"id": "1784", "login": "instagram"},
        {"id": "1785", "login": "unified", "token_file": "system"}
    ]
}]}"#;
