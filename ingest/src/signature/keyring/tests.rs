//! Which secret matches, and what it costs to find that none does.

use super::work::RestDue;
use super::*;
use futures_util::FutureExt as _;
use hmac::KeyInit as _;
use tokio::sync::MutexGuard;

fn digest(secret: &str, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().into()
}

fn keyring(names: &[&str]) -> Keyring {
    let secrets: Vec<Secret> =
        names.iter().map(|name| Secret::new(name, format!("secret of {name}"))).collect();
    Keyring::new(&secrets, 64)
}

/// The turn of a body that one secret is tried on.
async fn of_others<'w>(work: &'w UnauthenticatedWork, body: &[u8]) -> MutexGuard<'w, RestDue> {
    work.lane(body.len()).lock().await
}

async fn app_of(keyring: &Keyring, body: &[u8], signer: &str, app: Option<&str>) -> Option<String> {
    let digest = digest(&format!("secret of {signer}"), body);
    let app = keyring.matching(body, &digest, app, &UnauthenticatedWork::default()).await;
    app.map(|app| app.to_string())
}

#[tokio::test]
async fn a_body_of_any_size_is_verified_with_each_secret() {
    let keyring = keyring(&["one", "shop", "two"]);
    for size in [0, 1, OTHERS_AT_ONCE / 2, OTHERS_AT_ONCE / 2 + 1, AT_ONCE + SLICE + 17] {
        let body = vec![b'x'; size];
        for app in ["one", "two", "shop"] {
            assert_eq!(app_of(&keyring, &body, app, None).await.as_deref(), Some(app), "{size}");
        }
        assert_eq!(app_of(&keyring, &body, "nobody", None).await, None, "{size}");
    }
}

#[tokio::test]
async fn a_path_that_names_an_app_uses_its_secrets_alone() {
    let keyring = keyring(&["shop", "shop-next", "shop.next", "two"]);
    assert_eq!(app_of(&keyring, b"x", "shop", Some("shop")).await.as_deref(), Some("shop"));
    assert_eq!(app_of(&keyring, b"x", "shop.next", Some("shop")).await.as_deref(), Some("shop.next"));
    assert_eq!(app_of(&keyring, b"x", "two", Some("shop")).await, None);
    assert_eq!(app_of(&keyring, b"x", "shop-next", Some("shop")).await, None);
    assert!(keyring.has("two") && !keyring.has("tw") && !keyring.has("other"));
}

#[tokio::test]
async fn secrets_are_tried_by_when_they_matched_last() {
    let keyring = keyring(&["one", "two", "three"]);
    let order = |keyring: &Keyring| {
        let mut keys: Vec<_> = keyring.keys.iter().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.latest_success.load(Ordering::Relaxed)));
        keys.iter().map(|key| key.app.to_string()).collect::<Vec<_>>()
    };
    for app in ["three", "two", "two"] {
        assert_eq!(app_of(&keyring, b"x", app, None).await.as_deref(), Some(app));
    }
    assert_eq!(order(&keyring), ["two", "three", "one"]);
}

#[tokio::test]
async fn unsigned_bodies_take_turns_and_the_first_secret_waits_for_nobody() {
    let (keyring, work) = (keyring(&["one", "two"]), UnauthenticatedWork::default());
    let body = vec![b'x'; 2 * SLICE];
    let wrong = digest("nobody's", &body);
    let turn = of_others(&work, &body).await;
    let mut waiting = std::pin::pin!(keyring.matching(&body, &wrong, None, &work));
    for _ in 0..10 {
        assert!(waiting.as_mut().now_or_never().is_none(), "another body has its turn");
    }
    let right = digest("secret of two", &body);
    let latest = keyring.matching(&body, &right, None, &work).await;
    assert_eq!(latest.as_deref(), Some("two"), "the latest secret waits for nobody");
    drop(turn);
    assert_eq!(waiting.await, None);
}

#[tokio::test]
async fn little_work_does_not_wait_behind_much() {
    let (keyring, work) = (keyring(&["one", "two"]), UnauthenticatedWork::default());
    let _turn = of_others(&work, &vec![b'x'; 8 << 20]).await;
    let body = vec![b'x'; 2 * SLICE];
    let digest = digest("secret of one", &body);
    assert_eq!(keyring.matching(&body, &digest, None, &work).await.as_deref(), Some("one"));
}

#[tokio::test]
async fn an_account_that_is_known_costs_one_hash_however_many_apps_there_are() {
    let (keyring, work) = (keyring(&["one", "two", "three"]), UnauthenticatedWork::default());
    let body = |account: &str| {
        let text = "x".repeat(AT_ONCE);
        format!(r#"{{"object":"page","entry":[{{"id":"{account}","text":"{text}"}}]}}"#).into_bytes()
    };
    let signers = [("1", "one"), ("2", "two"), ("3", "three")];
    for (account, app) in signers {
        assert_eq!(app_of(&keyring, &body(account), app, None).await.as_deref(), Some(app));
    }
    // Others have their turn for as long as this lives: what is not found at once is not found.
    let _turn = of_others(&work, &body("1")).await;
    for (account, app) in signers {
        let body = body(account);
        let digest = digest(&format!("secret of {app}"), &body);
        let mut matching = std::pin::pin!(keyring.matching(&body, &digest, None, &work));
        // A large body lets others run between its slices.
        let found = (0..10).find_map(|_| matching.as_mut().now_or_never());
        assert_eq!(found.flatten().as_deref(), Some(app));
    }
}

#[tokio::test]
async fn what_is_known_of_an_account_is_known_after_the_secrets_are_read_anew() {
    let body = |account: &str| {
        format!(r#"{{"entry":[{{"id":"{account}","text":"{}"}}]}}"#, "x".repeat(OTHERS_AT_ONCE)).into_bytes()
    };
    let before = keyring(&["one", "two", "three"]);
    for (account, app) in [("1", "one"), ("3", "three")] {
        assert_eq!(app_of(&before, &body(account), app, None).await.as_deref(), Some(app));
    }
    let names = ["new", "one", "three"];
    let secrets = names.map(|name| Secret::new(name, format!("secret of {name}")));
    let (after, work) = (before.with_secrets(&secrets, 64), UnauthenticatedWork::default());
    let _turn = of_others(&work, &body("1")).await;
    // The first is the one that matched last, the second that of the account.
    for (account, app, found) in
        [("2", "three", Some("three")), ("1", "one", Some("one")), ("4", "new", None)]
    {
        let body = body(account);
        let digest = digest(&format!("secret of {app}"), &body);
        let matching = after.matching(&body, &digest, None, &work).now_or_never();
        assert_eq!(matching.flatten().as_deref(), found, "{account}");
    }
}

#[tokio::test]
async fn with_many_secrets_a_small_body_that_nobody_signed_takes_its_turn_too() {
    let names: Vec<String> = (0..51).map(|number| format!("app{number}")).collect();
    let keyring = keyring(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (body, work) = (vec![b'x'; 5_000], UnauthenticatedWork::default());
    let wrong = digest("nobody's", &body);
    let _turn = of_others(&work, &body).await;
    assert_eq!(
        keyring.matching(&body, &wrong, None, &work).now_or_never(),
        None,
        "another body has its turn"
    );
}

#[test]
fn more_secrets_than_are_allowed_are_not_used() {
    let secrets = [Secret::new("a", "1"), Secret::new("b", "2"), Secret::new("c", "3")];
    let keyring = Keyring::new(&secrets, 2);
    assert!(keyring.has("b") && !keyring.has("c"));
}
