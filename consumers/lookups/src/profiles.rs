//! Looks up who the customers are that write: once, and again after a while. The topic of profiles is the memory.
//!
//! No message becomes a dead letter here: it is where it is, and who cannot be looked up is asked for again when they write
//! after a while, which grows with each failure. One lookup of a partition is under way at a time, which is enough since most messages need none.

mod customer;
mod known;

use crate::call::Wanted;
use crate::handler::{LookupContext, now};
use crate::lookup::WithoutToken;
use crate::pending_lookup::PendingLookup;
use crate::policy::NO_CONSENT;
use crate::settings::ProfileSettings;
pub(crate) use customer::Customer;
use known::KnownProfiles;
use runtime::consumer::{Failure, OffsetRange, Output, Record, StallExemption, Tail};
use runtime::throttle::Throttle;
use schemas::inbox::Platform;
use schemas::profile::{CustomerProfile, ProfileStatus};
use schemas::{Millis, Topic, raw};
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
use weir_graph::{LimitWaits, NoToken, Outcome, RefusalClass};

/// As [`NO_CONSENT`], which on a page means a missing permission, a reason for which no profile can be had.
const NOT_REACHABLE: &str = RefusalClass::NotReachable.as_str();
/// The reasons of an account without a token that Meta accepts, and of one at its limit: they say nothing of the customer, and cost no
/// call but that of the first one.
const OF_ACCOUNT: [&str; 3] = [NoToken::MISSING, NoToken::REFUSED, RefusalClass::Throttled.as_str()];

/// Looks customers up.
#[derive(Debug)]
pub(crate) struct Profiles {
    context: Arc<LookupContext>,
    settings: ProfileSettings,
    tail: Tail,
    topic: Arc<str>,
    /// Why customers are not looked up.
    log: Throttle,
}

/// A partition of messages.
#[derive(Debug)]
pub(crate) struct Partition {
    known: KnownProfiles,
    limit_waits: LimitWaits,
}

impl Profiles {
    pub(crate) fn new(
        context: Arc<LookupContext>,
        settings: ProfileSettings,
        tail: Tail,
        topic_prefix: &str,
    ) -> Self {
        let topic = Arc::from(Topic::Profiles.name(topic_prefix));
        Self { context, settings, tail, topic, log: Throttle::default() }
    }

    /// The profile of who sent a message, where it is not known and there is one.
    pub(crate) async fn look_up(
        &self,
        partition: &mut Partition,
        record: &Record,
        waits: &StallExemption,
    ) -> Result<Vec<Output>, Failure> {
        let Some(customer) = Customer::of(record) else { return Ok(Vec::new()) };
        let key = customer.key();
        if partition.known.is_fresh(&key, record.offset, seconds()) {
            self.context.client.metrics.profile("known");
            return Ok(Vec::new());
        }
        let Some(value) = self.ask(partition, &customer, record, waits).await? else { return Ok(Vec::new()) };
        // It is known from now on, but for the same record: its profile may not have been published.
        partition.known.note(&key, record.offset, seconds());
        let headers = vec![("content-type".into(), raw::CONTENT_TYPE.into())];
        Ok(vec![Output { topic: Arc::clone(&self.topic), key: Some(key.into_bytes()), value, headers }])
    }

    async fn ask(
        &self,
        partition: &mut Partition,
        customer: &Customer,
        record: &Record,
        waits: &StallExemption,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut pending = self.begin(customer, record);
        let client = &self.context.client;
        let account = &customer.account;
        let found =
            client.await_lookup(&mut pending, account, &mut partition.limit_waits, record, waits).await;
        match found {
            Ok(Outcome::Found(answer)) => Ok(Some(self.profile(customer, Some(&answer)))),
            Ok(Outcome::Gone(_)) | Err(Failure::Reject { reason: NOT_REACHABLE, .. }) => {
                Ok(Some(self.profile(customer, None)))
            }
            Err(Failure::Reject { reason: NO_CONSENT, .. }) if customer.platform == Platform::Instagram => {
                Ok(Some(self.profile(customer, None)))
            }
            Err(Failure::Reject { reason, error } | Failure::RejectUncounted { reason, error }) => {
                self.context.client.metrics.profile("failed");
                self.log_failure(record, reason, &error);
                if !OF_ACCOUNT.contains(&reason) {
                    partition.known.note_failed(&customer.key(), seconds());
                }
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    fn begin(&self, customer: &Customer, record: &Record) -> PendingLookup<Outcome> {
        let (context, account) = (Arc::clone(&self.context), customer.account.clone());
        let (asked, wanted) =
            (customer.relative_url(&context.client.version), Wanted::Profile(customer.clone()));
        // Whoever writes to an account without a token holds nobody else's message.
        let without = WithoutToken::DeadLetter;
        PendingLookup::begin(record, async move |status| {
            let looked_up = context.client.look_up(&account, &asked, &status, without, wanted).await;
            looked_up.map(|(outcome, begun)| (outcome, Some(begun)))
        })
    }

    /// The value of the profile's record.
    fn profile(&self, customer: &Customer, answer: Option<&RawValue>) -> Vec<u8> {
        let status = if answer.is_some() { ProfileStatus::Found } else { ProfileStatus::Unavailable };
        self.context.client.metrics.profile(status.as_str());
        let profile = CustomerProfile {
            account: customer.account.as_str().into(),
            user: customer.user.as_str().into(),
            platform: customer.platform.into(),
            status: status.into(),
            at: now().into(),
            profile: answer,
        };
        serde_json::to_vec(&profile).expect("a profile is made of strings and JSON")
    }

    /// A partition of messages, with whom its former owners asked for: the profiles have the same keys.
    pub(crate) async fn restore(&self, first: &Record) -> Result<Partition, Failure> {
        let (messages, profiles) = (Arc::clone(&first.topic), Arc::clone(&self.topic));
        let (partition, now) = (first.partition, seconds());
        let (mut known, most) = (KnownProfiles::new(&self.settings), self.settings.profile_cache as u64);
        let read = self.tail.read(move |reader| {
            let (inputs, outputs) = (reader.partitions(&messages)?, reader.partitions(&profiles)?);
            // With another number of partitions a key can be in any.
            let partitions = if inputs == outputs { vec![partition] } else { (0..outputs).collect() };
            let range = OffsetRange { topic: &profiles, partitions: &partitions, most, before: None };
            reader.each(&range, |record| known.take(record, now))?;
            Ok(known)
        });
        let known = read.await.map_err(|error| Failure::of_kafka(&error))?;
        Ok(Partition { known, limit_waits: LimitWaits::default() })
    }

    fn log_failure(&self, record: &Record, reason: &str, error: &str) {
        if let Some(suppressed) = self.log.pass(Instant::now()) {
            let (partition, offset) = (record.partition, record.offset);
            tracing::warn!(partition, offset, reason, error, suppressed, "a customer could not be looked up");
        }
    }
}

fn seconds() -> u64 {
    Millis::of(SystemTime::now()).as_secs()
}

#[cfg(test)]
mod tests;
