//! `weir tokens` puts new tokens into a Secret of Kubernetes, over nobody else's, and says what it may not.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod api_server;

use std::fs;
use std::time::{Duration, SystemTime};

use api_server::{ApiServer, Fault, SECRET, TOKEN};
use hyper::Method;
use tempfile::TempDir;
use weir_graph_simulator::{KnownToken, Login, Simulator};
use weir_tests::pipeline::PATIENCE;
use weir_tests::process::Binary;

const APP_SECRET: &str = "app-secret";
const OLD: &str = "IGAAold";
/// What the simulator makes of it.
const NEW: &str = "IGAAoldL";
const SHORT: &str = "IGAAshort";
const DAY: Duration = Duration::from_hours(24);

/// An account of Instagram Login at Meta, and its token in a Secret that is mounted.
struct Ground {
    graph: Simulator,
    api: ApiServer,
    folder: TempDir,
}

impl Ground {
    async fn new() -> Self {
        let graph = Simulator::start().await.unwrap();
        graph.add_app("111", APP_SECRET);
        graph.add_token(SHORT, KnownToken::of("111", Login::Instagram));
        // Meta refreshes a token a day after it was given.
        let issued = SystemTime::now() - 2 * DAY;
        let expires = Some(issued + 60 * DAY);
        graph.add_token(OLD, KnownToken { issued, expires, ..KnownToken::of("111", Login::Instagram) });
        let ground = Self {
            graph,
            api: ApiServer::start(&[("1784", OLD), ("default", "of-all-others")]).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(ground.folder.path().join("service-account")).unwrap();
        ground.api.mount(&ground.folder.path().join("service-account")).unwrap();
        let declared = r#"{"apps": [{"id": "111", "secret_file": "app-secret", "accounts": [{"id": "1784", "login": "instagram"}]}]}"#;
        for (file, text) in
            [("connect.json", declared), ("app-secret", APP_SECRET), ("1784", OLD), ("short", SHORT)]
        {
            fs::write(ground.folder.path().join(file), text).unwrap();
        }
        ground
    }

    /// Runs a command of `weir tokens` as in a pod; its exit code and what it printed, which holds no secret.
    async fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        let [host, port] = self.api.variables();
        self.run_with(words, &[(host.0, &host.1), (port.0, &port.1)]).await
    }

    async fn run_with(&self, words: &[&str], envs: &[(&str, &str)]) -> (Option<i32>, String) {
        let folder = self.folder.path().to_str().unwrap();
        let (file, account, url) =
            (format!("{folder}/connect.json"), format!("{folder}/service-account"), self.graph.url());
        let of_meta = ["--file", &file, "--access-tokens", folder, "--instagram-url", &url];
        let of_secret = ["--to-secret", SECRET, "--service-account", &account];
        let mut tool =
            Binary::start("weir", &[&["tokens"], words, &of_meta, &of_secret].concat(), envs).unwrap();
        let code = tool.wait(PATIENCE).await.unwrap().code();
        let said = tool.stdout().unwrap() + &tool.stderr().unwrap();
        assert!([APP_SECRET, OLD, NEW, SHORT, TOKEN].iter().all(|secret| !said.contains(secret)), "{said}");
        (code, said)
    }

    /// The file of the token that a login gave.
    fn short(&self) -> String {
        self.folder.path().join("short").to_str().unwrap().to_owned()
    }

    fn key(&self, key: &str) -> Option<String> {
        self.api.data().get(key).cloned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refreshed_token_is_in_its_key_with_its_end_and_what_others_write_stays() {
    let ground = Ground::new().await;
    // Of another account, between the look and the write: the first patch is refused.
    ground.api.set(Some(Fault::OtherWrites("1785", "of-another-writer")));
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(0) && said.contains("(in 59 days)"), "{said}");
    assert_eq!(ground.key("1784").as_deref(), Some(NEW));
    assert!(ground.key(".1784.ends").unwrap().ends_with('Z'), "{:?}", ground.api.data());
    assert_eq!(ground.key("1785").as_deref(), Some("of-another-writer"));
    assert_eq!(ground.key("default").as_deref(), Some("of-all-others"));
    // What is mounted is the kubelet's to change.
    assert_eq!(fs::read_to_string(ground.folder.path().join("1784")).unwrap(), OLD);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_newer_than_the_file_is_left_as_it_is() {
    let ground = Ground::new().await;
    // A login's, which the kubelet has not put into the file yet.
    ground.api.put("1784", "of-a-new-login");
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(
        code == Some(1) && said.contains("1784 of the Secret weir/weir-access-tokens holds another"),
        "{said}"
    );
    assert_eq!(ground.key("1784").as_deref(), Some("of-a-new-login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_somebody_else_wrote_meanwhile_is_left_as_it_is() {
    let ground = Ground::new().await;
    ground.api.set(Some(Fault::OtherWrites("1784", "of-another-writer")));
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(1) && said.contains("somebody else wrote 1784 of the Secret"), "{said}");
    assert_eq!(ground.key("1784").as_deref(), Some("of-another-writer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_answer_was_lost_is_found_and_not_made_twice() {
    let ground = Ground::new().await;
    ground.api.set(Some(Fault::LosesAnswer));
    let (code, said) = ground.run(&["refresh"]).await;
    assert_eq!((code, ground.key("1784").as_deref()), (Some(0), Some(NEW)), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_told_with_what_to_do_before_meta_is_asked() {
    let ground = Ground::new().await;
    let (asked, short) = (ground.graph.requests(), ground.short());
    for (fault, told) in [
        (
            Fault::Forbids(Method::GET),
            "cannot get; the pod's service account needs a Role in weir with the verbs get and patch",
        ),
        (Fault::Forbids(Method::PATCH), "resourceNames [weir-access-tokens]"),
        (Fault::HasNone, "kubectl -n weir create secret generic weir-access-tokens"),
        (Fault::Immutable, "field is immutable"),
    ] {
        ground.api.set(Some(fault.clone()));
        for words in [&["refresh"][..], &["exchange", "1784", "--short-token", &short]] {
            let (code, said) = ground.run(words).await;
            assert!(code == Some(1) && said.contains(told), "{fault:?}: {said}");
        }
    }
    ground.api.set(None);
    fs::write(ground.folder.path().join("service-account/token"), "of-nobody").unwrap();
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(1) && said.contains("401"), "{said}");
    fs::remove_file(ground.folder.path().join("service-account/token")).unwrap();
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(1) && said.contains("automountServiceAccountToken"), "{said}");
    let (code, said) = ground.run_with(&["refresh"], &[]).await;
    assert!(code == Some(1) && said.contains("this is no pod"), "{said}");
    assert_eq!(ground.graph.requests(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_an_api_server_of_another_authority() {
    let (ground, other) = (Ground::new().await, Ground::new().await);
    other.api.mount(&ground.folder.path().join("service-account")).unwrap();
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(1) && said.contains("is its certificate of the authority in ca.crt?"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_the_api_server_that_hold_a_token_are_not_shown() {
    let ground = Ground::new().await;
    ground.api.set(Some(Fault::Repeats));
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(1) && said.contains("422") && said.contains("hold a value of the Secret"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_whose_files_have_one_name_share_no_key() {
    let ground = Ground::new().await;
    let declared = r#"{"apps": [{"id": "111", "secret_file": "app-secret", "accounts": [
        {"id": "1784", "login": "instagram"},
        {"id": "1785", "login": "instagram", "token_file": "one/token"},
        {"id": "1786", "login": "instagram", "token_file": "other/token"}
    ]}]}"#;
    fs::write(ground.folder.path().join("connect.json"), declared).unwrap();
    for shop in ["one", "other"] {
        fs::create_dir(ground.folder.path().join(shop)).unwrap();
        fs::write(ground.folder.path().join(shop).join("token"), SHORT).unwrap();
    }
    let (code, said) = ground.run(&["refresh"]).await;
    assert_eq!(code, Some(1), "{said}");
    let folder = ground.folder.path().display();
    for (account, shop, other, of_other) in [(1785, "one", 1786, "other"), (1786, "other", 1785, "one")] {
        let told = format!(
            "account {account} ({folder}/{shop}/token) and account {other} ({folder}/{of_other}/token) would share token"
        );
        assert!(said.contains(&told), "{said}");
    }
    // One that is declared badly holds up no other.
    assert_eq!(ground.key("1784").as_deref(), Some(NEW));
    let asked = ground.graph.requests();
    let (code, said) = ground.run(&["exchange", "1786", "--short-token", &ground.short()]).await;
    assert!(code == Some(1) && said.contains("a file of another name, by \"token_file\""), "{said}");
    assert_eq!((ground.graph.requests(), ground.key("token")), (asked, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_lasts_long_enough_is_left_where_its_key_has_it_and_put_there_where_not() {
    let ground = Ground::new().await;
    let write = |file: &str, text: &str| fs::write(ground.folder.path().join(file), text).unwrap();
    write(".1784.ends", "2100-01-01T00:00:00Z");
    let (code, said) = ground.run(&["refresh"]).await;
    assert!(code == Some(0) && said.contains("left as it is"), "{said}");
    assert_eq!(ground.key("1784").as_deref(), Some(OLD));

    let declared = r#"{"apps": [{"id": "111", "secret_file": "app-secret", "accounts": [{"id": "1784", "login": "instagram", "token_file": "shop"}]}]}"#;
    write("connect.json", declared);
    write("shop", OLD);
    write(".shop.ends", "2100-01-01T00:00:00Z");
    let (code, said) = ground.run(&["refresh"]).await;
    assert_eq!((code, ground.key("shop").as_deref()), (Some(0), Some(NEW)), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_login_is_exchanged_into_its_key() {
    let ground = Ground::new().await;
    let (code, said) = ground.run(&["exchange", "1784", "--short-token", &ground.short()]).await;
    assert!(
        code == Some(0) && said.contains("1784 of the Secret weir/weir-access-tokens: a token that ends"),
        "{said}"
    );
    assert_eq!(ground.key("1784"), Some(format!("{SHORT}L")));
}
