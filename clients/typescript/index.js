// Reads what Weir publishes; index.d.ts says what.
import { TYPES } from "./types.js";

const SURROGATE = /\\u[dD][89a-fA-F]/;
const wellFormed = (_, value) => (typeof value === "string" ? value.toWellFormed() : value);

// From here on there may be one that no number of JavaScript holds.
const LONG_INTEGER = /[\s:,[]-?\d{16}/;
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\d[-+.\deE]*/g;
const isInexact = (token) => /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token));
const exact = (token) => (isInexact(token) ? `"${token}"` : token);

export const read = (value) => {
  if (value == null) return null;
  const json = typeof value === "string" ? value : new TextDecoder().decode(value);
  const text = LONG_INTEGER.test(json) ? json.replace(STRING_OR_NUMBER, exact) : json;
  return SURROGATE.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text);
};

export const readEvent = read;

export const isKnown = (event) => TYPES.has(event.type);
