// Reads records of standard input, one a line, with clients/typescript, and prints whether each is an event of the union, and the
// record as JSON again.
import { createInterface } from "node:readline";
import { isKnown, read, readEvent } from "../../clients/typescript/index.js";

// A record without a value erases a customer.
if (read(null) !== null) throw new Error("a record without a value is read as one");
for await (const line of createInterface({ input: process.stdin })) {
  const event = readEvent(line);
  console.log(JSON.stringify([isKnown(event), event]));
}
