// Reads typed records of standard input, one a line, in the way that docs/events.md gives, and prints each message's text.
import { createInterface } from "node:readline";

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(JSON.parse(line).data.message.text.toWellFormed()));
}
