//! What is no message: reactions, postbacks, referrals, carts, opt-ins, thread control, receipts.

use schemas::data::messaging::{self, Lead};
use schemas::inbox::{LeadAnswer, Optin, Order, OrderProduct, Postback, Reaction, Receipt, Referral, Thread};

/// A reaction by name and emoji. One of the documents has the emoji where Meta has the name.
pub(super) fn reaction(reaction: &messaging::Reaction) -> Reaction {
    let (name, misplaced) = match &reaction.reaction {
        Some(word) if !word.is_ascii() => (None, Some(word.clone())),
        name => (name.clone(), None),
    };
    Reaction { name, emoji: reaction.emoji.clone().or(misplaced), message_id: reaction.mid.clone() }
}

pub(super) fn postback(postback: &messaging::Postback) -> Postback {
    Postback {
        title: postback.title.clone(),
        payload: postback.payload.clone(),
        message_id: postback.mid.clone(),
    }
}

/// Where a customer came from, with what they answered on the way.
pub(super) fn referral(referral: &messaging::Referral, lead: Option<&Lead>) -> Referral {
    let ad = referral.ads_context_data.clone().unwrap_or_default();
    let product = referral.product.as_ref().and_then(|product| product.id.clone());
    Referral {
        reference: referral.reference.clone(),
        source: referral.source.clone(),
        kind: referral.kind.clone(),
        ad_id: referral.ad_id.clone(),
        ad_title: ad.ad_title,
        photo_url: ad.photo_url,
        video_url: ad.video_url,
        post_id: ad.post_id,
        product_id: product.or(ad.product_id),
        flow_id: ad.flow_id,
        referer_uri: referral.referer_uri.clone(),
        is_guest_user: referral.is_guest_user.then_some(true),
        lead: lead.map(answers).unwrap_or_default(),
    }
}

fn answers(lead: &Lead) -> Vec<LeadAnswer> {
    let answers = lead.data.iter();
    answers.map(|row| LeadAnswer { question: row.question.clone(), answer: row.answer.clone() }).collect()
}

/// A cart, product by product.
pub(super) fn order(order: &messaging::Order) -> Order {
    let product = |product: &messaging::OrderProduct| OrderProduct {
        id: product.id.clone(),
        retailer_id: product.retailer_id.clone(),
        name: product.name.clone(),
        unit_price: product.unit_price,
        currency: product.currency.clone(),
        quantity: product.quantity,
    };
    Order { products: order.products.iter().map(product).collect(), note: order.note.clone() }
}

/// Control of a thread that passed or was taken.
pub(super) fn thread(control: &messaging::ThreadControl) -> Thread {
    Thread {
        previous_owner_app_id: control.previous_owner_app_id.clone(),
        new_owner_app_id: control.new_owner_app_id.clone(),
        metadata: control.metadata.clone(),
        ..Thread::default()
    }
}

pub(super) fn thread_request(request: &messaging::ThreadRequest) -> Thread {
    Thread {
        requested_owner_app_id: request.requested_owner_app_id.clone(),
        metadata: request.metadata.clone(),
        ..Thread::default()
    }
}

pub(super) fn optin(optin: &messaging::Optin) -> Optin {
    Optin {
        kind: optin.kind.clone(),
        reference: optin.reference.clone(),
        payload: optin.payload.clone(),
        title: optin.title.clone(),
        user_ref: optin.user_ref.clone(),
        token: optin.notification_messages_token.clone(),
        token_expires_at: optin.token_expiry_timestamp.map(|time| time.to_string()),
        token_status: optin.user_token_status.clone(),
        // Meta's pages and its deliveries differ in what stands between the words.
        status: optin.notification_messages_status.as_ref().map(|words| words.replace(' ', "_")),
        frequency: optin.notification_messages_frequency.clone(),
        topic: optin.notification_messages_topic.clone(),
        timezone: optin.notification_messages_timezone.clone(),
        source: optin.source.clone(),
    }
}

/// Instagram names the message that was read, Messenger says up to when all were.
pub(super) fn read(read: &messaging::Read) -> Receipt {
    Receipt {
        message_ids: read.mid.iter().cloned().collect(),
        watermark: read.watermark.map(|time| time.to_string()),
    }
}

pub(super) fn delivered(delivery: &messaging::Delivery) -> Receipt {
    Receipt { message_ids: delivery.mids.clone(), watermark: delivery.watermark.map(|time| time.to_string()) }
}
