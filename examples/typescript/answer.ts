// Answers a customer by a direct message, and prints what became of it.
//
//   npm ci && npm run build && WEIR_BROKERS=localhost:9092 npm run answer ACCOUNT CUSTOMER TEXT
import { randomUUID } from "node:crypto";
import { Consumer, Producer, compatibilityPartitioner, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import type { ReplyResult } from "./models/reply.result.v1.js";
import type { Reply } from "./models/reply.v1.js";

const [account, to, text] = process.argv.slice(2);
if (!account || !to || !text) {
  console.error("usage: npm run answer ACCOUNT CUSTOMER TEXT");
  process.exit(2);
}
const prefix = process.env.WEIR_TOPIC_PREFIX ?? "meta";
const brokers = {
  bootstrapBrokers: (process.env.WEIR_BROKERS ?? "localhost:9092").split(","),
  clientId: "answer",
};
// Nobody waits for it longer than a minute, so it is not carried out later either. Whoever tries again keeps the id.
const not_after = new Date(Date.now() + 60_000).toISOString();
const command: Reply = { id: randomUUID(), account, action: "message", to, text, not_after };

// Where the results end before the command is written, so that its own is not missed. The group commits nothing.
const topic = `${prefix}.replies.results.v1`;
const consumer = new Consumer({ ...brokers, groupId: `answer-${command.id}`, deserializers: stringDeserializers });
const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
const offsets = ends.map((offset, partition) => ({ topic, partition, offset }));
const stream = await consumer.consume({ topics: [topic], mode: "manual", offsets, autocommit: false });

// The key brings whatever is about one conversation to one place, by the partitioner of Java's clients.
const producer = new Producer({ ...brokers, serializers: stringSerializers, partitioner: compatibilityPartitioner });
const message = { topic: `${prefix}.replies.v1`, key: `${account}:${to}`, value: JSON.stringify(command) };
await producer.send({ messages: [message] });
await producer.close();

const late = setTimeout(() => {
  console.error(`no result of ${command.id} within a minute; it may have been carried out, and will not be any more`);
  process.exit(1);
}, 60_000);
let intended = 0;
for await (const record of stream) {
  const result: ReplyResult = JSON.parse(record.value);
  if (result.account !== account || result.id !== command.id) continue;
  if (result.status === "intended") intended = Math.max(intended, result.attempt);
  // A result of an attempt before the latest says that it is tried again.
  if (result.status === "intended" || result.attempt < intended) continue;
  console.log(result.status, result.error ?? (result.answer as { message_id?: string })?.message_id);
  process.exitCode = result.status === "done" ? 0 : 1;
  break;
}
clearTimeout(late);
await consumer.close();
