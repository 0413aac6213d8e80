// Prints the inbox, one line an event.
//
//   npm ci && npm run build && WEIR_BROKERS=localhost:9092 npm run inbox
import { Consumer, stringDeserializers } from "@platformatic/kafka";
import type { InboxRecord } from "./models/inbox.v1.js";

const consumer = new Consumer({
  bootstrapBrokers: (process.env.WEIR_BROKERS ?? "localhost:9092").split(","),
  clientId: "inbox-printer",
  groupId: "inbox-printer-in-typescript",
  deserializers: stringDeserializers,
});
const topic = `${process.env.WEIR_TOPIC_PREFIX ?? "meta"}.inbox.v1`;
// Left to itself it commits what it has fetched, and `commit` does nothing.
const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest", autocommit: false });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stream.close());

try {
  for await (const record of stream) {
    const event: InboxRecord = JSON.parse(record.value);
    console.log(event.occurred_at, event.platform, event.event, event.from ?? "-", event.message?.body ?? "-");
    // Committed once it is done with: nothing is lost.
    await record.commit();
  }
} finally {
  await consumer.close();
}
