//! The simulator answers the documents' calls with the documents' answers.

use crate::{AccessToken, BatchItem, Graph, GraphSettings, GraphUrl, GraphVersion};
use prometheus::Registry;
use runtime::http::{client, tls};
use serde_json::{Value, json};
use weir_graph_simulator::{Behaviour, Simulator};

async fn get(simulator: &Simulator, relative_url: &str, token: Option<&str>) -> (u16, Value) {
    let client = client::builder(tls::client(None).unwrap()).build().unwrap();
    let mut request = client.get(format!("{}/{relative_url}", simulator.url()));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

#[tokio::test]
async fn a_mention_in_a_comment_is_answered_as_in_the_guide() {
    let simulator = Simulator::start().await.unwrap();
    let asked = "v26.0/17841405726653026?fields=mentioned_comment.comment_id(17894227972186120)";
    let (status, answer) = get(&simulator, asked, Some("token")).await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "mentioned_comment": {
                "timestamp": "2018-03-20T00:05:29+0000",
                "text": "@bluebottle challenge?",
                "id": "17894227972186120"
            },
            "id": "17841405726653026"
        })
    );
    let calls = simulator.calls().into_iter().map(|call| (call.relative_url, call.token, call.proof));
    assert_eq!(calls.collect::<Vec<_>>(), [(asked.to_owned(), Some("token".to_owned()), None)]);
}

#[tokio::test]
async fn a_mention_in_a_caption_is_answered_as_in_the_guide() {
    let simulator = Simulator::start().await.unwrap();
    let asked =
        "v26.0/17841405726653026?fields=mentioned_media.media_id(17918195224117851)%7Bcaption,media_type%7D";
    let (_, answer) = get(&simulator, asked, Some("token")).await;
    let media = json!({
        "caption": "@bluebottle There can be only one!",
        "media_type": "IMAGE",
        "id": "17918195224117851"
    });
    assert_eq!(answer, json!({ "mentioned_media": media, "id": "17841405726653026" }));
}

#[tokio::test]
async fn a_field_that_does_not_exist_and_a_missing_token_are_errors() {
    let simulator = Simulator::start().await.unwrap();
    for (asked, token, code) in [
        ("v26.0/17?fields=text,shoe_size", Some("token"), 100),
        ("v26.0/17?fields=text{", Some("token"), 2500),
        ("v26.0/17?fields=text", None, 190),
    ] {
        let (status, answer) = get(&simulator, asked, token).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{asked}");
    }
}

#[tokio::test]
async fn it_behaves_badly_about_the_ids_it_was_told_and_no_others() {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave("17", Behaviour::error(4, None));
    let status = async |asked| get(&simulator, asked, Some("token")).await.0;
    assert_eq!(status("v26.0/17?fields=text").await, 400);
    assert_eq!(status("v26.0/1784?fields=mentioned_comment.comment_id(17)").await, 400);
    assert_eq!(status("v17.0/171?fields=text").await, 200);
    simulator.behave("17");
    assert_eq!(status("v26.0/17?fields=text").await, 200);
}

#[tokio::test]
async fn it_behaves_badly_as_often_as_it_was_told() {
    let simulator = Simulator::start().await.unwrap();
    simulator.misbehave_times("17", Behaviour::error(2, None), 2);
    for expected in [400, 400, 200] {
        assert_eq!(get(&simulator, "v26.0/17?fields=text", Some("token")).await.0, expected);
    }
}

#[tokio::test]
async fn an_expired_token_and_usage_are_told_in_every_answer() {
    let simulator = Simulator::start().await.unwrap();
    simulator.refuse_token("old");
    let (status, answer) = get(&simulator, "v26.0/17?fields=text", Some("old")).await;
    assert_eq!((status, &answer["error"]["error_subcode"]), (400, &json!(463)));
    assert_eq!(get(&simulator, "v26.0/17?fields=text", Some("new")).await.0, 200);
}

#[tokio::test]
async fn a_batch_of_more_than_50_is_refused() {
    let simulator = Simulator::start().await.unwrap();
    let url = GraphUrl::parse(&simulator.url()).unwrap();
    let settings = GraphSettings::of(url, GraphVersion::parse("v26.0").unwrap());
    let graph = Graph::new(settings, &Registry::new()).unwrap();
    let token = AccessToken::parse("default", "token", None).unwrap();
    let item = BatchItem { relative_url: "v26.0/17?fields=id", token: &token };
    assert_eq!(graph.batch(&[item; 50]).await.result.unwrap().len(), 50);
    assert_eq!(graph.batch(&[item; 51]).await.result.unwrap_err().class(), "invalid_call");
    assert_eq!(simulator.calls().len(), 50);
}
