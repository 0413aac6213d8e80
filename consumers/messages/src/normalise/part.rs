//! What is no message: reactions, postbacks, referrals.

use schemas::data::messaging::{self, Lead};
use schemas::inbox::{LeadAnswer, Postback, Reaction, Referral};

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
