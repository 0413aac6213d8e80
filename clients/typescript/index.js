// Reads what Weir publishes; index.d.ts says what.
import { TYPES } from "./types.js";

const SURROGATE = /\\u[dD][89a-fA-F]/;
const wellFormed = (_, value) => (typeof value === "string" ? value.toWellFormed() : value);

export const read = (value) => {
  const text = typeof value === "string" ? value : new TextDecoder().decode(value);
  return SURROGATE.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
};

export const readEvent = read;

export const isKnown = (event) => TYPES.has(event.type);
