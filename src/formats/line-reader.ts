/**
 * Lines and fields of a byte stream, without a string or a promise per line.
 *
 * `advance()` is synchronous and works on the bytes at hand; only when they run out does `refill()` wait for the next
 * piece. Numbers are read from the bytes: up to 2^53 as mantissa and 10^±22 as scale one multiplication or division
 * rounds correctly (Clinger 1990, doi 10.1145/93542.93557), and everything else goes through `Number`.
 */

import { InputError, type Place } from "../errors/index.js";
import type { ByteSource } from "./format.js";

const NEWLINE = 10;
const POINT = 46;
const PLUS = 43;
const MINUS = 45;

const powersOfTen = Float64Array.from({ length: 23 }, (_, n) => Number(`1e${n}`));
const decoder = new TextDecoder();
/** One character per byte, whatever the byte. */
const bytewise = new TextDecoder("latin1");
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?$/;
const nonFinite = /^[+-]?(nan|inf|infinity)$/i;

const isBlankByte = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);
const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;

/** A number as programs write it, Fortran's D exponents and NaN or Inf included; undefined for any other text. */
export function parseNumber(text: string): number | undefined {
  if (decimal.test(text)) return Number(text.replace(/[dD]/, "e"));
  if (!nonFinite.test(text)) return undefined;
  if (/nan/i.test(text)) return Number.NaN;
  return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

export interface Failure {
  readonly problem: string;
  readonly expected?: string;
  readonly remedy: string;
  /** 1-based. */
  readonly atom?: number;
  /** Default: the current line. */
  readonly line?: number;
}

export class LineReader {
  readonly file: string;
  /** 1-based number of the current line. */
  lineNumber = 0;
  /** 1-based number of the structure being read, for messages. */
  structure = 0;
  bytes: Uint8Array = new Uint8Array(0);
  /** The current line is bytes[start .. end), its end-of-line not included. */
  start = 0;
  end = 0;
  /** The last field is bytes[fieldStart .. cursor). */
  fieldStart = 0;
  cursor = 0;
  private next = 0;
  private readonly chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  private finished = false;
  /** `bytes` as text with one character per byte; made when first wanted. */
  private pieceText: string | undefined;
  private pieces = 0;

  constructor(source: ByteSource, file: string) {
    this.file = file;
    this.chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** Next line if it is complete in memory; false says nothing about the end of the file. */
  advance(): boolean {
    const newline = this.bytes.indexOf(NEWLINE, this.next);
    if (newline < 0) return false;
    this.take(newline, newline + 1);
    return true;
  }

  /** Wait for more bytes and go to the next line; false at the end of the file. */
  async refill(): Promise<boolean> {
    while (!this.finished) {
      const { value, done } = await this.chunks.next();
      if (done) this.finished = true;
      else this.append(value);
      if (this.advance()) return true;
    }
    if (this.next >= this.bytes.length) return false;
    this.take(this.bytes.length, this.bytes.length);
    return true;
  }

  /** Next line, blank or not. */
  async line(): Promise<boolean> {
    return this.advance() || (await this.refill());
  }

  /** Next line that is not blank. */
  async filledLine(): Promise<boolean> {
    while (this.advance() || (await this.refill())) if (!this.atEnd()) return true;
    return false;
  }

  /** The current line will be the next one again. */
  unread(): void {
    this.next = this.start;
    this.lineNumber--;
  }

  /** Release the source when reading stops early. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private take(end: number, next: number): void {
    this.start = this.next;
    this.cursor = this.next;
    this.end = end;
    this.next = next;
    this.lineNumber++;
  }

  private append(chunk: Uint8Array): void {
    const first = this.pieces++ === 0;
    const byteOrderMark = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
    const fresh = byteOrderMark ? chunk.subarray(3) : chunk;
    const rest = this.bytes.subarray(this.next);
    if (rest.length === 0) this.bytes = fresh;
    else {
      this.bytes = new Uint8Array(rest.length + fresh.length);
      this.bytes.set(rest);
      this.bytes.set(fresh, rest.length);
    }
    this.next = 0;
    this.pieceText = undefined;
  }

  /** Skip blanks; whether no field is left in the line. */
  atEnd(): boolean {
    const { bytes, end } = this;
    let i = this.cursor;
    while (i < end && isBlankByte(bytes[i])) i++;
    this.cursor = i;
    return i >= end;
  }

  /** Next field as bytes[fieldStart .. cursor); false if the line has no more. */
  field(): boolean {
    const more = !this.atEnd();
    this.fieldStart = this.cursor;
    let i = this.cursor;
    while (i < this.end && !isBlankByte(this.bytes[i])) i++;
    this.cursor = i;
    return more;
  }

  /** Next field as text, "" if there is none. */
  word(): string {
    this.field();
    return this.fieldText();
  }

  /** The last field, as text. */
  fieldText(): string {
    const { bytes, fieldStart, cursor } = this;
    // Short ASCII fields are most of them, and a TextDecoder costs half a microsecond.
    let text = "";
    for (let i = fieldStart; i < cursor; i++) {
      if (bytes[i] > 127) return decoder.decode(bytes.subarray(fieldStart, cursor));
      text += String.fromCharCode(bytes[i]);
    }
    return text;
  }

  /** The current line, without blanks at its ends. */
  text(): string {
    return decoder.decode(this.bytes.subarray(this.start, this.end)).trim();
  }

  /** The fields that are left in the current line. */
  words(): string[] {
    const rest = decoder.decode(this.bytes.subarray(this.cursor, this.end)).trim();
    this.cursor = this.end;
    return rest === "" ? [] : rest.split(/\s+/);
  }

  /** Next field as a number; NaN where it is missing, malformed or NaN: `badNumber` tells which. */
  real(): number {
    const { bytes, end } = this;
    let i = this.cursor;
    while (i < end && isBlankByte(bytes[i])) i++;
    this.fieldStart = i;
    const negative = bytes[i] === MINUS;
    if (i < end && (negative || bytes[i] === PLUS)) i++;
    const digitsStart = i;
    let mantissa = 0;
    while (i < end && isDigit(bytes[i])) mantissa = mantissa * 10 + (bytes[i++] - 48);
    let digits = i - digitsStart;
    let scale = 0;
    if (i < end && bytes[i] === POINT) {
      const point = ++i;
      while (i < end && isDigit(bytes[i])) mantissa = mantissa * 10 + (bytes[i++] - 48);
      scale = point - i;
      digits += i - point;
    }
    if (i < end && digits > 0 && (bytes[i] | 32) === 101) {
      i++;
      const negativeExponent = bytes[i] === MINUS;
      if (i < end && (negativeExponent || bytes[i] === PLUS)) i++;
      const exponentStart = i;
      let exponent = 0;
      while (i < end && isDigit(bytes[i])) exponent = exponent * 10 + (bytes[i++] - 48);
      if (i === exponentStart) digits = 0;
      scale += negativeExponent ? -exponent : exponent;
    }
    const whole = i >= end || isBlankByte(bytes[i]);
    if (!whole || digits === 0) return this.oddReal();
    this.cursor = i;
    if (mantissa > 9007199254740992 || scale < -22 || scale > 22) return Number(this.longField());
    const value = scale < 0 ? mantissa / powersOfTen[-scale] : mantissa * powersOfTen[scale];
    return negative ? -value : value;
  }

  /** The last field, for ASCII only: a slice of the whole piece costs less than characters one by one. */
  private longField(): string {
    this.pieceText ??= bytewise.decode(this.bytes);
    return this.pieceText.slice(this.fieldStart, this.cursor);
  }

  private oddReal(): number {
    this.cursor = this.fieldStart;
    return parseNumber(this.word()) ?? Number.NaN;
  }

  /** Next field as a finite number. */
  finite(quantity: string, atom?: number): number {
    const value = this.real();
    if (!Number.isFinite(value)) throw this.badNumber(quantity, atom);
    return value;
  }

  /** Next field as an integer. */
  integer(quantity: string, atom?: number): number {
    const value = this.real();
    if (Number.isSafeInteger(value)) return value;
    throw this.badNumber(quantity, atom, "an integer");
  }

  /** Whether the last field reads NaN or Inf, which only some quantities may be. */
  isNonFiniteField(): boolean {
    return nonFinite.test(this.fieldText());
  }

  where(atom?: number, line = this.lineNumber): Place {
    return {
      file: this.file,
      line,
      ...(this.structure > 0 ? { structure: this.structure } : {}),
      ...(atom === undefined ? {} : { atom }),
    };
  }

  /** An `InputError` at the current line (or `failure.line`). */
  trouble(code: string, failure: Failure): InputError {
    const { problem, expected, remedy, atom, line } = failure;
    const where = this.where(atom, line);
    return new InputError({ code, where, problem, remedy, ...(expected === undefined ? {} : { expected }) });
  }

  /** Why the last field is not the finite number (or integer) that it should be. */
  badNumber(quantity: string, atom?: number, kind = "a number"): InputError {
    const found = this.fieldText();
    const at = atom === undefined ? {} : { atom };
    if (found === "") {
      return this.trouble("missing-number", {
        problem: `The line ends before the ${quantity}.`,
        expected: `Expected ${kind}.`,
        remedy: "Complete the line, or remove the structure.",
        ...at,
      });
    }
    const value = parseNumber(found);
    if (value !== undefined && !Number.isFinite(value)) {
      return this.trouble("not-finite", {
        problem: `The ${quantity} is ${found}.`,
        expected: "Expected a finite number.",
        remedy: "The calculation behind it has probably failed: repeat it, or remove the structure.",
        ...at,
      });
    }
    return this.trouble("malformed-number", {
      problem: `The ${quantity} reads ${JSON.stringify(found)}.`,
      expected: `Expected ${kind}.`,
      remedy: "Correct it; two numbers that have run together need a blank between them.",
      ...at,
    });
  }
}
