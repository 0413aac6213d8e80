//! Accounts follow their files.

use super::*;

const INSTAGRAM: &str = "17841405726653026";

/// A directory of accounts beside one of tokens, with the secret of the flag's app.
struct Bench {
    folder: tempfile::TempDir,
    tokens: AccessTokens,
}

impl Bench {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for directory in ["accounts", "tokens"] {
            fs::create_dir(path(directory)).unwrap();
        }
        fs::write(path("app-secret"), "facebook").unwrap();
        for (name, text) in files {
            fs::write(path(name), text).unwrap();
        }
        let settings = TokenSettings {
            access_tokens: Some(path("tokens")),
            accounts: Some(path("accounts")),
            graph_app_secret: Some(path("app-secret")),
        };
        let tokens = AccessTokens::open(settings, facebook(), &Registry::new());
        Self { folder, tokens }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
        self.tokens.reread();
    }

    /// Token, host, and what the app is called.
    fn of(&self, id: &str) -> Option<(String, Option<String>, String)> {
        let token = self.tokens.of(&account(id)).ok()?;
        let host = token.host().map(GraphUrl::origin);
        Some((token.secret().to_owned(), host, token.app().to_string()))
    }

    /// The file of its token, below the folder of all.
    fn file(&self, id: &str) -> String {
        let token = self.tokens.of(&account(id)).unwrap();
        let file = lock(&self.tokens.contents).file_of(&token, &self.tokens.settings);
        file.strip_prefix(self.folder.path()).unwrap().display().to_string()
    }

    fn proof(&self, id: &str) -> Option<String> {
        self.tokens.of(&account(id)).ok()?.proof().map(str::to_owned)
    }
}

#[test]
fn accounts_of_every_login_have_their_host_token_and_secret() {
    let bench = Bench::new(&[
        ("tokens/default", "EAAdefault"),
        ("tokens/1067", "EAApage"),
        (&format!("accounts/{INSTAGRAM}"), r#"{"login":"facebook","page":"1067","token":"EAApage"}"#),
        (
            "accounts/17841400000000001",
            r#"{"login":"instagram","token_file":"own.token","app_secret_file":"own.secret"}"#,
        ),
        ("accounts/17841400000000002", r#"{"login":"instagram"}"#),
        ("accounts/own.token", "IGAown\n"),
        ("accounts/own.secret", "instagram"),
    ]);
    let instagram = Some("https://graph.instagram.com".to_owned());
    let expected = |token: &str, host: &Option<String>, app: &str| {
        Some((token.to_owned(), host.clone(), app.to_owned()))
    };
    assert_eq!(bench.of(INSTAGRAM), expected("EAApage", &None, "app"));
    assert_eq!(bench.of("1067"), expected("EAApage", &None, "app"));
    let own = "app https://graph.instagram.com own.secret";
    assert_eq!(bench.of("17841400000000001"), expected("IGAown", &instagram, own));
    let other = "app https://graph.instagram.com";
    assert_eq!(bench.of("17841400000000002"), expected("EAAdefault", &instagram, other));
    assert!(bench.proof(INSTAGRAM).is_some() && bench.proof("17841400000000001").is_some());
    assert_eq!(bench.proof("17841400000000002"), None, "the flag's secret is that of another app");
    assert_eq!(bench.tokens.account(&account(INSTAGRAM)).messaging_node(), "1067");
    assert_eq!(bench.tokens.account(&account("17841400000000001")).messaging_node(), "17841400000000001");
    assert_eq!(bench.tokens.broken.get(), 0);
}

#[test]
fn a_file_that_is_named_with_its_whole_path_is_no_account_either() {
    let bench = Bench::new(&[("accounts/own.token", "IGAown"), ("accounts/own.secret", "instagram")]);
    let folder = bench.folder.path().join("accounts");
    let account = format!(
        r#"{{"token_file":"{}","app_secret_file":"./own.secret"}}"#,
        folder.join("own.token").display()
    );
    bench.write(&format!("accounts/{INSTAGRAM}"), &account);
    assert_eq!(bench.of(INSTAGRAM).map(|(token, ..)| token).as_deref(), Some("IGAown"));
    assert_eq!(bench.tokens.broken.get(), 0);
}

#[test]
fn of_a_refused_token_the_file_is_named_that_has_it() {
    let bench = Bench::new(&[
        ("tokens/default", "EAAdefault"),
        ("tokens/1067", "EAApage"),
        ("accounts/1067", r#"{"login":"facebook"}"#),
        ("accounts/1068", r#"{"login":"facebook"}"#),
        ("accounts/1069", r#"{"token":"EAAown"}"#),
    ]);
    assert_eq!(
        ["1067", "1068", "1069", "1070"].map(|id| bench.file(id)),
        ["tokens/1067", "tokens/default", "accounts/1069", "tokens/default"]
    );
}

#[test]
fn a_changed_file_is_read_again_and_a_broken_one_keeps_what_it_held() {
    let file = format!("accounts/{INSTAGRAM}");
    let bench = Bench::new(&[("tokens/default", "EAAdefault"), (&file, r#"{"page":"1067"}"#)]);
    let node = || bench.tokens.account(&account(INSTAGRAM)).messaging_node().to_owned();
    assert_eq!(node(), "1067");
    bench.write(&file, r#"{"page":1067}"#);
    assert_eq!((node(), bench.tokens.broken.get()), ("1067".to_owned(), 1));
    bench.write(&file, r#"{"page":"1068"}"#);
    assert_eq!((node(), bench.tokens.broken.get()), ("1068".to_owned(), 0));
    fs::remove_file(bench.folder.path().join(&file)).unwrap();
    bench.tokens.reread();
    assert_eq!(node(), "me");
}

#[test]
fn a_directory_of_bare_tokens_is_one_of_accounts() {
    let bench = Bench::new(&[(&format!("accounts/{INSTAGRAM}"), "EAAown\n")]);
    assert_eq!(bench.of(INSTAGRAM).map(|(token, ..)| token).as_deref(), Some("EAAown"));
    assert_eq!(bench.of("99"), None);
}

#[test]
fn an_account_whose_file_cannot_be_used_has_no_other_token_until_it_can() {
    let file = format!("accounts/{INSTAGRAM}");
    let bench = Bench::new(&[
        ("tokens/default", "EAAdefault"),
        (&format!("tokens/{INSTAGRAM}"), "EAAown"),
        (&file, "{"),
    ]);
    assert_eq!(bench.of(INSTAGRAM), None);
    assert!(bench.of("1067").is_some(), "the others have the default one");
    bench.write(&file, r#"{"login":"instagram"}"#);
    assert_eq!(bench.of(INSTAGRAM).map(|(token, ..)| token).as_deref(), Some("EAAown"));
    bench.write(&file, "{");
    assert_eq!(
        bench.of(INSTAGRAM).map(|(token, ..)| token).as_deref(),
        Some("EAAown"),
        "what it said before"
    );
}

#[test]
fn an_account_whose_file_of_tokens_cannot_be_used_has_not_the_default_one() {
    let (account, file) = (format!("accounts/{INSTAGRAM}"), format!("tokens/{INSTAGRAM}"));
    let bench =
        Bench::new(&[("tokens/default", "EAAdefault"), (&file, " \n"), (&account, r#"{"page":"1067"}"#)]);
    assert_eq!(bench.of(INSTAGRAM), None);
    bench.write(&account, r#"{"page":"1067","token":"EAAown"}"#);
    assert_eq!(bench.of(INSTAGRAM).map(|(token, ..)| token).as_deref(), Some("EAAown"));
}

#[test]
fn a_file_of_no_account_takes_no_token_away() {
    let bench = Bench::new(&[("tokens/default", "EAAdefault"), ("accounts/default", "EAAother")]);
    assert_eq!(bench.of("1067").map(|(token, ..)| token).as_deref(), Some("EAAdefault"));
    assert_eq!(bench.tokens.broken.get(), 1, "it is said that nobody uses it");
}

#[test]
fn nobody_has_a_token_or_none_before_every_folder_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let (tokens, accounts) = (folder.path().join("tokens"), folder.path().join("accounts"));
    fs::create_dir(&tokens).unwrap();
    fs::write(tokens.join("default"), "EAAdefault").unwrap();
    let settings = TokenSettings {
        access_tokens: Some(tokens),
        accounts: Some(accounts.clone()),
        graph_app_secret: None,
    };
    let opened = AccessTokens::open(settings, facebook(), &Registry::new());
    assert_eq!(opened.of(&account("1067")), Err(NoToken::Unread));
    fs::create_dir(accounts).unwrap();
    opened.reread();
    assert_eq!(token(&opened, "1067").as_deref(), Some("EAAdefault"));
}
