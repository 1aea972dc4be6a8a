/** A YAML text with the place of each key and value. */
import { isMap, isNode, isPair, isSeq, LineCounter, type Node, type ParsedNode, parse, parseDocument } from "yaml";
import { InputError, type Place } from "../errors/index.js";

export interface PlacedYaml {
  readonly value: unknown;
  /** Place of the value at a path, or of the key itself; of the nearest parent where there is no such key. */
  place(path: readonly PropertyKey[], atKey: boolean): Place;
}

export function parsePlacedYaml(text: string, file: string): PlacedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const error = document.errors[0];
  if (error) {
    throw new InputError({
      code: "bad-yaml",
      where: placeOf(error.pos[0]),
      problem: `This is not YAML: ${error.message.replace(/\.?$/, ".")}`,
      remedy: "Check the indentation, colons, brackets and quotes around here.",
    });
  }
  return {
    value: document.toJS() ?? {},
    place: (path, atKey) => {
      const offset = offsetOf(document.contents, path, atKey);
      return offset === undefined ? { file } : placeOf(offset);
    },
  };
}

/** A value given on the command line, as YAML: `--set network.hidden=[20,20]`. */
export function parseYamlValue(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new InputError(
      {
        code: "bad-yaml",
        where: { file },
        problem: `"${text}" is not a YAML value.`,
        remedy: "Write a number, a text, true, false, null, or a list such as [20,20].",
      },
      { cause },
    );
  }
}

function offsetOf(contents: ParsedNode | null, path: readonly PropertyKey[], atKey: boolean): number | undefined {
  let node: Node | null = contents;
  let offset = node?.range?.[0];
  for (const [depth, step] of path.entries()) {
    const last = depth === path.length - 1;
    const next: { key: Node | null; value: Node | null } | undefined = childOf(node, step);
    if (!next) return offset;
    node = next.value;
    const target: Node | null = last && atKey ? next.key : (next.value ?? next.key);
    offset = target?.range?.[0] ?? offset;
  }
  return offset;
}

function childOf(node: Node | null, step: PropertyKey): { key: Node | null; value: Node | null } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(step)];
    return isNode(item) ? { key: item, value: item } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find((item) => isPair(item) && String(item.key) === String(step));
  if (!pair) return undefined;
  return { key: isNode(pair.key) ? pair.key : null, value: isNode(pair.value) ? pair.value : null };
}
