//! Tokens follow their files.

use super::*;
use std::fs;

fn account(id: &str) -> GraphId {
    GraphId::parse(id).unwrap()
}

/// The token of an account, as it is in use.
fn token(tokens: &AccessTokens, id: &str) -> Option<String> {
    tokens.of(&account(id)).map(|token| token.0.to_string())
}

fn open(directory: &tempfile::TempDir) -> AccessTokens {
    AccessTokens::open(directory.path().to_owned(), &Registry::new())
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
fn neither_debug_nor_the_header_shows_a_token() {
    let token = AccessToken::parse("EAAsecret").unwrap();
    assert!(!format!("{token:?} {:?}", token.bearer()).contains("EAAsecret"));
    assert_eq!(token.bearer().to_str().unwrap(), "Bearer EAAsecret");
}

#[test]
fn the_advice_names_the_files() {
    let directory = tempfile::tempdir().unwrap();
    let advice = open(&directory).advice(&account("1784"));
    assert!(advice.contains(&*directory.path().join("1784").to_string_lossy()), "{advice}");
    assert!(advice.ends_with("/default"), "{advice}");
}
