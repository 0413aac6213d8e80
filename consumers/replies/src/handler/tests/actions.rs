//! What can be commanded.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_action_is_carried_out_once() {
    let bench = Bench::new().await;
    let owner = bench.owner();
    let mut partition = Partition::default();
    for (number, place, members) in [
        (1, ":9", r#""action":"message","to":"9","message":{"attachment":{"type":"image"}}"#),
        (2, ":9", r#""action":"sender_action","to":"9","sender_action":"mark_seen""#),
        (3, ":9", r#""action":"reaction","to":"9","message_id":"m_1","reaction":"love""#),
        (4, "", r#""action":"comment_hide","comment":"17""#),
        (5, "", r#""action":"comment_show","comment":"17""#),
        (6, "", r#""action":"comment_delete","comment":"17""#),
        (7, "", r#""action":"private_reply","comment":"17","message":{"text":"x"}"#),
        (8, ":9", r#""action":"thread_pass","to":"9","app_id":"7""#),
        (9, ":9", r#""action":"thread_take","to":"9""#),
        (10, ":9", r#""action":"thread_request","to":"9","metadata":"x""#),
        (11, ":9", r#""action":"thread_release","to":"9""#),
        (12, "", r#""action":"comment_like","comment":"17""#),
        (13, "", r#""action":"comment_unlike","comment":"17""#),
    ] {
        let value = format!(r#"{{"id":"c-{number}","account":"1784",{members}}}"#);
        let key = Some(format!("1784{place}").into_bytes());
        let record = Record { key, value: Some(value.into_bytes()), ..command(number) };
        assert_eq!(results(&owner, &mut partition, &record).await, ["done"], "{members}");
        let posts = bench.simulator.posts();
        assert_eq!(posts.len(), usize::try_from(number).unwrap());
        assert_eq!(posts.last().unwrap().method, if [6, 13].contains(&number) { "DELETE" } else { "POST" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn likes_wait_where_an_account_on_instagram_has_made_as_many_as_it_may_and_nothing_else_does() {
    let bench = Bench::new().await;
    let owner = bench.owner_with(|settings| {
        (settings.reply_likes, settings.likes_within) = (2, Duration::from_mins(10));
    });
    let mut partition = Partition::default();
    let of = |number: i64, account: &str, members: &str| {
        let value = format!(r#"{{"id":"c-{number}","account":"{account}","comment":"17",{members}}}"#);
        Record { key: Some(account.into()), value: Some(value.into_bytes()), ..command(number) }
    };
    let (instagram, page) = ("17841405726653026", "1067280970047460");
    for (number, account, members) in [
        (1, instagram, r#""action":"comment_like""#),
        (2, instagram, r#""action":"comment_unlike""#),
        (3, instagram, r#""action":"comment_hide""#),
        (4, page, r#""action":"comment_like""#),
        (5, page, r#""action":"comment_like""#),
        (6, page, r#""action":"comment_like""#),
    ] {
        let record = of(number, account, members);
        assert_eq!(results(&owner, &mut partition, &record).await, ["done"], "{members}");
    }
    let third = handle(&owner, &mut partition, &of(7, instagram, r#""action":"comment_like""#)).await;
    let Err(Failure::Unavailable { error, on: Wait::AccountLimit, .. }) = &third else { panic!("{third:?}") };
    assert!(error.starts_with("--reply-likes is reached"), "{error}");
    assert_eq!(bench.simulator.posts().len(), 6);
}
