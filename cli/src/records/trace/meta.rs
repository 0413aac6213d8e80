//! What Meta's side can still tell: whether the Graph API has the messages or comments, without their words.
//!
//! Sources: Meta's guide to the Conversations API (February 2026): `me` is the page of a page's token and the account of an
//! Instagram Login token; details are had of the 20 newest messages of a conversation, older ones count as deleted.

use super::TraceSettings;
use super::event_trace::EventTrace;
use super::expected::Expected;
use super::question::{EventSelector, Question};
use crate::tool::settings::{access_tokens, flag, graph_url, graph_version, settings, switch};
use crate::tool::{Result, Session};
use prometheus::Registry;
use runtime::process::chain;
use runtime::settings::form;
use schemas::Millis;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use weir_graph::edges::{EdgeError, Node};
use weir_graph::{
    AccessToken, AccessTokens, Graph, GraphId, GraphSettings, GraphUrl, GraphVersion, TokenSettings,
};

settings! {
    /// Whether Meta is asked, and how it is reached.
    pub(super) struct MetaAccess {
        /// Ask the Graph API whether it has the message or comment; with --account, --user and --at, which messages of the
        /// conversation it has
        ask_meta: bool = switch("ask-meta"),
        /// Host of the Graph API: graph.facebook.com, or graph.instagram.com for Instagram Login
        graph_url: GraphUrl = graph_url(),
        /// Version of the Graph API
        graph_version: GraphVersion = graph_version(),
        /// Directory of access tokens: a file per account, named by its id, and `default` for the rest
        access_tokens: Option<PathBuf> = access_tokens(),
        /// Directory of accounts, as weir-lookups has it: a JSON file per account, with login, host, page, token and secret
        accounts: Option<PathBuf> = flag("accounts", "DIR", form::directory()).optional(),
        /// File with the app's secret: calls then carry `appsecret_proof`, as "Require App Secret" demands
        graph_app_secret: Option<PathBuf> = flag("graph-app-secret", "FILE", form::file()).optional(),
    }
    check |access, given| {
        if access.ask_meta && !given.is_set("access-tokens") && !given.is_set("accounts") {
            given.problem(
                "access-tokens",
                "a directory of access tokens, since --ask-meta asks with them; or --accounts",
            );
        }
    }
}

impl MetaAccess {
    fn tokens(&self) -> TokenSettings {
        let Self { access_tokens, accounts, graph_app_secret, .. } = self.clone();
        TokenSettings { access_tokens, accounts, graph_app_secret }
    }
}

/// What Meta says of one message or comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AtMeta {
    /// Its id at Meta; none of a conversation that cannot be read.
    pub(super) id: Option<String>,
    pub(super) state: State,
    /// When it was sent, as Meta writes it.
    pub(super) created: Option<String>,
    pub(super) was_received: bool,
    /// Why nobody knows.
    pub(super) error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    There,
    /// Or not for this token: Meta does not tell the two apart.
    Gone,
    Unknown,
}

/// Asks of everything that was found, or of what was not.
pub(super) fn ask(
    question: &Question,
    traces: &[EventTrace],
    left_out: &[Expected],
    settings: &TraceSettings,
    session: &Session,
) -> Result<Vec<AtMeta>> {
    let access = &settings.meta;
    if !access.ask_meta {
        return Ok(Vec::new());
    }
    let key =
        question.key.as_ref().or_else(|| traces.iter().find_map(|trace| trace.event.as_ref()?.key.as_ref()));
    let account = key.and_then(|key| key.split(':').next()).or(settings.account.as_deref());
    let nobody =
        || vec![AtMeta::unknown(None, "no account is known, and no default token is there".to_owned())];
    let tokens = AccessTokens::open(access.tokens(), access.graph_url.clone(), &Registry::new());
    // Of an account that nobody names there is the default token alone.
    let Some(account) = GraphId::parse(account.unwrap_or("0")) else { return Ok(nobody()) };
    let token = match tokens.of(&account) {
        Ok(token) => token,
        Err(no_token) => return Ok(vec![AtMeta::unknown(None, no_token.to_string())]),
    };
    let of_host = GraphSettings::of(access.graph_url.clone(), access.graph_version.clone());
    let graph = Graph::new(of_host, &Registry::new())?;
    let events = traces.iter().filter_map(|trace| trace.event.as_ref()).chain(left_out);
    let mut received: BTreeSet<_> = events.filter_map(|event| event.item.as_deref()).collect();
    if let EventSelector::Item(id) = &question.what
        && traces.iter().any(|trace| trace.event.is_none())
    {
        // It was in a body that could not be read.
        received.insert(id);
    }
    Ok(session.wait(async {
        match (&question.what, &settings.user) {
            (EventSelector::Conversation, Some(user)) => {
                conversation(question, user, &received, &graph, &token).await
            }
            _ => items(question, &received, &graph, &token).await,
        }
    }))
}

/// Each by its id.
async fn items(
    question: &Question,
    received: &BTreeSet<&str>,
    graph: &Graph,
    token: &AccessToken,
) -> Vec<AtMeta> {
    let mut ids = received.clone();
    if let EventSelector::Item(id) = &question.what {
        ids.insert(id);
    }
    let mut said = Vec::new();
    for id in ids {
        let was_received = received.contains(id);
        let unknown = |error| AtMeta { was_received, ..AtMeta::unknown(Some(id.to_owned()), error) };
        said.push(match graph.node(id, token).await {
            Ok(node) => AtMeta::there(node, was_received),
            Err(EdgeError::Gone(_)) => AtMeta { state: State::Gone, error: None, ..unknown(String::new()) },
            Err(error) => unknown(chain(&error)),
        });
    }
    said
}

/// All of the conversation at that time.
async fn conversation(
    question: &Question,
    user: &str,
    received: &BTreeSet<&str>,
    graph: &Graph,
    token: &AccessToken,
) -> Vec<AtMeta> {
    let Some(user) = GraphId::parse(user) else { return Vec::new() };
    let mut failure = None;
    // The ids do not say whose they are; a page's token sees both.
    for platform in ["instagram", "messenger"] {
        match graph.conversation(platform, &user, token).await {
            Ok(nodes) if !nodes.is_empty() => {
                let at_that_time = nodes.into_iter().filter(|node| is_within(question, node));
                let said = at_that_time.map(|node| {
                    let was_received = received.contains(node.id.as_str());
                    AtMeta::there(node, was_received)
                });
                return said.collect();
            }
            Ok(_) => {}
            Err(error) => failure = failure.or_else(|| Some(chain(&error))),
        }
    }
    failure.into_iter().map(|failure| AtMeta::unknown(None, failure)).collect()
}

/// Whether it was sent in the period; Meta writes `2026-11-21T18:30:00+0000`.
fn is_within(question: &Question, node: &Node) -> bool {
    let created = node.created.as_ref().map(|created| created.replace("+0000", "Z"));
    created.and_then(|created| Millis::parse(&created)).is_none_or(|created| question.period.has(created))
}

impl AtMeta {
    fn there(node: Node, was_received: bool) -> Self {
        let Node { id, created } = node;
        Self { id: Some(id), state: State::There, created, was_received, error: None }
    }

    fn unknown(id: Option<String>, error: String) -> Self {
        Self { id, state: State::Unknown, created: None, was_received: false, error: Some(error) }
    }
}
