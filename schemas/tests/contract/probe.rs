//! For each kind, the member of its data that matters most: where it stands, and how the model gives it.

use schemas::Kind;
use schemas::data::Data;
use schemas::data::messaging::Messaging;
use serde_json::Value;

/// Where in `data` the member stands that matters most to a kind, and how its model gives it.
pub(crate) type Probe = (&'static str, fn(&Data<'_>) -> Option<String>);

#[expect(clippy::too_many_lines, reason = "one row for each kind")]
pub(crate) fn probe(kind: Kind) -> Probe {
    match kind {
        Kind::Message
        | Kind::MessageEcho
        | Kind::MessageDeleted
        | Kind::MessageUnsupported
        | Kind::StoryMention => ("/message/mid", |data| item(data)?.message.clone()?.mid),
        Kind::MessageEdited => ("/message_edit/num_edit", |data| {
            item(data)?.message_edit.clone()?.num_edit.map(|number| number.to_string())
        }),
        Kind::ReactionAdded | Kind::ReactionRemoved => {
            ("/reaction/mid", |data| item(data)?.reaction.clone()?.mid)
        }
        Kind::Postback => ("/postback/title", |data| item(data)?.postback.clone()?.title),
        Kind::Referral => ("/referral/source", |data| item(data)?.referral.clone()?.source),
        Kind::Optin => ("/optin/notification_messages_token", |data| {
            item(data)?.optin.clone()?.notification_messages_token
        }),
        Kind::AccountLinking => {
            ("/account_linking/status", |data| item(data)?.account_linking.clone()?.status)
        }
        Kind::GamePlay => ("/game_play/player_id", |data| item(data)?.game_play.clone()?.player_id),
        Kind::Feedback => {
            ("/messaging_feedback/feedback_screens/0/questions/how_did_we_do/payload", |data| {
                let feedback = item(data)?.messaging_feedback.clone()?;
                feedback.feedback_screens.first()?.questions.get("how_did_we_do")?.payload.clone()
            })
        }
        Kind::ResponseFeedback => {
            ("/response_feedback/feedback", |data| item(data)?.response_feedback.clone()?.feedback)
        }
        Kind::Order => {
            ("/order/products/0/id", |data| item(data)?.order.clone()?.products.first()?.id.clone())
        }
        Kind::Payment => ("/payment/amount/amount", |data| item(data)?.payment.clone()?.amount?.amount),
        Kind::CheckoutUpdate => ("/checkout_update/shipping_address/street1", |data| {
            item(data)?.checkout_update.clone()?.shipping_address?.street1
        }),
        Kind::PreCheckout => ("/pre_checkout/requested_user_info/contact_name", |data| {
            item(data)?.pre_checkout.clone()?.requested_user_info?.contact_name
        }),
        Kind::BrandedCamera => ("/branded_camera/content_ids/0", |data| {
            item(data)?.branded_camera.clone()?.content_ids.first().cloned()
        }),
        Kind::ThreadPassed => ("/pass_thread_control/new_owner_app_id", |data| {
            item(data)?.pass_thread_control.clone()?.new_owner_app_id
        }),
        Kind::ThreadTaken => ("/take_thread_control/new_owner_app_id", |data| {
            item(data)?.take_thread_control.clone()?.new_owner_app_id
        }),
        Kind::ThreadRequested => ("/request_thread_control/requested_owner_app_id", |data| {
            item(data)?.request_thread_control.clone()?.requested_owner_app_id
        }),
        Kind::ThreadMetadata => {
            ("/pass_thread_metadata/metadata", |data| item(data)?.pass_thread_metadata.clone()?.metadata)
        }
        Kind::ReceiptRead => ("/read/watermark", |data| {
            item(data)?.read.clone()?.watermark.map(|time| time.as_millis().to_string())
        }),
        Kind::ReceiptDelivered => ("/delivery/watermark", |data| {
            item(data)?.delivery.clone()?.watermark.map(|time| time.as_millis().to_string())
        }),
        Kind::PolicyEnforcement => {
            ("/policy_enforcement/action", |data| item(data)?.policy_enforcement.clone()?.action)
        }
        Kind::AppRoles => ("/app_roles/567907831427113/0", |data| {
            item(data)?.app_roles.get("567907831427113")?.first().cloned()
        }),
        Kind::Comment | Kind::CommentLive => ("/from/username", comment_author),
        Kind::MentionComment | Kind::MentionCaption => ("/media_id", mentioned_media),
        Kind::StoryInsights => ("/taps_back", taps_back),
        Kind::Feed => {
            ("/verb", |data| if let Data::Feed(change) = data { change.verb.clone() } else { None })
        }
        Kind::PageMention => {
            ("/message", |data| if let Data::PageMention(it) = data { it.message.clone() } else { None })
        }
        Kind::Rating => {
            ("/item", |data| if let Data::Rating(rating) = data { rating.item.clone() } else { None })
        }
        Kind::Lead => {
            ("/leadgen_id", |data| if let Data::Lead(lead) = data { lead.leadgen_id.clone() } else { None })
        }
        Kind::TemplateStatus => ("/message_template_name", template_name),
        Kind::DashboardTest => ("/event_data/sender/username", test_sender),
        Kind::Unknown => ("/field", |data| {
            let Data::Unknown(json) = data else { return None };
            serde_json::from_str::<Value>(json.get()).ok()?.pointer("/field").and_then(text)
        }),
    }
}

/// The item of a messaging event.
pub(crate) fn item<'d>(data: &'d Data<'_>) -> Option<&'d Messaging> {
    if let Data::Messaging(item) = data { Some(item) } else { None }
}

fn comment_author(data: &Data<'_>) -> Option<String> {
    if let Data::Comment(comment) = data { comment.from.clone()?.username } else { None }
}

fn mentioned_media(data: &Data<'_>) -> Option<String> {
    if let Data::Mention(mention) = data { mention.media_id.clone() } else { None }
}

fn taps_back(data: &Data<'_>) -> Option<String> {
    if let Data::StoryInsights(insights) = data {
        insights.taps_back.map(|taps| taps.to_string())
    } else {
        None
    }
}

fn template_name(data: &Data<'_>) -> Option<String> {
    if let Data::TemplateStatus(template) = data { template.message_template_name.clone() } else { None }
}

fn test_sender(data: &Data<'_>) -> Option<String> {
    if let Data::DashboardTest(test) = data { test.event_data.clone()?.sender?.username } else { None }
}

/// A string, or a number digit for digit.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
