// Prints the messages topic, one line an event.
//
//   npm ci && npm run build && WEIR_BROKERS=localhost:9092 npm start
import { Consumer, stringDeserializers } from "@platformatic/kafka";
import type { Event } from "./models/envelope.v1.js";
import type { MessageData } from "./models/message.v1.js";

const consumer = new Consumer({
  bootstrapBrokers: (process.env.WEIR_BROKERS ?? "localhost:9092").split(","),
  clientId: "message-printer",
  groupId: "message-printer",
  deserializers: stringDeserializers,
});
const topic = `${process.env.WEIR_TOPIC_PREFIX ?? "meta"}.messages.v1`;
// Left to itself it commits what it has fetched, and `commit` does nothing.
const stream = await consumer.consume({ topics: [topic], mode: "committed", fallbackMode: "earliest", autocommit: false });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stream.close());

/** `message.echo` of `com.meta.instagram.message.echo.v1`. */
const kindOf = (event: Event) => event.type.split(".").slice(3, -1).join(".");

const textOf = (event: Event) =>
  kindOf(event) === "message" ? (event.data as MessageData).message.text : undefined;

try {
  for await (const record of stream) {
    const event: Event = JSON.parse(record.value);
    console.log(event.time ?? "-", event.metaobject, kindOf(event), event.subject ?? "-", textOf(event) ?? "-");
    // Committed once it is done with: nothing is lost.
    await record.commit();
  }
} finally {
  await consumer.close();
}
