//! What the simulator was told, what it was asked, and how it answers.

use crate::app::Apps;
use crate::behaviour::{Answered, Behaviour};
use crate::request::Asked;
use crate::{batch, nodes};
use hyper::Method;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Calls that are remembered; older ones are forgotten.
const REMEMBERED: usize = 100_000;

/// What it was told to be and to do, and what it was asked.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) calls: VecDeque<Asked>,
    pub(super) posts: VecDeque<Asked>,
    pub(super) requests: usize,
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
    pub(super) apps: Apps,
}

impl World {
    /// How to answer a request: badly where its token, its batch or one of its ids says so, else as documented.
    pub(super) fn answer(&mut self, asked: &Asked) -> Behaviour {
        self.requests += 1;
        if let Some((behaviour, percent)) = &self.partly
            && drawn() % 100 < *percent
        {
            let behaviour = behaviour.clone();
            if asked.batch().is_none() {
                self.remember(asked);
            }
            return behaviour;
        }
        let Some(batch) = asked.batch() else { return self.answer_one(asked) };
        let told = self.batches.clone().or_else(|| self.refusal(asked));
        told.unwrap_or_else(|| Behaviour::of(batch::answer(batch, asked, self)))
    }

    /// As [`Self::answer`], for one call or one item of a batch.
    pub(super) fn answer_one(&mut self, asked: &Asked) -> Behaviour {
        self.remember(asked);
        if let Some(told) = self.refusal(asked).or_else(|| self.scripted(asked)) {
            return told;
        }
        Behaviour::of(self.apps.answer(asked).unwrap_or_else(|| match asked.method {
            Method::GET => nodes::read(asked),
            Method::POST => done(asked),
            Method::DELETE => Ok(json!({ "success": true })),
            _ => Err(Behaviour::error(100, None)),
        }))
    }

    fn refusal(&self, asked: &Asked) -> Option<Behaviour> {
        match &asked.token {
            None => Some(Behaviour::error(190, None)),
            Some(token) => self.refused.contains(token).then(|| Behaviour::error(190, Some(463))),
        }
    }

    fn scripted(&mut self, asked: &Asked) -> Option<Behaviour> {
        let id = asked.words().into_iter().find(|id| self.scripts.contains_key(id))?;
        let (behaviour, times) = self.scripts.get_mut(&id)?;
        let behaviour = behaviour.clone();
        let is_over = times.as_mut().is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if is_over {
            self.scripts.remove(&id);
        }
        Some(behaviour)
    }

    fn remember(&mut self, asked: &Asked) {
        let reads = [Method::GET, Method::HEAD].contains(&asked.method);
        let queue = if reads { &mut self.calls } else { &mut self.posts };
        if queue.len() == REMEMBERED {
            queue.pop_front();
        }
        queue.push_back(asked.clone());
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

/// The standard library seeds each `RandomState` differently, which saves a dependency.
pub(super) fn drawn() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(super) fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}
