// What Weir publishes, as types. Both readers take a record's value as it comes from Kafka. Half of a surrogate pair, which
// some clients of Meta's cut an emoji into, becomes U+FFFD; an integer that no number of JavaScript holds, such as an id that
// Meta sent without quotes, becomes a string of its digits.
import type { KnownEvent } from "./events.js";
import type { EnrichedEvent } from "./models/enriched.v1.js";
import type { Event } from "./models/envelope.v1.js";
import type { InboxRecord } from "./models/inbox.v1.js";
import type { MediaRecord } from "./models/media.v1.js";
import type { CustomerProfile } from "./models/profile.v1.js";
import type { ReplyResult } from "./models/reply.result.v1.js";
import type { Reply } from "./models/reply.v1.js";

export type * from "./events.js";
export type { CustomerProfile, EnrichedEvent, Event, InboxRecord, MediaRecord, Reply, ReplyResult };

/** A typed event; `isKnown` tells whether it is one of the union. */
export function readEvent(value: string | Uint8Array): Event | KnownEvent;

/** Whether it is one of the union, told apart by `type`; a kind that comes later is an `Event`, whose `data` is any JSON. */
export function isKnown(event: Event | KnownEvent): event is KnownEvent;

/** Any other record: `InboxRecord`, `EnrichedEvent`, `CustomerProfile`, `MediaRecord`, `Reply`, `ReplyResult`. */
export function read<Record>(value: string | Uint8Array): Record;
/** Null of a record without a value, which erases what its key had: a customer's profile. */
export function read<Record>(value: string | Uint8Array | null): Record | null;
