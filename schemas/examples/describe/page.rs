//! The page for people: a section a topic, and in it one a kind, with samples out of the fixtures.

use crate::content::{Content, PREFIX, kept, order, sentence, source};
use crate::dead_letter;
use crate::{layout, sample};
use schemas::{Kind, Topic, TopicSpec};
use std::fmt::Write as _;

const HEAD: &str = "\
<!-- Generated: cargo run -p weir-schemas --example describe -->

# Events

What Weir publishes, topic by topic. Every name begins with the setting `--topic-prefix`, here `meta`; partitions are 12
where nothing else is set, and a change of their number moves keys.
";

const RULES: &str = r#"
## How to read them

    kcat -b localhost:9092 -C -q -t meta.messages.v1 -o beginning | jq -R 'fromjson? // .'

A typed event is one CloudEvents 1.0 JSON object ([envelope.v1.json](../schemas/json/envelope.v1.json)); its headers `ce_id` and `ce_type` say
again what it is, so that you can pass over what you do not want without parsing it:

    kcat -b localhost:9092 -C -q -t meta.messages.v1 -f '%h %k\n'

- **`data` is Meta's own item, unchanged.** `type` is `com.meta.{metaobject}.{kind}.v1`; the schema of `data` is `schemas/json/{kind}.v1.json`. It
  names the types that Meta is known to send; Meta may send others at any time, so take a member of another type for one that is absent. The envelope
  around `data`, the inbox and `lookup` are Weir's own: their types are kept.
- **`id` is the same whenever the event is**: over Meta's retries, over replays. Deduplicate by it; the inbox is deduplicated
  already, over crashes and restarts too, but for the cases that [0070](adr/0070-the-inbox-is-the-memory-of-the-messages.md) names.
  One thing that comes with two keys has one `id` and may be in the inbox twice: an edit with and without its sender, a comment with and without its media. Two things
  share an `id` where Meta leaves out what tells them apart, and the second is not in the inbox: edits of a message without `num_edit`, reactions to one without `timestamp`,
  receipts with one `watermark` that name other messages.
- **A replay and a dead letter that is put back bring an event again**, behind newer ones: the header `ce_replay` or `weir_dlq_attempts` marks it, and what is made of
  it in the inbox, enriched and on `meta.media.v1`.
- **A key is `{account}` alone where the event names no user, media or post**, and there is none (nor a `subject`) where it names no account.
- **Order is that of a key**, and it is the order in which Weir received the events. After an outage, what waited in the spool comes behind newer events, and
  Meta may deliver late: order by `time`, which is when it happened.
- **Ids are strings in what Weir writes.** In `data` they are what Meta sent: mostly strings, sometimes numbers beyond 2^53, which JavaScript's `JSON.parse` rounds
  and so does jq 1.6 (1.7 where it computes with them).
- **A number in `data` may be beyond every type**, and so in `payload` of an attachment: `1e400` is valid JSON, and nothing that Meta signed is refused or changed for it.
  Python's `json.loads` makes `inf` of it and JavaScript's `JSON.parse` `Infinity`, which they write as `Infinity`, which is no JSON, and as `null`; jq 1.6 makes it the largest number that it
  has; Go's `json.Unmarshal` and Rust's `serde_json` end with an error unless that member is a `json.RawMessage` or `RawValue`. Read as numbers only what you use,
  and take one that is not finite for one that is absent.
- **A string in `data` may end in half a character**: text that was cut at a length holds `\ud83d` without its second half. It is valid JSON, and Python's
  `json.loads` and JavaScript's `JSON.parse` read it, but Pydantic's own parser (`model_validate_json`, `from_json`) refuses the whole record: call
  `Event.model_validate(json.loads(record.value()))`. Before such a text is written as UTF-8, replace what is left of the character:
  `text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")`, in JavaScript `text.toWellFormed()`. In the inbox's texts it is replaced already; an id or
  a link with one is null there. jq 1.6 ends at such a record, and shows none that follow: with `-R 'fromjson? // .'` it reads line by line, and shows as a string
  what it cannot read. `weir tail` shows all of them.
- **A name in an object of `data` may be given twice**, and so in `payload` of an attachment, which is Meta's as it came. The last one counts, for kind, key and `id` too, as in most parsers; one that refuses such objects is
  not fit for `data`.
- **Pass over what you do not know.** Members, words, kinds and topics may be added to v1 at any time; nothing is taken away from it.
- **The dashboard's test button** sends events too: `metatest` is true where they can be told.

CloudEvents SDKs read the records as they are: raw ones in binary mode, typed ones in structured mode, as their content types say. Python's
`from_kafka` goes by the names of headers instead and takes typed records for binary ones: call `from_structured_event`.

Programs to begin with are in [examples](../examples), in Python and TypeScript with models generated from the schemas, in Go and in Java: subscribers, and what writes
a command and waits for its result. For other languages there is [asyncapi.yaml](../schemas/asyncapi.yaml). `weir events FILE` shows what a delivery becomes,
`weir schema KIND` prints a schema.
"#;

/// The whole page.
pub(crate) fn document() -> String {
    let mut text = HEAD.to_owned();
    overview(&mut text);
    text.push_str(RULES);
    for topic in Topic::ALL {
        section(topic, &mut text);
    }
    text
}

/// Writing into a string cannot fail.
macro_rules! add {
    ($text:expr, $($words:tt)*) => { writeln!($text, $($words)*).unwrap_or_default() };
}

fn overview(text: &mut String) {
    add!(text, "\n| topic | key | kept | what |\n|---|---|---|---|");
    for topic in Topic::ALL {
        let (name, spec) = (topic.name(PREFIX), topic.spec());
        let link = anchor(&name);
        add!(text, "| [`{name}`](#{link}) | {} | {} | {} |", key(&spec), kept(&spec), spec.carries);
    }
}

fn section(topic: Topic, text: &mut String) {
    let (name, spec) = (topic.name(PREFIX), topic.spec());
    add!(text, "\n## `{name}`\n");
    add!(text, "{}\n", sentence(spec.carries));
    add!(text, "- **Key**: {}", key(&spec));
    add!(text, "- **Order**: {}", order(topic));
    add!(text, "- **Kept**: {}; records of at most {}", kept(&spec), largest(&spec));
    add!(text, "- **Subscribe**: {}", subscribe(topic, &name));
    match topic {
        Topic::Standby => standby(text),
        Topic::CommentsEnriched | Topic::MentionsEnriched => enriched(topic, text),
        _ => Content::of(topic).into_iter().for_each(|content| described(content, text)),
    }
}

fn key(spec: &TopicSpec) -> String {
    match spec.key {
        schemas::KeyRule::None => "none".to_owned(),
        schemas::KeyRule::Original => "that of the record".to_owned(),
        rule => rule.to_string().split(" or ").map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" or "),
    }
}

fn largest(spec: &TopicSpec) -> String {
    let bytes = spec.max_message_bytes(TopicSpec::DEFAULT_BODY_BYTES).unwrap_or(1 << 20);
    format!("{} MiB", bytes >> 20)
}

fn subscribe(topic: Topic, name: &str) -> String {
    let examples = match topic {
        Topic::Messages => "; [in TypeScript, Python, Go and Java](../examples)",
        Topic::Inbox => "; [python](../examples/python)",
        Topic::RepliesResults => "; [after a command, in Python, TypeScript, Java and Go](../examples)",
        _ => "",
    };
    // What the headers say is all there is to say of these.
    let shape = match Content::of(topic).first() {
        Some(Content::Delivery | Content::DeadLetter(_)) => r" -f '%h\n%s\n'",
        _ => "",
    };
    format!("`kcat -b localhost:9092 -C -q -t {name} -o beginning{shape}`{examples}")
}

/// The section of a sort of record, with a sample.
fn described(content: Content, text: &mut String) {
    match content {
        Content::Event(kind) => event(kind.kind, text),
        Content::Delivery => delivery(text),
        Content::Inbox(topic) => inbox(topic, text),
        Content::DeadLetter(topic) => text.push_str(&dead_letter::section(topic)),
        Content::Profile => profile(text),
        Content::Media => media(text),
        Content::Reply => reply(text),
        Content::ReplyResult => reply_result(text),
        // Its topic's own words say it already.
        Content::Enriched(_) => {}
    }
}

fn event(kind: Kind, text: &mut String) {
    let name = kind.as_str();
    add!(text, "\n### {name}\n");
    add!(
        text,
        "{} {}\n\nSchema of `data`: [{name}.v1.json](../schemas/json/{name}.v1.json); \
         deliveries: [fixtures/{name}](../schemas/fixtures/{name}).\n",
        sentence(kind.about()),
        kind.spec().details
    );
    json(&sample::event(kind.spec().sample), text);
}

fn standby(text: &mut String) {
    add!(
        text,
        "\nApart from the others, so that no bot answers a customer whom somebody else is talking to. The kinds are those"
    );
    add!(text, "of other topics, with `standby.` before their names:");
    let kinds = Content::of(Topic::Standby).into_iter().filter_map(|content| match content {
        Content::Event(kind) => Some(format!("[{}](#{})", kind.kind.as_str(), anchor(kind.kind.as_str()))),
        _ => None,
    });
    add!(text, "{}.\n", kinds.collect::<Vec<_>>().join(",\n"));
    json(&sample::event("standby.message/text"), text);
}

fn enriched(topic: Topic, text: &mut String) {
    let source = source(topic);
    let name = source.name(PREFIX);
    add!(
        text,
        "\nEvery event of [`{name}`](#{}) as it came, same `id`, key and headers, with one member more:\n",
        anchor(&name)
    );
    json(&sample::lookup(source), text);
    add!(
        text,
        "\n`status` is `found`, `gone` (the object is gone, or the account's token may not see it), or `skipped` with a `reason`."
    );
    add!(
        text,
        "`answer` is what the Graph API said, verbatim; `cached` says that it is an older answer. Where `media` is there, it is"
    );
    add!(
        text,
        "what was said of the post about an earlier comment on it, and `answer` names the post by its id alone. Schema:"
    );
    add!(text, "[enriched.v1.json](../schemas/json/enriched.v1.json).");
}

fn delivery(text: &mut String) {
    add!(
        text,
        "\nThe value is the bytes as received, so that the signature can be proven again; the headers are those of a binary"
    );
    add!(
        text,
        "CloudEvent: `ce_specversion`, `ce_id` (`deliveryid` of the typed events), `ce_type` `{}`,",
        schemas::raw::TYPE
    );
    add!(text, "`ce_source`, `ce_time` (receipt), `content-type`, `x-hub-signature-256`, `weir_app`.\n");
    json(&sample::delivery(Kind::Message.spec().sample), text);
}

fn inbox(topic: Topic, text: &mut String) {
    add!(
        text,
        "\n{} Schema: [inbox.v1.json](../schemas/json/inbox.v1.json). Headers: `content-type`,",
        Content::Inbox(topic).about()
    );
    add!(text, "`ce_id`, and `weir_event`, which is the member `event`.\n");
    if topic == Topic::Inbox {
        add!(text, "{ANSWERING}\n");
    }
    if topic == Topic::InboxComments {
        add!(text, "{ON_PAGES}\n");
    }
    let shown: &[&str] = match topic {
        Topic::InboxReceipts => &["receipt.read/instagram-seen"],
        Topic::InboxComments => &["comment/reply", "feed/comment-reply", "mention.comment/object-form"],
        _ => &["message/story-reply", "order/cart", "thread.passed/to-this-app"],
    };
    for fixture in shown {
        json(&sample::inbox(fixture), text);
    }
}

fn profile(text: &mut String) {
    add!(text, "\n{PROFILE}\n");
    json(&layout::lay_out(sample::PROFILE), text);
}

fn media(text: &mut String) {
    add!(text, "\n{MEDIA}\n");
    for record in sample::MEDIA {
        json(&layout::lay_out(record), text);
    }
}

fn reply(text: &mut String) {
    add!(text, "\n{REPLY}\n");
    for command in sample::REPLIES {
        json(&layout::lay_out(command), text);
    }
}

fn reply_result(text: &mut String) {
    add!(text, "\n{REPLY_RESULT}\n");
    for result in sample::REPLY_RESULTS {
        json(&layout::lay_out(result), text);
    }
}

const ANSWERING: &str = "\
A customer may be answered until the latest `window_ends_at` of the conversation, by the app that has control of the thread: `thread.passed`
and `thread.taken` say who that is. An edit that names nobody (`from` null, as Instagram sends most) has the key of the account alone:
`message.id` says which message it is of. Who the customer is stands on [`meta.profiles.v1`](#metaprofilesv1), under the same key. What became of
attachments, whose links die, stands on [`meta.media.v1`](#metamediav1): join by `event` and `url`. An attachment of a type that has no word here, such as
Meta's `appointment_booking`, is `unsupported`, and has `meta_type` and `payload`.";

const ON_PAGES: &str = "\
Comments on a page's posts are here where somebody runs `weir-messages --input feed`. They are made of the kind `feed`, where `item` is `comment` and
`verb` is `add`: `media_id` is the post, `media_type` is null, and `username` is the name that Facebook shows. Of a comment that is a
photo or a film alone `body` is null; where that is, `photo_url` or `video_url` says where Meta does, as long as the link lives: weir-media does not save it. What is edited, hidden or removed later is
not here but on [`meta.feed.v1`](#metafeedv1) alone, under the same key, and so are comments on reviews (`rating`). New mentions of a page (`page_mention`) are
`mention.received`, made by the same group, with `body` and `username` where Meta says them; one in a comment is answered by `comment_reply`.";

const PROFILE: &str = "\
Written where `--lookup-profiles on` has weir-lookups ask the Graph API: once for a customer who writes to the account, and again
when they write after `--profile-cache-for` (a day). `profile` is what it said, verbatim; Meta's fields for Instagram and Messenger differ, and
`profile_pic` is good for a few days alone: keep the picture, not its address. `unavailable` is an answer too: without the customer's consent, or
where they are gone, nobody may know who it is; `profile` is null then, also where it was known before.

Read the topic from its beginning into a table by key; a record without a value erases a customer from it
([how to erase](operations.md#erase-a-customer)). Headers: `content-type`. Schema: [profile.v1.json](../schemas/json/profile.v1.json).";

const MEDIA: &str = "\
Written by weir-media, which downloads before their links expire: of `meta.messages.v1` and `meta.standby.v1` what is attached, answered and mentioned (stories); of
the enriched topics `media_url` and `thumbnail_url` of what was found; of `meta.profiles.v1` the picture. What `meta.feed.v1` links to, the pictures of templates and of
ads (`referral`) are not saved, nor is anything of an unsent message (`message.deleted`), whatever Meta still says of it; what was saved before it was unsent stays.
There is one record for each link of an event, of the first 64, keyed as the event is.
`event` is the event's `id`, `url` the link as the inbox has it, `index` its place among the links of the event, each named once.
`saved` has the object's `key` below `--media-store`, its `sha256`, `bytes`, the type that the server `declared` and the one that the
bytes have (`sniffed`); the object is served as the latter, or as `application/octet-stream` where that is no picture, film or sound.
`gone` says that the link had died (`reason`: `http_403` and the like, or `expired` where it said so itself), `refused` that it leads where weir-media does not go (`reason`: `not_https`, `host`, `address`, `redirects`, …),
`too_large` that it is more than `--media-max-bytes` or the limit of its type, `failed` that it was tried for `--media-patience` without success while other links were answered (`timed_out`, `connection`; `page` where a page or a text came in place of a picture, film or sound), or that its host gave an answer that is none and does not pass (`http_204`, `http_401`). The same record may be written
again, with the same `id`: the latest counts, and a `saved` stands, however late the same event comes again. A profile's picture has no `event`.

Objects lie at `{account}/{user or media}/{sha256}`, the record of each link that was saved beside it (`{id}.json`), so that
[what was saved of one person](operations.md#erase-a-customer) is what lies below their prefix. Headers: `content-type`, `ce_id` (`id`),
`weir_status`. Schema: [media.v1.json](../schemas/json/media.v1.json).";

const REPLY: &str = "\
You write these; weir-replies carries them out, each at most once. The record's key is `{account}:{to}` where there is a `to`, else
`{account}:{media}`, or `{account}` alone where no media is named. Use the Java clients' partitioner; with librdkafka set
`partitioner=murmur2_random`. Otherwise the commands of one conversation can be in two partitions, without order. `id` is yours to choose, among those of the account: a second command of the same `account` and `id` is
not carried out, so that you may write one again when you do not know whether it arrived. They are remembered for an hour longer than `--reply-max-age`, which makes 25 hours unless it is set; a command
that comes again after that is sent again, unless its `not_after` has passed. So write the `not_after` of the first time into whatever may be written once more. `weir reply` writes one by hand. Schema:
[reply.v1.json](../schemas/json/reply.v1.json).

| action | members beside `id`, `account`, `not_after` |
|---|---|
| `message` | `to`; `text`, or `message`: Meta's message object, passed on as it is; `reply_to`: `{\"mid\": …}`, `messaging_type`, `tag`, `window_ends_at` |
| `sender_action` | `to`; `sender_action`: `typing_on`, `typing_off`, `mark_seen` |
| `reaction` | `to`, `message_id`; `reaction`, without which it is taken back |
| `mention_reply` | `media`, `text`; `comment` where a comment mentions you rather than a caption |
| `comment_reply` | `comment`, `text`; `media`, used only for the key |
| `private_reply` | `comment`; `text` or `message`; `media`, used only for the key |
| `comment_hide`, `comment_show`, `comment_delete` | `comment`; `media`, used only for the key |
| `comment_like`, `comment_unlike` | the same; of Instagram accounts those of Facebook Login alone may, with the permission `instagram_manage_engagement`; more than 50 in 5 seconds lock an account's likes for an hour, so that they wait beyond `--reply-likes` (20 a process) |
| `thread_pass` | `to`, `app_id`; `metadata` |
| `thread_take`, `thread_request`, `thread_release` | `to`; `metadata` of the first two |

A command is carried out as it says or refused: a member that its action does not have, one of another form (an id that is a
number), a text that is longer than Meta takes (1,000 bytes on Instagram, 2,000 characters on Messenger) and a record of another
key refuse it. What is null counts as absent; the schema, which has no nulls, is stricter there. Its result names the member and the form; write it anew, with another id. Without an `id` that can be read there
is a dead letter alone. A command is as old as its first record, however often it was put back from the dead letters.

`window_ends_at` is that of the conversation's newest inbox record that has one. With it a message is refused as `window_closed` once
Meta would surely refuse it, without a call, and the result names the tag that would do; without it Meta is asked.";

const REPLY_RESULT: &str = "\
Two records a command, mostly: `intended` before it is carried out, and then `done` with what the Graph API said, `refused` with the
reason (nothing was sent, and nothing will be: a corrected command needs another `id`; one from more than an hour in the future by the clock of weir-replies is `too_late`, too), or `unknown`: the command may have been
carried out, and is not sent again unless `--resend-unknown` says so; refused then, it stays `unknown`. Before a command waits for what a call came to (a limit, a host),
a second `intended` gives the attempt back, its `claim` `given_back:` and that of the first: nothing was done, and whoever begins it again writes another; the status stays what it says. One comes before `cut_off`, too. A command that comes again when it is older than
`--reply-max-age`, as after a reset of the group, has no other result than the topic has of it; where that is an `intended` alone, or the topic has more commands than `--remembered-commands`, it is `unknown`, `too_late`. What is refused before a call has no `intended`, unless it became too late while that was written, or an attempt at it was given back before. Each call behind which a command waits leaves two records; while its host is not reached, no further call is made. `done` has no
`answer` where Meta says by an error (1 with subcode 1357046) that it was sent, nor where the topic does not take it for its size. `reason` is `bad_command`, `unknown_action` or `wrong_key`
of what is no command, `too_late`, `token` and `no_token`, or what the call came to: `window_closed`, `not_reachable`, `thread_control`,
`permission`, `blocked` (the call itself, or those behind it of its account that would wait too long for the end of the block), `throttled`, `try_later`, `unreachable`, `redirected`, `gone`, `no_success`, `invalid_call`, and of unknown outcome `transient`, `unknown_code`,
`malformed_answer` (no answer of Meta's: that of a proxy, a gateway or a firewall, whatever its status), `answer_too_large`, `timed_out`, `interrupted`, `cut_off`; more may come. A second command of the same `account` and `id`
has no result of its own, whatever else is in it: the log of weir-replies says so, and `weir_replies_duplicates_total` counts it. Headers: `content-type`, `weir_command`, `weir_status`.
Schema: [reply.result.v1.json](../schemas/json/reply.result.v1.json).";

fn json(sample: &str, text: &mut String) {
    add!(text, "```json\n{sample}\n```");
}

/// How GitHub names the place of a heading.
fn anchor(heading: &str) -> String {
    heading.replace('.', "")
}
