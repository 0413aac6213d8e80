//! Makes of one declaration a kind all that the code needs to know of it.

/// Declares the kinds, in the order in which an item is compared with them. Of each:
///
/// - `about`: what happened, in a few words; `details`: what `data` is, what tells the kind, and which page of Meta's describes it;
/// - what tells it: a `member` of a messaging item, under one of its names; a `field` of a change; else the code in
///   `classify`, with the members of the item that it looks into in `decided_by`;
/// - `beside`: what else of the item the kind is known to come with;
/// - `page`, `instagram`: the fields of each object that it is subscribed to by; none of what is withdrawn or undescribed;
/// - its topic, natural key, model of `data`, the name of its inbox records, and the fixture that shows it best.
macro_rules! kinds {
    ($(
        $kind:ident = $word:literal {
            about: $about:literal,
            details: $details:literal,
            $(member: $($member:ident $name:literal)|+,)?
            $(decided_by: $($decided_by:literal)|+,)?
            $(field: $($field:literal)|+,)?
            $(beside: [$($beside:literal),*],)?
            $(page: [$($page:literal),+],)?
            $(instagram: [$($instagram:literal),+],)?
            topic: $topic:ident, natural_key: $key:ident, data: $data:ident, inbox: $inbox:expr, sample: $sample:literal,
        }
    )*) => {
        /// What one item of a delivery is, by Meta's discriminating member or field name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, enum_map::Enum)]
        pub enum Kind {
            $(#[doc = $about] $kind,)*
        }

        impl Kind {
            /// Every kind, in the order in which an item is compared with them.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$kind,)*];

            /// What is known of the kind.
            pub const fn spec(self) -> &'static KindSpec {
                match self {
                    $(Self::$kind => &KindSpec {
                        name: $word,
                        about: $about,
                        details: $details,
                        members: &[$($($name,)+)? $($($decided_by,)+)?],
                        beside: &[$($($beside,)*)?],
                        page: &[$($($page,)+)?],
                        instagram: &[$($($instagram,)+)?],
                        topic: Topic::$topic,
                        natural_key: NaturalKey::$key,
                        data: Model::$data,
                        inbox: $inbox,
                        sample: concat!($word, "/", $sample),
                    },)*
                }
            }

            /// The kind of a change whose field alone tells it.
            pub(crate) fn of_field(field: &str) -> Option<Self> {
                match field {
                    $($($($field)|+ => Some(Self::$kind),)?)*
                    _ => None,
                }
            }
        }

        members! {
            /// A messaging item, or the value of a change: every member that some kind is told by or keyed with.
            Item {
                sender: "sender",
                recipient: "recipient",
                timestamp: "timestamp",
                created_time: "created_time",
                message: "message",
                message_edit: "message_edit",
                reaction: "reaction",
                id: "id",
                comment_id: "comment_id",
                media: "media",
                media_id: "media_id",
                post_id: "post_id",
                event_data: "event_data",
                $($($($member: $name,)+)?)*
            }
        }

        impl<'t, 'a> Item<'t, 'a> {
            /// The kind that a member alone tells, with that member: an object.
            pub(crate) fn kind_by_member(&self) -> Option<(Kind, Main<'t, 'a>)> {
                $($(if let Some(main) = None$(.or(self.$member))+.and_then(Main::of) {
                    return Some((Kind::$kind, main));
                })?)*
                None
            }
        }
    };
}
pub(super) use kinds;
