// Reads records of standard input, one JSON object a line, with the CloudEvents SDK, and prints what it made of them.
import { createInterface } from "node:readline";
import { Kafka } from "cloudevents";

for await (const line of createInterface({ input: process.stdin })) {
  const event = Kafka.toEvent(JSON.parse(line));
  event.validate();
  console.log(JSON.stringify(event));
}
