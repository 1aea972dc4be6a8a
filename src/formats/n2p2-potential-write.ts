/**
 * A potential as an n2p2 directory, for `nnp-predict` and LAMMPS's `pair_style hdnnp`.
 *
 * n2p2 has no scale on a network's output, so `energyScale` is multiplied into the linear output layer; where the output is
 * not linear it becomes `conv_energy`. Functions are put into n2p2's order in the file's units. A function without range
 * gets the factor 0 here, but n2p2 divides by its range: its weights are written as 0 and its range as 1.
 */
import type { Scaling, SymmetryFunction } from "../descriptors/definition.js";
import { isCompact } from "../descriptors/definition.js";
import { compareFunctions } from "../descriptors/order.js";
import { affineOf } from "../descriptors/scaling.js";
import { InputError } from "../errors/index.js";
import type { Network } from "../networks/definition.js";
import type { NetworkPotential } from "../potentials/definition.js";
import { elementSymbol } from "../structure/index.js";
import { angstromElectronvolt, type UnitSystem } from "../units/index.js";
import { functionText, rescaleFunction } from "./n2p2-potential-functions.js";
import { weightsText } from "./n2p2-potential-networks.js";
import { isAsymmetricExponential } from "./n2p2-potential-quirks.js";
import { scalingText } from "./n2p2-potential-scaling.js";
import { numberText } from "./numbers.js";

export interface WriteN2p2Options {
  /** Units of the written files. Default: Å and eV. */
  readonly units?: UnitSystem;
  /** Which member of a committee. Default: the only one. */
  readonly member?: number;
  /** Lines to add, keyword → arguments. */
  readonly trainingKeywords?: ReadonlyMap<string, string>;
}

export interface N2p2Files {
  readonly inputNn: string;
  readonly scalingData: string;
  /** By atomic number; the names are `weightsName(z)`. */
  readonly weights: ReadonlyMap<number, string>;
}

/** What is written for one element. */
interface ElementPart {
  readonly element: number;
  readonly functions: readonly SymmetryFunction[];
  readonly scaling: Scaling;
  readonly network: Network;
  /** In the file's unit. */
  readonly referenceEnergy: number;
}

export function writeN2p2Potential(potential: NetworkPotential, options: WriteN2p2Options = {}): N2p2Files {
  const units = options.units ?? angstromElectronvolt;
  const member = potential.members[onlyMember(potential, options.member)];
  const scale = member.energyScale / units.energy;
  const linear = member.elements.every(({ network }) => network.activations.at(-1) === "l");
  const parts = potential.descriptors.map(({ element, functions }, e): ElementPart => {
    const { scaling, network } = member.elements[e];
    const part = { element, functions, scaling, network, referenceEnergy: member.referenceEnergies[e] / units.energy };
    return scaleOutput(plainTanh(withoutRangeless(ordered(part, units))), linear ? scale : 1);
  });
  return {
    inputNn: inputText(parts, { conversion: linear ? undefined : 1 / scale, extra: options.trainingKeywords }),
    scalingData: scalingText(parts.map((part) => part.scaling)),
    weights: new Map(parts.map((part) => [part.element, weightsText(part.network)])),
  };
}

function onlyMember({ members }: NetworkPotential, asked: number | undefined): number {
  if (asked !== undefined && members[asked] !== undefined) return asked;
  if (asked === undefined && members.length === 1) return 0;
  throw unwritable(
    "committee",
    `The potential is a committee of ${members.length}${asked === undefined ? "" : ` and has no member ${asked + 1}`}.`,
    "n2p2 knows no committees: write each member into a directory of its own.",
  );
}

const unwritable = (code: string, problem: string, remedy: string): InputError =>
  new InputError({ code, problem, remedy });

/** Functions in the file's units and n2p2's order; statistics and first layer follow. */
function ordered(part: ElementPart, units: UnitSystem): ElementPart {
  checkCores(part);
  const converted = part.functions.map((f) => ({
    ...rescaleFunction(f, 1 / units.length),
    neighbors: [...f.neighbors].sort((a, b) => a - b),
  }));
  const order = converted.map((_, s) => s).sort((a, b) => compareFunctions(converted[a], converted[b]));
  const { scaling, network } = part;
  const pick = (values: Float64Array): Float64Array => Float64Array.from(order, (s) => values[s]);
  const outputs = network.nodes[1];
  const parameters = network.parameters.slice();
  order.forEach((s, at) => {
    parameters.set(network.parameters.subarray(s * outputs, (s + 1) * outputs), at * outputs);
  });
  return {
    ...part,
    functions: order.map((s) => converted[s]),
    scaling: {
      ...scaling,
      min: pick(scaling.min),
      max: pick(scaling.max),
      mean: pick(scaling.mean),
      sigma: pick(scaling.sigma),
    },
    network: { ...network, parameters },
  };
}

function checkCores({ element, functions }: ElementPart): void {
  if (!functions.some(isAsymmetricExponential)) return;
  throw unwritable(
    "asymmetric-exponential",
    `A function around ${elementSymbol(element)} has the asymmetric exponential core, which n2p2 evaluates as the symmetric one.`,
    "Keep this potential in Potluck's own format, or fit one with an asymmetric polynomial (p2a).",
  );
}

/** Inputs with factor 0 are constants: their share goes into the biases. */
function withoutRangeless(part: ElementPart): ElementPart {
  const { factor, offset } = affineOf(part.scaling);
  if (!factor.includes(0)) return part;
  const { nodes, parameters: before } = part.network;
  const parameters = before.slice();
  const [max, sigma] = [part.scaling.max.slice(), part.scaling.sigma.slice()];
  factor.forEach((value, s) => {
    if (value !== 0) return;
    if (part.scaling.mode === "scale-sigma") sigma[s] = 1;
    else max[s] = part.scaling.min[s] + 1;
    for (let k = 0; k < nodes[1]; k++) {
      parameters[nodes[0] * nodes[1] + k] += offset[s] * before[s * nodes[1] + k];
      parameters[s * nodes[1] + k] = 0;
    }
  });
  return { ...part, scaling: { ...part.scaling, max, sigma }, network: { ...part.network, parameters } };
}

/** aenet's 1.7159 tanh(2x/3) as n2p2's tanh: 2/3 into the layer before it, 1.7159 into the weights after it. */
function plainTanh(part: ElementPart): ElementPart {
  const { network } = part;
  const letters = network.activations;
  const odd = letters.find((letter, l) => letter === "w" || (letter === "m" && l === letters.length - 1));
  if (odd !== undefined)
    throw unwritable(
      "activation-not-in-n2p2",
      `The network of ${elementSymbol(part.element)} has the activation "${odd}", which n2p2 does not know.`,
      "Keep this potential in Potluck's own format, or fit one with n2p2's activations.",
    );
  if (!letters.includes("m")) return part;
  const parameters = network.parameters.slice();
  let at = 0;
  letters.forEach((letter, l) => {
    const weights = network.nodes[l] * network.nodes[l + 1];
    const end = at + weights + network.nodes[l + 1];
    const inside = letter === "m" ? 2 / 3 : 1;
    const before = letters[l - 1] === "m" ? 1.7159 : 1;
    for (let i = at; i < end; i++) parameters[i] *= i < at + weights ? inside * before : inside;
    at = end;
  });
  return { ...part, network: { ...network, parameters, activations: letters.map((a) => (a === "m" ? "t" : a)) } };
}

/** Multiplies the weights and the bias of the output neuron. */
function scaleOutput(part: ElementPart, factor: number): ElementPart {
  const { nodes, parameters: before } = part.network;
  const first = before.length - nodes[nodes.length - 2] - 1;
  const parameters = before.map((w, i) => (i < first ? w : factor * w));
  return { ...part, network: { ...part.network, parameters } };
}

interface InputOptions {
  readonly conversion: number | undefined;
  readonly extra: ReadonlyMap<string, string> | undefined;
}

function inputText(parts: readonly ElementPart[], { conversion, extra }: InputOptions): string {
  const lines: [string, string][] = [
    ["number_of_elements", String(parts.length)],
    ["elements", parts.map((part) => elementSymbol(part.element)).join(" ")],
    ...parts.map(atomEnergyLine),
    ["cutoff_type", cutoffText(parts)],
    ...scalingLines(parts),
    ...networkLines(parts),
  ];
  if (conversion !== undefined)
    lines.push(["mean_energy", "0"], ["conv_energy", numberText(conversion)], ["conv_length", "1"]);
  lines.push(...(extra ?? []));
  for (const { element, functions } of parts)
    for (const f of functions) lines.push(["symfunction_short", functionText(element, f)]);
  return `${lines.map(([keyword, args]) => (args === "" ? keyword : `${keyword} ${args}`)).join("\n")}\n`;
}

const atomEnergyLine = ({ element, referenceEnergy }: ElementPart): [string, string] => [
  "atom_energy",
  `${elementSymbol(element)} ${numberText(referenceEnergy)}`,
];

/** One cutoff function for all: n2p2's `cutoff_type` stands for the whole file. */
function cutoffText(parts: readonly ElementPart[]): string {
  const found = new Set<string>();
  for (const { functions } of parts)
    for (const f of functions) if (!isCompact(f)) found.add(`${f.cutoff.type} ${numberText(f.cutoff.alpha)}`);
  const [first = "1 0", second] = found;
  if (second === undefined) return first;
  throw unwritable(
    "mixed-cutoffs",
    `The functions have different cutoffs (type and α): ${[...found].join("; ")}.`,
    "n2p2 has one cutoff function per potential: keep this one in Potluck's own format.",
  );
}

function scalingLines(parts: readonly ElementPart[]): [string, string][] {
  const kinds = new Set(parts.map(({ scaling }) => `${scaling.mode} ${scaling.low} ${scaling.high}`));
  if (kinds.size > 1)
    throw unwritable(
      "mixed-scaling",
      "The elements are scaled in different ways.",
      "n2p2 has one scaling per potential.",
    );
  const { mode, low, high } = parts[0].scaling;
  const keywords = {
    none: [],
    scale: ["scale_symmetry_functions"],
    center: ["center_symmetry_functions"],
    "scale-center": ["scale_symmetry_functions", "center_symmetry_functions"],
    "scale-sigma": ["scale_symmetry_functions_sigma"],
  }[mode];
  return [
    ...keywords.map((keyword): [string, string] => [keyword, ""]),
    ["scale_min_short", numberText(low)],
    ["scale_max_short", numberText(high)],
  ];
}

function networkLines(parts: readonly ElementPart[]): [string, string][] {
  const shapes = parts.map(({ network }) => network);
  const [first] = shapes;
  const text = (network: Network): string =>
    `${network.nodes.slice(1).join(" ")} ${network.activations.join(" ")} ${network.normalizeNodes}`;
  const other = parts.find(({ network }) => text(network) !== text(first));
  // n2p2 2.3 leaves the last hidden layer and the output at their global values, whatever an element's lines say.
  if (other !== undefined)
    throw unwritable(
      "mixed-networks",
      `The networks of ${elementSymbol(parts[0].element)} and ${elementSymbol(other.element)} differ in hidden layers or activations.`,
      "n2p2 reads such files wrongly: fit with equal networks, or keep this potential in Potluck's own format.",
    );
  const lines: [string, string][] = [["global_hidden_layers_short", String(first.nodes.length - 2)]];
  if (first.nodes.length > 2) lines.push(["global_nodes_short", first.nodes.slice(1, -1).join(" ")]);
  lines.push(["global_activation_short", first.activations.join(" ")]);
  if (first.normalizeNodes) lines.push(["normalize_nodes", ""]);
  return lines;
}
