//! What Meta says, and the verdict on it.

use super::super::check::Verdict::{self, Fail, Pass, Unknown};
use super::*;
use crate::meta::connect::difference::Difference;
use crate::meta::file::Declared;
use crate::meta::tests::DAY;
use std::time::UNIX_EPOCH;

fn now() -> SystemTime {
    UNIX_EPOCH + 365 * DAY
}

fn app() -> DeclaredApp {
    let text = r#"{"apps": [{
        "id": "111", "secret_file": "s", "objects": ["page", "instagram"], "callback_url": "https://a.example/",
        "verify_token_file": "v", "accounts": [{"id": "204", "login": "facebook"}]
    }]}"#;
    serde_json::from_str::<Declared>(text).unwrap().apps.remove(0)
}

fn valid() -> Facts {
    let permissions = vec!["pages_messaging".to_owned()];
    Facts { kind: None, is_valid: true, ends: Expiry::Never, permissions, lacks: Vec::new() }
}

#[test]
fn a_subscription_fails_where_events_are_lost_by_it_alone() {
    let differs = |difference| Finding::Differs(difference);
    let field = || vec!["messages".to_owned()];
    for (finding, verdict, found) in [
        (Finding::Fine, Pass, "installed, with every field as declared"),
        (Finding::Missing, Fail, "not installed: Meta sends nothing of it"),
        (
            differs(Difference { lacks: field(), ..Difference::default() }),
            Fail,
            "installed, but it lacks messages",
        ),
        (
            differs(Difference { beyond: field(), ..Difference::default() }),
            Pass,
            "installed; it has messages beyond the file",
        ),
    ] {
        let result = subscribed(&finding, "installed");
        assert_eq!((result.verdict, &*result.found), (verdict, found));
        assert_eq!(result.advice.is_empty(), verdict == Pass);
    }
}

#[test]
fn a_token_is_judged_by_what_meta_says_and_its_end_is_told_in_time() {
    let app = app();
    let result_of = |facts: Facts| token(&facts, &app.accounts[0], now());
    assert_eq!(result_of(valid()).verdict, Pass);
    let ended = result_of(Facts { is_valid: false, ends: Expiry::At(now() - DAY), ..valid() });
    assert_eq!(ended.verdict, Fail);
    assert_eq!(ended.found, "not valid: it, or its access to data, expired on 1970-12-31T00:00:00Z");
    let revoked = result_of(Facts { is_valid: false, ends: Expiry::At(now() + DAY), ..valid() });
    assert_eq!((revoked.verdict, &*revoked.found), (Fail, "not valid: revoked, or no token of this app"));
    let either = result_of(Facts { is_valid: false, ends: Expiry::Unknown, ..valid() });
    assert_eq!(either.found, "not valid: expired, revoked, or no token of this app");
    let lacks = result_of(Facts { lacks: vec!["instagram_basic".to_owned()], ..valid() });
    assert_eq!((lacks.verdict, &*lacks.found), (Fail, "it lacks instagram_basic"));
    let blind = result_of(Facts { ends: Expiry::At(now() - DAY), ..valid() });
    assert_eq!((blind.verdict, &*blind.found), (Fail, "its access to data expired on 1970-12-31T00:00:00Z"));
    let soon = result_of(Facts { ends: Expiry::At(now() + 3 * DAY), ..valid() });
    assert_eq!(soon.verdict, Pass);
    assert!(soon.advice.contains("new login"), "{soon:?}");
    assert!(result_of(Facts { ends: Expiry::At(now() + 30 * DAY), ..valid() }).advice.is_empty());
}

#[test]
fn the_noted_end_of_a_token_of_instagram_login_is_no_end_of_its_access_to_data() {
    let account = DeclaredAccount { login: Login::Instagram, ..app().accounts.remove(0) };
    let result_of =
        |is_valid| token(&Facts { is_valid, ends: Expiry::At(now() - DAY), ..valid() }, &account, now());
    let noted = result_of(true);
    let found = "its noted end has passed (1970-12-31T00:00:00Z), though Meta still takes it";
    assert_eq!((noted.verdict, &*noted.found), (Fail, found));
    assert!(noted.advice.contains("weir tokens refresh"), "{noted:?}");
    assert_eq!(result_of(false).found, "not valid: it expired on 1970-12-31T00:00:00Z");
}

#[test]
fn access_never_fails_since_people_with_a_role_are_heard_in_any_case() {
    let approved = |names: &[&str]| {
        let one = |name: &&str| AppPermission { permission: (*name).to_owned(), status: "live".to_owned() };
        Ok(names.iter().map(one).collect())
    };
    let needed = BTreeSet::from(["instagram_basic", "pages_messaging"]);
    let result_of =
        |approved: Observed<Vec<AppPermission>>| -> Verdict { access(&approved, &needed).verdict };
    assert_eq!(result_of(approved(&["instagram_basic", "pages_messaging", "email"])), Pass);
    assert_eq!(result_of(approved(&["pages_messaging"])), Unknown);
    assert_eq!(result_of(Err(NotKnown::Failed("no such edge".to_owned()))), Unknown);
    let lacks = access(&approved(&["pages_messaging"]), &needed);
    assert!(lacks.found.ends_with("not approved: instagram_basic"), "{lacks:?}");
}

#[test]
fn a_page_stands_for_itself_and_for_its_instagram_account() {
    let app = app();
    let linked = |linked| AccountFacts {
        account: &app.accounts[0],
        token: Ok(valid()),
        install: Ok(Finding::Fine),
        linked,
    };
    let names = |facts: &AccountFacts<'_>| {
        let mut last = LastDeliveries::default();
        last.received.insert(("instagram".to_owned(), "1784".to_owned()), now() - 3 * DAY);
        let checks = of_account(&app, facts, &Ok(last), None, now());
        checks.into_iter().map(|check| (check.name, check.of, check.result.verdict)).collect::<Vec<_>>()
    };
    let check = |name, of: &str, verdict| (name, of.to_owned(), verdict);
    let both = names(&linked(Some(Ok(Some("1784".to_owned())))));
    let expected = [
        check("token", "204", Pass),
        check("install", "204", Pass),
        check("instagram_link", "204", Pass),
        check("last_delivery", "204 page", Unknown),
        check("last_delivery", "1784 instagram", Pass),
    ];
    assert_eq!(both, expected);
    assert_eq!(names(&linked(Some(Ok(None))))[2], check("instagram_link", "204", Fail));
}

#[test]
fn a_silence_beyond_the_bound_fails_and_without_a_bound_nobody_knows_after_a_week() {
    let result_of = |days: Option<u32>, has_more, bound: Option<u32>| {
        last_delivery(days.map(|days| days * DAY), has_more, bound.map(|days| days * DAY)).verdict
    };
    assert_eq!((result_of(Some(3), true, None), result_of(Some(8), true, None)), (Pass, Unknown));
    assert_eq!((result_of(Some(1), true, Some(2)), result_of(Some(3), true, Some(2))), (Pass, Fail));
    assert_eq!(
        (result_of(None, false, None), result_of(None, false, Some(2)), result_of(None, true, Some(2))),
        (Unknown, Fail, Unknown)
    );
    let old = last_delivery(Some(72 * DAY), false, None);
    assert_eq!(old.found, "2months 11days ago, which is longer than 7days");
}
