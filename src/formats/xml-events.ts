/**
 * Elements of an XML file as they open and close, for files as programs write them: tags, attributes, text, comments, the five
 * named entities. No CDATA, no name spaces, no document type of its own. Tags that do not match, and a file that ends inside an
 * element, are reported: a cut file must not look like a whole one.
 */
import { InputError } from "../errors/index.js";
import type { ByteSource } from "./format.js";

export type XmlEvent =
  | {
      readonly kind: "open";
      readonly name: string;
      readonly attributes: ReadonlyMap<string, string>;
      readonly line: number;
    }
  /** `text` is what stands directly in the element, without its children. */
  | { readonly kind: "close"; readonly name: string; readonly text: string; readonly line: number }
  /** The file has ended inside these elements. */
  | { readonly kind: "cut"; readonly open: readonly string[]; readonly line: number };

interface OpenElement {
  readonly name: string;
  text: string;
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const decoded = (text: string): string =>
  text.includes("&") ? text.replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole) : text;

/** Reads in pieces: what is kept is one tag and the text of the open elements. */
export async function* xmlEvents(source: ByteSource, file: string): AsyncGenerator<XmlEvent> {
  const decoder = new TextDecoder();
  const parser = new Parser(file);
  for await (const piece of source) yield* parser.push(decoder.decode(piece, { stream: true }));
  yield* parser.push(decoder.decode());
  yield* parser.end();
}

class Parser {
  private readonly file: string;
  private rest = "";
  private line = 1;
  private readonly open: OpenElement[] = [];

  constructor(file: string) {
    this.file = file;
  }

  *push(piece: string): Generator<XmlEvent> {
    const text = this.rest + piece;
    let at = 0;
    for (;;) {
      const start = text.indexOf("<", at);
      if (start < 0) break;
      const end = endOfTag(text, start);
      if (end < 0) break;
      this.takeText(text.slice(at, start));
      const tag = text.slice(start + 1, end);
      this.count(tag);
      yield* this.takeTag(tag);
      at = end + 1;
    }
    this.rest = text.slice(at);
  }

  *end(): Generator<XmlEvent> {
    if (this.open.length === 0 && this.rest.trim() === "") return;
    yield { kind: "cut", open: this.open.map(({ name }) => name), line: this.line };
  }

  private takeText(text: string): void {
    this.count(text);
    const inner = this.open.at(-1);
    if (inner !== undefined) inner.text += text;
  }

  private count(text: string): void {
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) this.line++;
  }

  private *takeTag(tag: string): Generator<XmlEvent> {
    if (tag.startsWith("?") || tag.startsWith("!")) return;
    if (tag.startsWith("/")) {
      yield this.close(tag.slice(1).trim());
      return;
    }
    const empty = tag.endsWith("/");
    const name = /^[^\s/]+/.exec(tag)?.[0] ?? "";
    this.open.push({ name, text: "" });
    yield { kind: "open", name, attributes: attributesOf(tag), line: this.line };
    if (empty) yield this.close(name);
  }

  private close(name: string): XmlEvent {
    const inner = this.open.pop();
    if (inner?.name === name) return { kind: "close", name, text: decoded(inner.text), line: this.line };
    throw new InputError({
      code: "malformed-xml",
      where: { file: this.file, line: this.line },
      problem: `</${name}> closes ${inner === undefined ? "nothing" : `<${inner.name}>`}.`,
      remedy: "The file is damaged, or two programs have written it at once: run the calculation again.",
    });
  }
}

/** Index of the ">" that ends the tag at `start`, or −1 if it has not come yet. */
function endOfTag(text: string, start: number): number {
  if (!text.startsWith("<!--", start)) return text.indexOf(">", start);
  const end = text.indexOf("-->", start + 4);
  return end < 0 ? -1 : end + 2;
}

function attributesOf(tag: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, , double, single] of tag.matchAll(/([\w:.-]+)\s*=\s*("([^"]*)"|'([^']*)')/g))
    attributes.set(name!, decoded(double ?? single ?? ""));
  return attributes;
}
