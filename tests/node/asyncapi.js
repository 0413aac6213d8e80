// Reads an AsyncAPI document with the format's own parser: node asyncapi.js FILE
// Prints what is wrong with it, or how much of everything it has.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Parser } from "@asyncapi/parser";

const file = resolve(process.argv[2]);
const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"), { source: file });
const wrong = diagnostics.filter(({ severity }) => severity <= 1);
for (const { path, message, range } of wrong) {
  console.log(`line ${range.start.line + 1}, ${path.join(".")}: ${message}`);
}
if (!document || wrong.length > 0) process.exit(1);
const [channels, operations, messages] = [document.channels(), document.operations(), document.components().messages()];
console.log(`${document.version()}: ${channels.length} channels, ${operations.length} operations, ${messages.length} messages`);
