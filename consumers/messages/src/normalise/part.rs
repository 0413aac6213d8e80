//! What is no message: reactions, postbacks, referrals, carts, opt-ins, thread control, receipts.

use schemas::data::messaging::{self, Lead};
use schemas::inbox::{LeadAnswer, Optin, Order, OrderProduct, Postback, Reaction, Receipt, Referral, Thread};

/// A reaction by name and emoji. One of the documents has the emoji where Meta has the name.
pub(super) fn reaction(reaction: messaging::Reaction) -> Reaction {
    let (name, misplaced) = match reaction.reaction {
        Some(word) if !word.is_ascii() => (None, Some(word)),
        name => (name, None),
    };
    Reaction { name, emoji: reaction.emoji.or(misplaced), message_id: reaction.mid }
}

pub(super) fn postback(postback: messaging::Postback) -> Postback {
    Postback { title: postback.title, payload: postback.payload, message_id: postback.mid }
}

/// Where a customer came from, with what they answered on the way.
pub(super) fn referral(referral: messaging::Referral, lead: Option<Box<Lead>>) -> Referral {
    let ad = referral.ads_context_data.unwrap_or_default();
    let product = referral.product.and_then(|product| product.id);
    Referral {
        reference: referral.reference,
        source: referral.source,
        kind: referral.kind,
        ad_id: referral.ad_id,
        ad_title: ad.ad_title,
        photo_url: ad.photo_url,
        video_url: ad.video_url,
        post_id: ad.post_id,
        product_id: product.or(ad.product_id),
        flow_id: ad.flow_id,
        referer_uri: referral.referer_uri,
        is_guest_user: referral.is_guest_user.then_some(true),
        lead: lead.map(|lead| answers(*lead)).unwrap_or_default(),
    }
}

fn answers(lead: Lead) -> Vec<LeadAnswer> {
    let answers = lead.data.into_iter();
    answers.map(|row| LeadAnswer { question: row.question, answer: row.answer }).collect()
}

/// A cart, product by product.
pub(super) fn order(order: messaging::Order) -> Order {
    let product = |product: messaging::OrderProduct| OrderProduct {
        id: product.id,
        retailer_id: product.retailer_id,
        name: product.name,
        unit_price: product.unit_price,
        currency: product.currency,
        quantity: product.quantity,
    };
    Order { products: order.products.into_iter().map(product).collect(), note: order.note }
}

/// Control of a thread that passed or was taken.
pub(super) fn thread(control: messaging::ThreadControl) -> Thread {
    Thread {
        previous_owner_app_id: control.previous_owner_app_id,
        new_owner_app_id: control.new_owner_app_id,
        metadata: control.metadata,
        ..Thread::default()
    }
}

pub(super) fn thread_request(request: messaging::ThreadRequest) -> Thread {
    Thread {
        requested_owner_app_id: request.requested_owner_app_id,
        metadata: request.metadata,
        ..Thread::default()
    }
}

pub(super) fn optin(optin: messaging::Optin) -> Optin {
    Optin {
        kind: optin.kind,
        reference: optin.reference,
        payload: optin.payload,
        title: optin.title,
        user_ref: optin.user_ref,
        token: optin.notification_messages_token,
        token_expires_at: optin.token_expiry_timestamp.map(|time| time.to_string()),
        token_status: optin.user_token_status,
        // Meta's pages and its deliveries differ in what stands between the words.
        status: optin.notification_messages_status.map(|words| words.replace(' ', "_")),
        frequency: optin.notification_messages_frequency,
        topic: optin.notification_messages_topic,
        timezone: optin.notification_messages_timezone,
        source: optin.source,
    }
}

/// Instagram names the message that was read, Messenger says up to when all were.
pub(super) fn read(read: messaging::Read) -> Receipt {
    Receipt {
        message_ids: read.mid.into_iter().collect(),
        watermark: read.watermark.map(|time| time.to_string()),
    }
}

pub(super) fn delivered(delivery: messaging::Delivery) -> Receipt {
    Receipt { message_ids: delivery.mids, watermark: delivery.watermark.map(|time| time.to_string()) }
}
