// Holds records to an AsyncAPI document: node records.js FILE, one record a line on standard input, as a JSON object of
// topic, key, headers and value. Prints which of its channel's messages each is, or what is wrong with it, as JSON.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const file = resolve(process.argv[2]);
const { document } = await new Parser().parse(await readFile(file, "utf8"), { source: file });

const ajv = new Ajv.default({ strict: false, allErrors: true });
addFormats.default(ajv);
/** Schemas stand in the document as often as they are used, each time with the same `$id`. */
const withoutIds = (schema) => JSON.parse(JSON.stringify(schema), (name, value) => (name === "$id" ? undefined : value));

/** What is wrong with a record as this message. */
function checker(message) {
  const payload = message.payload().json();
  const parts = {
    key: message.bindings().get("kafka").json().key,
    headers: message.headers().json(),
    value: payload.schema ?? payload,
  };
  const validators = Object.entries(parts).map(([part, schema]) => [part, ajv.compile(withoutIds(schema))]);
  return (record) =>
    validators.flatMap(([part, validate]) =>
      validate(record[part]) ? [] : validate.errors.map(({ instancePath, message }) => `${part}${instancePath} ${message}`),
    );
}

const channels = new Map(document.channels().all().map((channel) => [channel.address(), channel]));
const checkers = new Map();
/** The messages of a topic's channel, each with its checker. */
function messagesOf(topic) {
  if (!checkers.has(topic)) {
    const messages = channels.get(topic)?.messages().all() ?? [];
    checkers.set(topic, messages.map((message) => [message.id(), checker(message)]));
  }
  return checkers.get(topic);
}

for await (const line of createInterface({ input: process.stdin })) {
  const record = JSON.parse(line);
  const tried = messagesOf(record.topic).map(([id, check]) => ({ id, errors: check(record) }));
  const is = tried.filter(({ errors }) => errors.length === 0).map(({ id }) => id);
  const nearest = tried.sort((one, other) => one.errors.length - other.errors.length)[0];
  console.log(JSON.stringify(is.length > 0 ? { is } : { is, nearest }));
}
