//! Who did it, and to whom.

use schemas::data::messaging::Messaging;
use schemas::inbox::Direction;

/// The two sides of a record: the account and the customer, in the order of what happened.
pub(super) struct Parties {
    pub(super) direction: Option<Direction>,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

impl Parties {
    /// Reads them from an item of `account`. Meta itself swaps sender and recipient in some echoes, and names another
    /// id than the account's in others; the record names the account in either case.
    pub(super) fn of(item: &Messaging, account: Option<&str>, is_echo: bool) -> Self {
        let direction = direction(item, account, is_echo);
        let customer = item.customer(account, direction == Some(Direction::Outgoing));
        let (from, to) = match direction {
            Some(Direction::Outgoing) => (account.or(item.sender_id()), customer),
            Some(Direction::Incoming) => (customer, account.or(item.recipient_id())),
            None => (item.sender_id(), item.recipient_id()),
        };
        Self { direction, from: from.map(str::to_owned), to: to.map(str::to_owned) }
    }

    pub(super) fn is_outgoing(&self) -> bool {
        self.direction == Some(Direction::Outgoing)
    }
}

fn direction(item: &Messaging, account: Option<&str>, is_echo: bool) -> Option<Direction> {
    let is_account = |id: &str| Some(id) == account;
    if is_echo || is_flagged_as_own(item) || item.sender_id().is_some_and(is_account) {
        return Some(Direction::Outgoing);
    }
    if item.sender_id().is_some() {
        return Some(Direction::Incoming);
    }
    // An edit may name its recipient alone.
    let recipient = account.and(item.recipient_id())?;
    Some(if is_account(recipient) { Direction::Incoming } else { Direction::Outgoing })
}

/// Whether Meta says that the account sent it, to a customer or to itself.
fn is_flagged_as_own(item: &Messaging) -> bool {
    item.is_self || item.message.as_ref().is_some_and(|message| message.is_echo || message.is_self)
}
