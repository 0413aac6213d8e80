// Reads records of standard input, one a line, with clients/typescript, and prints whether each is an event of the union, and the
// record as JSON again.
import { createInterface } from "node:readline";
import { isKnown, readEvent } from "../../clients/typescript/index.js";

for await (const line of createInterface({ input: process.stdin })) {
  const event = readEvent(line);
  console.log(JSON.stringify([isKnown(event), event]));
}
