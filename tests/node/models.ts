// What is published, as the types of the client take it: `tsc` compiles this.
import { isKnown, readEvent } from "../../clients/typescript/index.js";
import type { CustomerProfile, EnrichedEvent, Event, InboxRecord, Reply } from "../../clients/typescript/index.js";
import type { Lookup } from "../../clients/typescript/models/enriched.v1.js";
import type { MessageData } from "../../clients/typescript/models/message.v1.js";
import type { UnknownData } from "../../clients/typescript/models/unknown.v1.js";

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

// One union by `type`; what is none of it is an event all the same.
const read = readEvent("{}");
export const words = (): string | null | undefined => {
  if (!isKnown(read)) return read.type;
  switch (read.type) {
    case "com.meta.instagram.message.v1":
    case "com.meta.page.standby.message.v1":
      return read.data.message.text;
    case "com.meta.page.comment.v1":
      return read.data.text;
    // @ts-expect-error: there is no such kind
    case "com.meta.page.hologram.v1":
      return "";
    default:
      return undefined;
  }
};

export const nameOf = (of: CustomerProfile): string | null | undefined => of.profile?.name ?? of.profile?.username;
export const command = (of: InboxRecord): Reply => ({ id: of.id, account: of.account ?? "", action: "message", to: of.from ?? "", text: "Hello" });
// @ts-expect-error: commands have no such member
export const wrong: Reply = { id: "a", account: "1", action: "message", quick_replies: [] };
