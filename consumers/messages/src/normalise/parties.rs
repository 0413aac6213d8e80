//! Who did it, and to whom.

use schemas::data::messaging::Messaging;
use schemas::inbox::{Direction, EventName};

/// The two sides of a record: the account and the customer, in the order of what happened.
pub(super) struct Parties {
    pub(super) direction: Option<Direction>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

impl Parties {
    /// Reads them from an item of `account` whose kind calls it `name`. Meta itself swaps sender and recipient in some echoes,
    /// and names another id than the account's in others; the record names the account in either case.
    pub(super) fn of(item: &Messaging, account: Option<&str>, name: EventName) -> Self {
        let direction = direction(item, account, name);
        let is_account = |id: &str| Some(id) == account;
        let customer = item.customer(account, direction == Some(Direction::Outgoing));
        let (from, to) = match direction {
            Some(Direction::Outgoing) => (account.or(item.sender_id()), customer),
            // The entry is named for the customer.
            Some(Direction::Incoming) if item.sender_id().is_some_and(is_account) => {
                (item.sender_id(), item.recipient_id())
            }
            Some(Direction::Incoming) => (customer, account.or(item.recipient_id())),
            None => (item.sender_id(), item.recipient_id()),
        };
        Self { direction, from: from.map(str::to_owned), to: to.map(str::to_owned) }
    }

    pub(super) fn is_outgoing(&self) -> bool {
        self.direction == Some(Direction::Outgoing)
    }
}

fn direction(item: &Messaging, account: Option<&str>, name: EventName) -> Option<Direction> {
    let is_account = |id: Option<&str>| id.is_some() && id == account;
    let (sender, recipient) = (item.sender_id(), item.recipient_id());
    if is_of_apps(name) {
        return None;
    }
    if name == EventName::MessageSent || is_flagged_as_own(item) {
        return Some(Direction::Outgoing);
    }
    // In samples of Meta's the entry has the customer's id.
    let is_entry_of_customer = is_of_customers(name) && recipient.is_some() && !is_account(recipient);
    if is_account(sender) && !is_entry_of_customer {
        return Some(Direction::Outgoing);
    }
    if sender.is_some() {
        return Some(Direction::Incoming);
    }
    // An edit may name its recipient alone.
    account.and(recipient)?;
    Some(if is_account(recipient) { Direction::Incoming } else { Direction::Outgoing })
}

/// What only customers do, unless Meta says that the account tests itself.
const fn is_of_customers(name: EventName) -> bool {
    matches!(
        name,
        EventName::PostbackReceived
            | EventName::ReferralReceived
            | EventName::OrderReceived
            | EventName::OptinReceived
    )
}

/// What apps do to a conversation, whichever side the item names as its sender.
const fn is_of_apps(name: EventName) -> bool {
    matches!(name, EventName::ThreadPassed | EventName::ThreadTaken | EventName::ThreadRequested)
}

/// Whether Meta says that the account sent it, to a customer or to itself.
fn is_flagged_as_own(item: &Messaging) -> bool {
    item.is_self || item.message.as_ref().is_some_and(|message| message.is_echo || message.is_self)
}
