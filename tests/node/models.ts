// What is published, as the types that json-schema-to-typescript makes of the schemas take it: `tsc` compiles this.
import type { EnrichedEvent, Lookup } from "./models/enriched.v1.js";
import type { Event } from "./models/envelope.v1.js";
import type { MessageData } from "./models/message.v1.js";
import type { UnknownData } from "./models/unknown.v1.js";

const event: Event = {
  specversion: "1.0",
  id: "3f0c5d8e9a7b6c5d4e3f2a1b0c9d8e7f",
  source: "/meta/instagram",
  type: "com.meta.instagram.unknown.v1",
  datacontenttype: "application/json",
  recordedtime: "2025-07-18T10:35:12.000Z",
  metaobject: "instagram",
  metacarrier: "changed_fields",
  metatest: false,
  deliveryid: "01981d1a-2f00-7000-8000-000000000000",
  data: "picture",
};

const skipped: Lookup = { asked: null, answer: null, at: event.recordedtime, status: "skipped", reason: "test_event", cached: false };
const found: Lookup = { asked: "v26.0/17?fields=id", answer: { id: "17" }, at: event.recordedtime, status: "found", cached: true };
export const enriched: EnrichedEvent[] = [skipped, found].map((lookup) => ({ ...event, lookup }));

// Any JSON, in `data` and as the answer; what is no JSON is refused.
const anything: UnknownData[] = [{ a: 1 }, ["a"], "picture", 1, true, null];
export const events: Event[] = anything.map((data) => ({ ...event, data }));
export const answers: Lookup[] = anything.map((answer) => ({ ...found, answer }));
// @ts-expect-error: `data` is always there
export const without: Event = { ...event, data: undefined };
// @ts-expect-error: so is the answer
export const unanswered: Lookup = { asked: null, at: "", status: "found", cached: false };

// Members that Meta may leave out or send as null, words that nobody knows yet, members of any JSON.
export const message: MessageData = {
  sender: null,
  timestamp: "1527459824",
  message: { mid: "m", text: null, nlp: ["any"], attachments: [{ type: "hologram", payload: "giftcard" }, { payload: null }] },
};
export const textOf = (of: Event) => (of.data as MessageData).message.text ?? undefined;
