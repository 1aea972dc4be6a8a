/**
 * The comment line of extended XYZ: `key=value` pairs, read as ASE reads them.
 *
 * "…", '…', {…} and […] delimit, a backslash takes the next character as it is, a key without value is true. A value
 * is numbers if all its words (separated by blanks or commas) are, else logicals if all are T or F, else `_JSON …`,
 * else text. Beyond ASE, nested arrays and arrays of quoted strings ([[1, 2], [3, 4]], ["a", "b"]) are understood.
 */

import type { InfoValue } from "../structure/index.js";
import { numberText } from "./numbers.js";

const closing: Readonly<Record<string, string>> = { '"': '"', "'": "'", "{": "}", "[": "]" };
const realWord = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const nonFiniteWord = /^[+-]?(nan|inf|infinity)$/i;
const needsQuotes = /[\s"'{}[\]\\=,]/;

/** Whether a comment line is key=value pairs; if not, it is free text. */
export const hasPairs = (comment: string): boolean => comment.includes("=");

/** All pairs in the order of the file; of a repeated key the last value counts, as in ASE. */
export function parseComment(comment: string): Map<string, InfoValue> {
  const pairs = new Map<string, InfoValue>();
  const scanner = { text: comment, at: 0 };
  for (skipBlanks(scanner); scanner.at < comment.length; skipBlanks(scanner)) {
    const key = readPiece(scanner);
    if (!takeEquals(scanner)) {
      if (key !== "") pairs.set(key, true);
      continue;
    }
    const array = readNestedArray(scanner);
    pairs.set(key, array ?? parseValue(key, readValue(scanner)));
  }
  return pairs;
}

interface Scanner {
  readonly text: string;
  at: number;
}

function skipBlanks(scanner: Scanner): void {
  while (scanner.at < scanner.text.length && /\s/.test(scanner.text[scanner.at])) scanner.at++;
}

/** Pass an equals sign, blanks around it allowed; whether there was one. */
function takeEquals(scanner: Scanner): boolean {
  const before = scanner.at;
  skipBlanks(scanner);
  if (scanner.text[scanner.at] !== "=") {
    scanner.at = before;
    return false;
  }
  scanner.at++;
  skipBlanks(scanner);
  return true;
}

/** Text up to an undelimited blank or equals sign, delimiters and backslashes removed. */
function readPiece(scanner: Scanner): string {
  const { text } = scanner;
  let piece = "";
  let close = "";
  for (; scanner.at < text.length; scanner.at++) {
    const char = text[scanner.at];
    if (char === "\\") piece += text[++scanner.at] ?? "";
    else if (close !== "") {
      if (char === close) close = "";
      else piece += char;
    } else if (closing[char] !== undefined) close = closing[char];
    else if (char === "=" || /\s/.test(char)) break;
    else piece += char;
  }
  return piece;
}

/** Equals signs within a value belong to it. */
function readValue(scanner: Scanner): string {
  let value = readPiece(scanner);
  while (takeEquals(scanner)) value += `=${readPiece(scanner)}`;
  return value;
}

/** [[1, 2], [3, 4]] or ["a", "b"]; undefined, and nothing passed, if the value is anything else. */
function readNestedArray(scanner: Scanner): InfoValue | undefined {
  const { text, at } = scanner;
  if (text[at] !== "[" || !/^\s*["'[]/.test(text.slice(at + 1, at + 40))) return undefined;
  const array = readArray(scanner);
  const ended = scanner.at >= text.length || /\s/.test(text[scanner.at]);
  if (array !== undefined && ended) return array;
  scanner.at = at;
  return undefined;
}

/** An array at its opening bracket; undefined if it is not closed. */
function readArray(scanner: Scanner): InfoValue[] | undefined {
  const { text } = scanner;
  const items: InfoValue[] = [];
  scanner.at++;
  while (scanner.at < text.length) {
    const char = text[scanner.at];
    if (char === "]") {
      scanner.at++;
      return items;
    }
    if (char === "," || /\s/.test(char)) scanner.at++;
    else if (char === "[") {
      const inner = readArray(scanner);
      if (inner === undefined) return undefined;
      items.push(inner);
    } else items.push(readItem(scanner));
  }
  return undefined;
}

function readItem(scanner: Scanner): InfoValue {
  const { text } = scanner;
  const quote = text[scanner.at];
  let item = "";
  if (quote === '"' || quote === "'") {
    for (scanner.at++; scanner.at < text.length && text[scanner.at] !== quote; scanner.at++) {
      if (text[scanner.at] === "\\") scanner.at++;
      item += text[scanner.at] ?? "";
    }
    scanner.at++;
    return item;
  }
  while (scanner.at < text.length && !/[\s,\]]/.test(text[scanner.at])) item += text[scanner.at++];
  return numberOf(item) ?? logicalOf(item) ?? item;
}

/** A number as Python's int or float takes it. Integers beyond 2^53 are left as text: a double would change them. */
function numberOf(word: string): number | undefined {
  if (realWord.test(word)) {
    const value = Number(word);
    const exact = Number.isSafeInteger(value) || !/^[+-]?\d+$/.test(word);
    return exact && Number.isFinite(value) ? value : undefined;
  }
  if (!nonFiniteWord.test(word)) return undefined;
  if (/nan/i.test(word)) return Number.NaN;
  return word.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const logicalOf = (word: string): boolean | undefined => (word === "T" ? true : word === "F" ? false : undefined);

/** A value whose delimiters are gone. ASE leaves keys named "uid" alone. */
function parseValue(key: string, text: string): InfoValue {
  if (key.toLowerCase() === "uid") return text;
  const words = text.match(/[^\s,]+/g) ?? [];
  if (words.length === 0) return text;
  const typed = allOf(words, numberOf) ?? allOf(words, logicalOf);
  if (typed !== undefined) return typed.length === 1 ? typed[0] : typed;
  return (text.startsWith("_JSON ") ? parseJson(text.slice(6)) : undefined) ?? text;
}

function allOf<T>(words: readonly string[], parse: (word: string) => T | undefined): T[] | undefined {
  const values: T[] = [];
  for (const word of words) {
    const value = parse(word);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** JSON of scalars and arrays; undefined for objects and null, which stay text. Python writes NaN and Infinity too. */
function parseJson(text: string): InfoValue | undefined {
  const word = nonFiniteWord.test(text.trim()) ? numberOf(text.trim()) : undefined;
  if (word !== undefined) return word;
  try {
    return asInfoValue(JSON.parse(text));
  } catch {
    return parseArrayText(text.trim());
  }
}

function parseArrayText(text: string): InfoValue | undefined {
  if (!text.startsWith("[")) return undefined;
  const scanner = { text, at: 0 };
  const array = readArray(scanner);
  return scanner.at === text.length ? array : undefined;
}

function asInfoValue(value: unknown): InfoValue | undefined {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (!Array.isArray(value)) return undefined;
  const items = value.map(asInfoValue);
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** `key=value` so that `parseComment`, and ASE, read the same value back. */
export function pairText(key: string, value: InfoValue): string {
  const name = quoted(key);
  const plain = plainText(value);
  if (plain !== undefined && sameValue(parseValue(key, plain), value)) return `${name}=${quoted(plain)}`;
  return `${name}=${quoted(`_JSON ${jsonText(value)}`)}`;
}

function quoted(text: string): string {
  if (text !== "" && !needsQuotes.test(text)) return text;
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Value without delimiters as ASE writes it; undefined where it must be JSON. */
function plainText(value: InfoValue): string | undefined {
  if (typeof value === "string") return /[\n\r]/.test(value) ? undefined : value;
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return value ? "T" : "F";
  if (value.length < 2) return undefined;
  if (value.every((item) => typeof item === "number")) return value.map(numberText).join(" ");
  if (value.every((item) => typeof item === "boolean")) return value.map((item) => (item ? "T" : "F")).join(" ");
  return undefined;
}

function jsonText(value: InfoValue): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  return `[${value.map(jsonText).join(", ")}]`;
}

function sameValue(a: InfoValue, b: InfoValue): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b);
  return a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
}
