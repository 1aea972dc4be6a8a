/** Words and numbers of a text that is mostly one long table; lines matter for headings and messages only. */
import { InputError, type Place } from "../errors/index.js";
import { parseNumber } from "./line-reader.js";

export class TableReader {
  readonly #text: string;
  readonly #file: string;
  /** Where the next word is looked for, and where the last one began. */
  #at = 0;
  #last = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  /** Passes over the rest of the line. */
  line(): void {
    const newline = this.#text.indexOf("\n", this.#at);
    this.#at = newline < 0 ? this.#text.length : newline + 1;
  }

  /** Passes over the rest of the line if nothing but blanks is in it. */
  endLine(): void {
    const newline = this.#text.indexOf("\n", this.#at);
    const end = newline < 0 ? this.#text.length : newline;
    if (this.#text.slice(this.#at, end).trim() === "") this.line();
  }

  word(quantity: string): string {
    const found = /\S+/g;
    found.lastIndex = this.#at;
    const match = found.exec(this.#text);
    if (match === null) throw this.#truncated(quantity);
    this.#last = match.index;
    this.#at = found.lastIndex;
    return match[0];
  }

  number(quantity: string): number {
    const word = this.word(quantity);
    const value = parseNumber(word);
    if (value !== undefined && Number.isFinite(value)) return value;
    throw this.#malformed(quantity, word, "a number");
  }

  /** A whole number above 0. */
  count(quantity: string): number {
    const word = this.word(quantity);
    const value = Number(word);
    if (Number.isInteger(value) && value > 0 && value < 1e8) return value;
    throw this.#malformed(quantity, word, "a whole number above 0");
  }

  numbers(count: number, quantity: string): Float64Array {
    const values = new Float64Array(count);
    const found = /\S+/g;
    found.lastIndex = this.#at;
    for (let k = 0; k < count; k++) {
      const match = found.exec(this.#text);
      if (match === null) throw this.#truncated(`${quantity} (number ${k + 1} of ${count})`);
      this.#last = match.index;
      const value = parseNumber(match[0]);
      if (value === undefined || !Number.isFinite(value)) throw this.#malformed(quantity, match[0], "a number");
      values[k] = value;
      this.#at = found.lastIndex;
    }
    return values;
  }

  /** How many words the rest of the text has. */
  wordsLeft(): number {
    return this.#text.slice(this.#at).match(/\S+/g)?.length ?? 0;
  }

  /** The line of the last word. */
  where(): Place {
    let line = 1;
    for (let at = this.#text.indexOf("\n"); at >= 0 && at < this.#last; at = this.#text.indexOf("\n", at + 1)) line++;
    return { file: this.#file, line };
  }

  #malformed(quantity: string, word: string, kind: string): InputError {
    return new InputError({
      code: "malformed-number",
      where: this.where(),
      problem: `The ${quantity} reads ${JSON.stringify(word)}.`,
      expected: `Expected ${kind}.`,
      remedy: "Correct the file; is it of the form that it was taken for?",
    });
  }

  #truncated(quantity: string): InputError {
    return new InputError({
      code: "truncated-file",
      where: this.where(),
      problem: `The file ends before the ${quantity}.`,
      remedy: "Fetch the file again; is it of the form that it was taken for?",
    });
  }
}
