/**
 * Shapes of the networks from `input.nn`, and the weights files: `weights.014.data` holds one number per line in its first
 * column, per layer the weights w[j][k] (input neuron j, output neuron k), then the biases. Everything after the first
 * column is there for people.
 */
import { InputError, type Trouble } from "../errors/index.js";
import { type Activation, type Network, type NetworkShape, parameterCount } from "../networks/definition.js";
import { elementSymbol } from "../structure/index.js";
import { parseNumber } from "./line-reader.js";
import {
  badArgument,
  hasKeyword,
  integerAt,
  type KeywordLine,
  type KeywordTable,
  lineOf,
  linesOf,
  requiredLine,
} from "./n2p2-potential-lines.js";
import { exponentText } from "./n2p2-potential-numbers.js";

const letters = "ltsprgcSeh";

/** `weights.014.data` */
export const weightsName = (z: number): string => `weights.${String(z).padStart(3, "0")}.data`;

export interface ElementShape {
  /** Atomic number. */
  readonly element: number;
  readonly inputs: number;
  /** Numbers in the element's weights file: they tell which reading of `element_nodes_short` was meant. */
  readonly weights: number;
}

/** The network of one element: global keywords, then those of the element. */
export function networkShape(table: KeywordTable, { element, inputs, weights }: ElementShape): NetworkShape {
  const activations = activationsOf(table, element);
  const normalizeNodes = hasKeyword(table, "normalize_nodes");
  const shapes = hiddenNodes(table, element).map((hidden) => ({
    nodes: [inputs, ...hidden, 1],
    activations,
    normalizeNodes,
  }));
  return shapes.find((shape) => parameterCount(shape) === weights) ?? shapes[0];
}

/** Lines of a keyword that begin with the element's symbol. */
const ofElement = (table: KeywordTable, keyword: string, element: number): KeywordLine[] =>
  linesOf(table, keyword).filter((line) => line.args[0] === elementSymbol(element));

function hiddenLayers(table: KeywordTable, element: number): number {
  const own = ofElement(table, "element_hidden_layers_short", element)[0];
  return own === undefined
    ? integerAt(requiredLine(table, "global_hidden_layers_short"), 0, table.file)
    : integerAt(own, 1, table.file);
}

/**
 * Possible numbers of neurons per hidden layer, the likeliest first. `element_nodes_short El n1 n2 …` lists all layers;
 * RuNNer and n2p2 before 2.2 write `element_nodes_short El layer n`, one line per layer. n2p2 2.3 leaves the last
 * hidden layer at its global value, whatever the line says.
 */
function hiddenNodes(table: KeywordTable, element: number): number[][] {
  const layers = hiddenLayers(table, element);
  const own = ofElement(table, "element_nodes_short", element);
  const listed = own.find((line) => line.args.length === layers + 1);
  const list = listed?.args.slice(1).map((_, i) => integerAt(listed, i + 1, table.file));
  const everywhere = lineOf(table, "global_nodes_short");
  if (everywhere === undefined && list !== undefined) return [list];
  const global = globalNodes(table, layers);
  const candidates: number[][] = [];
  if (list !== undefined) candidates.push(list, [...list.slice(0, -1), global[layers - 1]]);
  if (own.length > 0 && own.every((line) => line.args.length === 3)) candidates.push(byLayer(own, global, table.file));
  return candidates.length === 0 ? [global] : candidates;
}

function globalNodes(table: KeywordTable, layers: number): number[] {
  if (layers === 0) return [];
  const line = requiredLine(table, "global_nodes_short");
  return Array.from({ length: layers }, (_, i) => {
    const nodes = integerAt(line, i, table.file);
    if (nodes >= 1) return nodes;
    const where = { file: table.file, line: line.line };
    throw badArgument(where, { keyword: line.keyword, index: i, found: line.args[i], expected: "at least 1 neuron" });
  });
}

function byLayer(lines: readonly KeywordLine[], global: readonly number[], file: string): number[] {
  const nodes = [...global];
  for (const line of lines) {
    const layer = integerAt(line, 1, file);
    if (layer >= 1 && layer <= nodes.length) nodes[layer - 1] = integerAt(line, 2, file);
  }
  return nodes;
}

/** One letter per hidden layer, and the output's. An element's own letters do not change the output layer (n2p2). */
function activationsOf(table: KeywordTable, element: number): Activation[] {
  const layers = hiddenLayers(table, element);
  const global = requiredLine(table, "global_activation_short");
  const own = ofElement(table, "element_activation_short", element)[0];
  const letter = (line: KeywordLine, index: number): Activation => {
    const found = line.args[index];
    if (found !== undefined && found.length === 1 && letters.includes(found)) return found as Activation;
    const where = { file: table.file, line: line.line };
    const expected = `one of ${[...letters].join(", ")}`;
    throw badArgument(where, { keyword: line.keyword, index, found, expected });
  };
  const hidden = Array.from({ length: layers }, (_, l) => (own === undefined ? letter(global, l) : letter(own, l + 1)));
  // A file without a letter for the output layer means a linear one.
  const output = global.args[layers] === undefined ? "l" : letter(global, layers);
  return [...hidden, output];
}

/** The numbers of a weights file. */
export function parseWeights(text: string, file: string): Float64Array {
  const values: number[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const [word] = raw
      .replace(/[#!].*/, "")
      .trim()
      .split(/\s+/);
    if (word === undefined || word === "") return;
    const value = parseNumber(word);
    if (value === undefined || !Number.isFinite(value))
      throw new InputError({
        code: "malformed-number",
        where: { file, line: index + 1 },
        problem: `The weight reads ${JSON.stringify(word)}.`,
        expected: "Expected a finite number.",
        remedy: "A NaN comes of a fit that failed: take the weights of an earlier epoch.",
      });
    values.push(value);
  });
  return Float64Array.from(values);
}

/** Shape and weights together; they must fit. */
export function networkOf(shape: NetworkShape, parameters: Float64Array, file: string): Network {
  const expected = parameterCount(shape);
  if (parameters.length === expected) return { ...shape, parameters };
  throw new InputError({
    code: "weights-length",
    where: { file },
    problem: `The file has ${parameters.length} numbers.`,
    expected: `A network ${shape.nodes.join("-")} has ${expected} weights and biases.`,
    remedy: "Weights, input.nn and scaling.data must come from the same fit.",
  });
}

/** A weights file, with layers and neurons counted from 0 and 1 as in n2p2. */
export function weightsText({ nodes, parameters }: Network): string {
  const lines = ["# value kind(a weight, b bias) index layer neuron [layer neuron]"];
  let at = 0;
  const add = (kind: "a" | "b", place: readonly number[]): void => {
    lines.push(`${exponentText(parameters[at])} ${kind} ${at + 1} ${place.join(" ")}`);
    at++;
  };
  for (let l = 1; l < nodes.length; l++) {
    for (let j = 1; j <= nodes[l - 1]; j++) for (let k = 1; k <= nodes[l]; k++) add("a", [l - 1, j, l, k]);
    for (let k = 1; k <= nodes[l]; k++) add("b", [l, k]);
  }
  return `${lines.join("\n")}\n`;
}

/** What n2p2 would do otherwise than a reader of the file expects. */
export function networkWarnings(table: KeywordTable): Trouble[] {
  return linesOf(table, "element_activation_short").flatMap((line) => {
    const own = line.args.at(-1);
    const global = lineOf(table, "global_activation_short")?.args.at(-1);
    if (line.args.length < 3 || own === global) return [];
    return [
      {
        code: "output-activation",
        where: { file: table.file, line: line.line },
        problem: `The output layer of ${line.args[0]} keeps the global activation "${global}", as in n2p2, not "${own}".`,
        remedy: 'Give the output\'s activation in "global_activation_short".',
      },
    ];
  });
}
