//! What the simulator was told, what it was asked, and how it answers.

use crate::app::Apps;
use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use crate::{batch, nodes};
use hyper::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls that are remembered; older ones are forgotten.
const REMEMBERED: usize = 100_000;

/// A read that the simulator was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCall {
    /// Path and query without the leading slash, percent-decoded, without token and proof.
    pub relative_url: String,
    /// The token, where there was one.
    pub token: Option<String>,
    /// `appsecret_proof`, where there was one.
    pub proof: Option<String>,
}

/// Something that the simulator was told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// `POST` or `DELETE`.
    pub method: String,
    /// Path and query without the leading slash, percent-decoded, without token and proof.
    pub relative_url: String,
    /// The parameters of the body.
    pub parameters: Value,
    /// The token, where there was one.
    pub token: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) memory: Mutex<Memory>,
    pub(super) orders: Mutex<Orders>,
    apps: Mutex<Apps>,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) calls: VecDeque<SeenCall>,
    pub(super) posts: VecDeque<Post>,
    pub(super) requests: usize,
}

#[derive(Debug, Default)]
pub(super) struct Orders {
    /// By id: the behaviour, and for how many calls more.
    pub(super) scripts: BTreeMap<String, (Behaviour, Option<usize>)>,
    pub(super) batches: Option<Behaviour>,
    /// Of so many percent of all requests.
    pub(super) partly: Option<(Behaviour, u64)>,
    pub(super) refused: BTreeSet<String>,
    pub(super) usage: Vec<(String, String)>,
    /// How long every answer takes.
    pub(super) delay: Duration,
    /// Where the callbacks of a host lead.
    pub(super) callbacks: BTreeMap<String, SocketAddr>,
}

impl World {
    /// What is known of apps, their installs and tokens.
    pub(super) fn apps(&self) -> MutexGuard<'_, Apps> {
        lock(&self.apps)
    }

    pub(super) fn usage(&self) -> Vec<(String, String)> {
        lock(&self.orders).usage.clone()
    }

    /// How to answer a request: badly where its token, its batch or one of its ids says so, else as documented.
    pub(super) fn answer(&self, asked: &Asked) -> Behaviour {
        lock(&self.memory).requests += 1;
        if let Some(behaviour) = self.partly() {
            if asked.batch().is_none() {
                self.remember(asked);
            }
            return behaviour;
        }
        let Some(batch) = asked.batch() else { return self.answer_one(asked) };
        let told = lock(&self.orders).batches.clone();
        told.or_else(|| self.refusal(asked.token.as_deref()))
            .unwrap_or_else(|| Behaviour::of(batch::answer(batch, asked, self)))
    }

    /// What a part of all requests is answered, where this one is of them.
    fn partly(&self) -> Option<Behaviour> {
        let (behaviour, percent) = lock(&self.orders).partly.clone()?;
        // The standard library seeds each `RandomState` differently, which saves a dependency.
        (RandomState::new().build_hasher().finish() % 100 < percent).then_some(behaviour)
    }

    /// As [`Self::answer`], for one call or one item of a batch.
    pub(super) fn answer_one(&self, asked: &Asked) -> Behaviour {
        self.remember(asked);
        let refusal = self.refusal(asked.token.as_deref());
        if let Some(told) = refusal.or_else(|| self.scripted(&asked.words())) {
            return told;
        }
        let of_apps = self.apps().answer(asked);
        Behaviour::of(of_apps.unwrap_or_else(|| match asked.method {
            Method::GET => nodes::read(asked),
            Method::POST => done(asked),
            Method::DELETE => Ok(json!({ "success": true })),
            _ => Err(Behaviour::error(100, None)),
        }))
    }

    fn refusal(&self, token: Option<&str>) -> Option<Behaviour> {
        match token {
            None => Some(Behaviour::error(190, None)),
            Some(token) => {
                lock(&self.orders).refused.contains(token).then(|| Behaviour::error(190, Some(463)))
            }
        }
    }

    fn scripted(&self, ids: &[String]) -> Option<Behaviour> {
        let mut orders = lock(&self.orders);
        let id = ids.iter().find(|id| orders.scripts.contains_key(*id))?;
        let (behaviour, times) = orders.scripts.get_mut(id)?;
        let behaviour = behaviour.clone();
        let is_over = times.as_mut().is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if is_over {
            orders.scripts.remove(id);
        }
        Some(behaviour)
    }

    fn remember(&self, asked: &Asked) {
        let mut memory = lock(&self.memory);
        let (relative_url, token) = (asked.relative_url.clone(), asked.token.clone());
        if asked.method == Method::GET {
            let proof = asked.proof.clone();
            push(&mut memory.calls, SeenCall { relative_url, token, proof });
        } else {
            let (method, parameters) = (asked.method.to_string(), asked.parameters.clone());
            push(&mut memory.posts, Post { method, relative_url, parameters, token });
        }
    }
}

/// What Meta answers to what was done, in the form of the documents' samples.
fn done(asked: &Asked) -> Answered {
    let edge = asked.path().rsplit('/').next().unwrap_or_default();
    let is_id = !edge.is_empty() && edge.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    Ok(match edge {
        "messages" if asked.parameters.get("sender_action").is_some() => {
            json!({ "recipient_id": asked.parameters.pointer("/recipient/id") })
        }
        "messages" => json!({
            "recipient_id": asked.parameters.pointer("/recipient/id").cloned().unwrap_or_else(|| "1".into()),
            "message_id": "aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3"
        }),
        "mentions" | "replies" | "comments" => json!({ "id": "17911496353086895" }),
        "pass_thread_control"
        | "take_thread_control"
        | "request_thread_control"
        | "release_thread_control"
        | "likes" => json!({ "success": true }),
        _ if is_id => json!({ "success": true }),
        _ => return Err(Behaviour::error(100, None)),
    })
}

fn push<T>(queue: &mut VecDeque<T>, one: T) {
    if queue.len() == REMEMBERED {
        queue.pop_front();
    }
    queue.push_back(one);
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
