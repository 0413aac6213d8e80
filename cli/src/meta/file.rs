//! The file in which apps and accounts are declared: JSON, every member known.

use crate::tool::UsageError;
use runtime::secret_files::{read_regular, without_mark};
use schemas::Subscribable;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use weir_graph::GraphId;
use weir_graph::edges::AppSubscription;

/// A thousand accounts need a fraction of it.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// The one field of a page that installs the app for its Instagram account alone: any will do (Meta's guide to webhooks for
/// Instagram).
const FIELD_FOR_INSTAGRAM: &str = "feed";

/// What is declared.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declared {
    pub(super) apps: Vec<DeclaredApp>,
}

/// An app, what it subscribes to, and who installs it. Paths are relative to the file's own folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeclaredApp {
    #[serde(deserialize_with = "id")]
    pub(super) id: GraphId,
    pub(super) secret_file: PathBuf,
    /// Objects that the app subscribes to; none where that is done by hand, as of Instagram Login.
    #[serde(default)]
    pub(super) objects: BTreeSet<Object>,
    pub(super) callback_url: Option<String>,
    pub(super) verify_token_file: Option<PathBuf>,
    /// Fields that are left out, as those that the app has no permission for.
    #[serde(default)]
    without: BTreeSet<String>,
    #[serde(default)]
    pub(super) accounts: Vec<DeclaredAccount>,
}

/// Whoever installs an app.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeclaredAccount {
    #[serde(deserialize_with = "id")]
    pub(super) id: GraphId,
    pub(super) login: Login,
    /// Where it is not the account's file among the access tokens.
    pub(super) token_file: Option<PathBuf>,
}

/// An object that an app subscribes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Object {
    Page,
    Instagram,
}

/// How an account's owner let the app in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Login {
    /// A page, for itself and for the Instagram account that is linked to it.
    Facebook,
    /// An Instagram account.
    Instagram,
    /// An Instagram account, by a business' system user.
    Unified,
}

impl Declared {
    /// Reads and checks the file.
    pub(super) fn read(path: &Path) -> Result<Self, UsageError> {
        let fail = |why: String| UsageError(format!("{}: {why}", path.display()));
        let bytes = read_regular(path, MAX_FILE_BYTES).map_err(|fault| fail(fault.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&bytes, folder).map_err(fail)
    }

    fn parse(bytes: &[u8], folder: &Path) -> Result<Self, String> {
        let mut declared: Self = serde_json::from_slice(without_mark(bytes))
            .map_err(|error| format!("it is not as docs/meta.md describes it: {error}"))?;
        // As of a template that was filled with nothing: all would be as declared.
        if declared.apps.is_empty() {
            return Err(String::from("\"apps\" declares no app, so there is nothing to compare or to ask"));
        }
        declared.apps.iter().try_for_each(DeclaredApp::check)?;
        each_once(declared.apps.iter().map(|app| &app.id))?;
        declared.apps.iter_mut().for_each(|app| app.resolve(folder));
        Ok(declared)
    }
}

impl DeclaredApp {
    /// The subscription that the app should have to an object.
    pub(super) fn subscription(&self, object: Object) -> AppSubscription {
        AppSubscription {
            object: object.as_str().to_owned(),
            callback_url: self.callback_url.clone().unwrap_or_default(),
            active: true,
            fields: self.fields_of_object(object),
        }
    }

    /// The fields of an object of the app.
    pub(super) fn fields_of_object(&self, object: Object) -> BTreeSet<String> {
        self.fields(match object {
            Object::Page => Subscribable::Page,
            Object::Instagram => Subscribable::Instagram,
        })
    }

    /// The fields with which an account installs it. A page of an app that takes Instagram's events and no page's has one
    /// alone.
    pub(super) fn fields_of_install(&self, login: Login) -> BTreeSet<String> {
        match login {
            // Without objects, which are the dashboard's then, nobody knows what the app takes.
            Login::Facebook if self.objects.iter().eq([&Object::Instagram]) => {
                BTreeSet::from([FIELD_FOR_INSTAGRAM.to_owned()])
            }
            Login::Facebook => self.fields(Subscribable::Page),
            Login::Instagram => self.fields(Subscribable::InstagramLogin),
            Login::Unified => self.fields(Subscribable::UnifiedLogin),
        }
    }

    fn fields(&self, whose: Subscribable) -> BTreeSet<String> {
        let all = whose.fields().into_iter().map(str::to_owned);
        all.filter(|field| !self.without.contains(field)).collect()
    }

    fn check(&self) -> Result<(), String> {
        let app = &self.id;
        each_once(self.accounts.iter().map(|account| &account.id))?;
        let known = |field: &str| Subscribable::ALL.iter().any(|whose| whose.fields().contains(&field));
        if let Some(field) = self.without.iter().find(|field| !known(field)) {
            return Err(format!("app {app}: \"without\" names {field}, which nothing is subscribed to"));
        }
        let has_callback = self.callback_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        match (self.objects.is_empty(), self.accounts.is_empty()) {
            (true, true) => Err(format!("app {app} has neither \"objects\" nor \"accounts\"")),
            (false, _) if !has_callback || self.verify_token_file.is_none() => Err(format!(
                "app {app}: \"objects\" needs \"callback_url\", which begins with https://, and \"verify_token_file\""
            )),
            _ => Ok(()),
        }
    }

    fn resolve(&mut self, folder: &Path) {
        let own = [Some(&mut self.secret_file), self.verify_token_file.as_mut()];
        let of_accounts = self.accounts.iter_mut().map(|account| account.token_file.as_mut());
        for path in own.into_iter().chain(of_accounts).flatten() {
            *path = folder.join(&*path);
        }
    }
}

impl Object {
    /// Meta's name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Instagram => "instagram",
        }
    }
}

impl Login {
    /// Its word in the file.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Facebook => "facebook",
            Self::Instagram => "instagram",
            Self::Unified => "unified",
        }
    }
}

fn each_once<'a>(mut ids: impl Iterator<Item = &'a GraphId>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match ids.find(|id| !seen.insert(id.as_str())) {
        Some(id) => Err(format!("{id} stands twice, and its two entries would undo each other")),
        None => Ok(()),
    }
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<GraphId, D::Error> {
    let text = String::deserialize(deserializer)?;
    GraphId::parse(&text)
        .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no id of Meta's: digits alone")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Declared, String> {
        Declared::parse(text.as_bytes(), Path::new("/etc/weir"))
    }

    const WHOLE: &str = r#"{"apps": [{
        "id": "111", "secret_file": "app-secret", "objects": ["page", "instagram"], "without": ["leadgen"],
        "callback_url": "https://webhooks.example.com/webhook", "verify_token_file": "/run/verify-token",
        "accounts": [{"id": "204", "login": "facebook"}, {"id": "1784", "login": "unified", "token_file": "system"}]
    }]}"#;

    #[test]
    fn paths_are_relative_to_the_files_own_folder_and_a_byte_order_mark_is_nothing() {
        let app = parse(&format!("\u{feff}{WHOLE}")).unwrap().apps.remove(0);
        assert_eq!(app.secret_file, Path::new("/etc/weir/app-secret"));
        assert_eq!(app.verify_token_file.as_deref(), Some(Path::new("/run/verify-token")));
        assert_eq!(app.accounts[1].token_file.as_deref(), Some(Path::new("/etc/weir/system")));
    }

    #[test]
    fn everything_that_weir_types_is_subscribed_to_but_what_is_left_out() {
        let app = parse(WHOLE).unwrap().apps.remove(0);
        let page = app.fields_of_object(Object::Page);
        assert!(page.contains("messaging_referrals") && !page.contains("leadgen"), "{page:?}");
        assert_eq!(app.fields_of_install(Login::Facebook), page);
        assert!(app.fields_of_install(Login::Unified).contains("messaging_referral"));
    }

    #[test]
    fn a_page_of_an_app_without_pages_installs_it_with_one_field() {
        let text = WHOLE.replace(r#"["page", "instagram"]"#, r#"["instagram"]"#);
        let app = parse(&text).unwrap().apps.remove(0);
        assert_eq!(app.fields_of_install(Login::Facebook), BTreeSet::from(["feed".to_owned()]));
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        for (from, to, named) in [
            (r#""login": "facebook""#, r#""login": "google""#, "unknown variant `google`"),
            (r#""id": "111""#, r#""id": "my-app""#, "\"my-app\" is no id"),
            (r#""accounts""#, r#""acounts""#, "unknown field `acounts`"),
            (
                r#"{"apps": ["#,
                r#"{"apps": [{"id": "111", "secret_file": "s", "accounts": [{"id": "7", "login": "facebook"}]}, "#,
                "111 stands twice",
            ),
            ("https://webhooks", "http://webhooks", "\"callback_url\""),
            ("leadgen", "lead_gen", "\"without\" names lead_gen"),
        ] {
            let problem = parse(&WHOLE.replacen(from, to, 1)).unwrap_err();
            assert!(problem.contains(named), "{problem}");
        }
        let nothing = parse(r#"{"apps": [{"id": "1", "secret_file": "x"}]}"#).unwrap_err();
        assert!(nothing.contains("neither"), "{nothing}");
        let empty = parse(r#"{"apps": []}"#).unwrap_err();
        assert!(empty.contains("no app"), "{empty}");
    }
}
