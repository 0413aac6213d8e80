//! Tokens follow their files.

mod accounts;

use super::*;
use std::fs;

fn account(id: &str) -> GraphId {
    GraphId::parse(id).unwrap()
}

fn facebook() -> GraphUrl {
    GraphUrl::parse("https://graph.facebook.com").unwrap()
}

/// The token of an account, as it is in use.
fn token(tokens: &AccessTokens, id: &str) -> Option<String> {
    let token = tokens.of(&account(id)).ok()?;
    token.bearer().to_str().unwrap().strip_prefix("Bearer ").map(str::to_owned)
}

/// The tokens of a directory, without an app's secret.
fn settings(directory: &Path) -> TokenSettings {
    TokenSettings { access_tokens: Some(directory.to_owned()), accounts: None, graph_app_secret: None }
}

fn open(directory: &tempfile::TempDir) -> AccessTokens {
    AccessTokens::open(settings(directory.path()), facebook(), &Registry::new())
}

#[test]
fn an_account_has_its_own_token_or_the_default_one() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("1784"), " EAAone\n").unwrap();
    let tokens = open(&directory);
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAone"));
    assert_eq!(token(&tokens, "99"), None);
    fs::write(directory.path().join("default"), "EAAother").unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "99").as_deref(), Some("EAAother"));
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAone"));
}

#[test]
fn a_refused_token_is_tried_again_after_a_while_until_meta_says_something_of_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("1784"), "EAAone").unwrap();
    let (tokens, now) = (open(&directory), Instant::now());
    let refused = tokens.of(&account("1784")).unwrap();
    tokens.refused.refuse(&refused, now);
    assert_eq!(tokens.of(&account("1784")), Err(NoToken::Refused));
    let due = now + REFUSED_TRIED_AFTER;
    assert!(!tokens.refused.withholds(&refused, due) && !tokens.refused.withholds(&refused, due));
    tokens.refused.refuse(&refused, due);
    assert!(tokens.refused.withholds(&refused, due));
    tokens.accepted(&refused);
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAone"));
}

#[test]
fn a_token_that_is_refused_each_time_is_tried_less_and_less_often_and_calls_under_way_count_for_nothing() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("1784"), "EAAone").unwrap();
    let (tokens, mut now) = (open(&directory), Instant::now());
    let refused = tokens.of(&account("1784")).unwrap();
    let withheld = [5, 10, 20, 40, 80, 160, 300, 300].map(Duration::from_secs);
    for withheld in withheld {
        tokens.refused.refuse(&refused, now);
        tokens.refused.refuse(&refused, now + withheld / 2);
        assert!(tokens.refused.withholds(&refused, now + withheld / 10 * 9), "{withheld:?}");
        now += withheld;
        assert!(!tokens.refused.withholds(&refused, now), "{withheld:?}");
    }
    tokens.refused.accept(&refused);
    tokens.refused.refuse(&refused, now);
    assert!(!tokens.refused.withholds(&refused, now + REFUSED_TRIED_AFTER), "an answer ends it");
}

#[test]
fn a_changed_file_is_read_again_and_a_removed_one_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("1784");
    fs::write(&file, "EAAold").unwrap();
    let tokens = open(&directory);
    fs::write(&file, "EAAnew").unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAnew"));
    fs::remove_file(&file).unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784"), None);
}

#[test]
fn a_broken_file_keeps_the_old_token_and_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("1784");
    fs::write(&file, "EAAold").unwrap();
    let tokens = open(&directory);
    let endless = vec![b'x'; 20_000];
    for broken in [&b""[..], b" \n", b"two lines\nof text", b"\xff\xfe", &endless] {
        fs::write(&file, broken).unwrap();
        tokens.reread();
        assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAold"));
        assert_eq!(tokens.broken.get(), 1);
    }
    fs::write(&file, "EAAnew").unwrap();
    tokens.reread();
    assert_eq!((tokens.usable.get(), tokens.broken.get()), (1, 0));
}

#[test]
fn an_account_whose_file_cannot_be_used_has_not_the_default_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("1784");
    fs::write(&file, "").unwrap();
    fs::write(directory.path().join("default"), "EAAother").unwrap();
    let tokens = open(&directory);
    assert_eq!(token(&tokens, "1784"), None);
    assert_eq!(token(&tokens, "99").as_deref(), Some("EAAother"));
    assert_eq!((tokens.usable.get(), tokens.broken.get()), (1, 1));
    fs::write(&file, "EAAone").unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAone"));
    fs::remove_file(&file).unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAother"));
}

#[test]
fn who_waits_hears_that_a_file_that_cannot_be_used_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("1784");
    fs::write(&file, "").unwrap();
    fs::write(directory.path().join("default"), "EAAother").unwrap();
    let tokens = open(&directory);
    let changes = tokens.changes();
    fs::remove_file(&file).unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAother"));
    assert!(changes.has_changed().unwrap());
}

#[test]
fn a_directory_that_is_gone_keeps_all_tokens() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("default"), "EAAone").unwrap();
    let tokens = open(&directory);
    directory.close().unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAone"));
    assert_eq!(tokens.broken.get(), 1);
}

#[test]
fn hidden_entries_and_directories_are_passed_over_and_other_names_said() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("..data")).unwrap();
    fs::create_dir(directory.path().join("more")).unwrap();
    fs::write(directory.path().join(".hidden"), "EAAone").unwrap();
    fs::write(directory.path().join("my-shop"), "EAAone").unwrap();
    let tokens = open(&directory);
    assert_eq!((tokens.usable.get(), tokens.broken.get()), (0, 1));
}

#[test]
fn the_advice_names_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let advice = open(&directory).advice(&account("1784"));
    assert!(advice.contains(&*directory.path().join("1784").to_string_lossy()), "{advice}");
    assert!(advice.ends_with("/default"), "{advice}");
    fs::write(directory.path().join("1784"), "").unwrap();
    fs::write(directory.path().join("default"), "EAAother").unwrap();
    let advice = open(&directory).advice(&account("1784"));
    assert!(advice.ends_with("/1784 cannot be used, as the log says"), "{advice}");
}

#[tokio::test]
async fn a_refused_token_is_used_no_more_until_its_file_changes() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("1784"), "EAAold").unwrap();
    fs::write(directory.path().join("default"), "EAAother").unwrap();
    let tokens = Arc::new(open(&directory));
    let old = tokens.of(&account("1784")).unwrap();
    assert_eq!(tokens.refuse_and_reread(&old, &account("1784"), "it has ended").await, None);
    assert_eq!(tokens.of(&account("1784")), Err(NoToken::Refused));
    assert_eq!(tokens.refused.shown("1784"), 1);
    assert_eq!(token(&tokens, "99").as_deref(), Some("EAAother"));
    fs::write(directory.path().join("1784"), "EAAnew").unwrap();
    tokens.reread();
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAnew"));
    assert_eq!(tokens.refused.shown("1784"), 0);
}

#[tokio::test]
async fn a_token_that_was_replaced_meanwhile_is_tried_at_once() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("1784"), "EAAold").unwrap();
    let tokens = Arc::new(open(&directory));
    let old = tokens.of(&account("1784")).unwrap();
    fs::write(directory.path().join("1784"), "EAAnew").unwrap();
    let renewed = tokens.refuse_and_reread(&old, &account("1784"), "it has ended").await.unwrap();
    assert_eq!(renewed.bearer().to_str().unwrap(), "Bearer EAAnew");
    assert_eq!(tokens.refused.shown("1784"), 0);
}

#[tokio::test]
async fn who_waits_for_a_token_hears_of_the_change() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = Arc::new(open(&directory));
    let mut changes = tokens.changes();
    fs::write(directory.path().join("1784"), "EAAnew").unwrap();
    tokens.reread();
    changes.changed().await.unwrap();
}

#[test]
fn a_changed_app_secret_gives_new_proofs() {
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens");
    fs::create_dir(&tokens).unwrap();
    fs::write(tokens.join("default"), "EAAone").unwrap();
    let secret = directory.path().join("app-secret");
    fs::write(&secret, "one").unwrap();
    let settings = TokenSettings { graph_app_secret: Some(secret.clone()), ..settings(&tokens) };
    let tokens = AccessTokens::open(settings, facebook(), &Registry::new());
    let proof = || tokens.of(&account("1")).unwrap().proof().map(str::to_owned);
    let first = proof().unwrap();
    fs::write(&secret, "two").unwrap();
    tokens.reread();
    assert_ne!(proof().unwrap(), first);
    fs::write(&secret, "").unwrap();
    tokens.reread();
    assert_eq!(tokens.broken.get(), 1, "an empty secret leaves the former one in use and is counted");
    assert_ne!(proof().unwrap(), first);
}

#[test]
fn a_file_that_is_none_takes_no_other_token_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("1784"), "\u{feff}EAAone\r\n\n").unwrap();
    assert!(std::process::Command::new("mkfifo").arg(path("1")).status().unwrap().success());
    std::os::unix::fs::symlink("/dev/zero", path("2")).unwrap();
    std::os::unix::fs::symlink("/proc/self/environ", path("3")).unwrap();
    let tokens = open(&directory);
    assert_eq!(token(&tokens, "1784").as_deref(), Some("EAAone"));
    assert_eq!((tokens.usable.get(), tokens.broken.get()), (1, 3));
}
