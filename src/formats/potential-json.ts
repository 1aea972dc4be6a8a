/**
 * Potluck's own potential file: one JSON object that carries everything. Numbers are written in the shortest form that
 * reads back to the same bits.
 */
import type { CutoffType, ElementDescriptors, Scaling, SymmetryFunction } from "../descriptors/definition.js";
import { InputError } from "../errors/index.js";
import type { Activation } from "../networks/definition.js";
import {
  checkDropout,
  hiddenUnits,
  type NetworkShape,
  packKept,
  parameterCount,
  unpackKept,
} from "../networks/index.js";
import type { Member, MemberDropout, NetworkPotential } from "../potentials/definition.js";
import { atomicNumber, elementSymbol } from "../structure/index.js";

export const POTENTIAL_FORMAT = "potluck-potential";
/** Newest version of the format that this program reads. 2: members may have dropout; without it, version 1 is still written. */
export const POTENTIAL_VERSION = 2;

/** What is known about a potential beside the potential itself; plain JSON values. */
export type PotentialRecord = Readonly<Record<string, unknown>>;

export function writePotentialJson(potential: NetworkPotential, record: PotentialRecord = {}): string {
  const file = {
    format: POTENTIAL_FORMAT,
    version: potential.members.some(({ dropout }) => dropout !== undefined) ? 2 : 1,
    units: { length: "angstrom", energy: "eV" },
    elements: potential.descriptors.map((d) => elementSymbol(d.element)),
    descriptors: potential.descriptors.map((d) => ({
      element: elementSymbol(d.element),
      functions: d.functions.map((f) => ({ ...f, neighbors: f.neighbors.map(elementSymbol) })),
    })),
    members: potential.members.map((member) => ({
      ...(member.seed === undefined ? {} : { seed: member.seed }),
      energyScale: member.energyScale,
      referenceEnergies: member.referenceEnergies,
      ...(member.dropout === undefined ? {} : { dropout: dropoutRecord(member.dropout) }),
      elements: member.elements.map(({ scaling, network }) => ({
        scaling: {
          ...scaling,
          min: numbers(scaling.min),
          max: numbers(scaling.max),
          mean: numbers(scaling.mean),
          sigma: numbers(scaling.sigma),
        },
        network: { ...network, parameters: numbers(network.parameters) },
      })),
    })),
    ...record,
  };
  return `${JSON.stringify(file, null, 1).replace(/\[\s+(-?[\d.eE+-]+(?:,\s+-?[\d.eE+-]+)*)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, " ")}]`)}\n`;
}

/** Masks are bits, [pass][hidden neuron], a text for each element. */
function dropoutRecord({ seed, masks }: MemberDropout): Json {
  const { probability, passes } = masks[0]!;
  return { probability, passes, seed, masks: masks.map(({ kept }) => packKept(kept)) };
}

/** JSON has no infinities; an unknown range is written as null. */
const numbers = (values: Float64Array): (number | null)[] => Array.from(values, (x) => (Number.isFinite(x) ? x : null));

export interface PotentialFile {
  readonly potential: NetworkPotential;
  readonly record: PotentialRecord;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads the text of a potential file. */
export function readPotentialJson(text: string, file: string): PotentialFile {
  const fail = (code: string, problem: string, remedy: string): never => {
    throw new InputError({ code, where: { file }, problem, remedy });
  };
  let root: Json;
  try {
    root = JSON.parse(text) as Json;
  } catch (error) {
    return fail(
      "malformed-potential",
      `The file is not complete JSON (${error instanceof Error ? error.message : error}).`,
      "Copy the file again from where it was made.",
    );
  }
  if (root === null || typeof root !== "object" || root.format !== POTENTIAL_FORMAT)
    return fail("not-a-potential", "This is not a Potluck potential.", "Give a potential.json, or an n2p2 directory.");
  if (typeof root.version !== "number" || root.version > POTENTIAL_VERSION)
    return fail(
      "newer-version",
      `The potential was written by a newer version of Potluck (format ${root.version}, this one reads up to ${POTENTIAL_VERSION}).`,
      "Update Potluck.",
    );
  try {
    const { format: _f, version: _v, units: _u, elements: _e, descriptors, members, ...record } = root;
    const parsed = (descriptors as Json[]).map(readDescriptors);
    const potential = { descriptors: parsed, members: (members as Json[]).map((m) => readMember(m, parsed)) };
    return { potential, record };
  } catch (error) {
    return fail(
      "malformed-potential",
      `The potential cannot be understood: ${error instanceof Error ? error.message : error}.`,
      "Copy the file again from where it was made; it may have been edited or cut off.",
    );
  }
}

function elementOf(symbol: unknown): number {
  const z = atomicNumber(String(symbol));
  if (z === undefined) throw new Error(`"${String(symbol)}" is no element`);
  return z;
}

function finite(value: unknown, what: string): number {
  if (typeof value !== "number" || !Number.isFinite(value))
    throw new Error(`${what} is ${JSON.stringify(value)}, not a number`);
  return value;
}

function readDescriptors(json: Json): ElementDescriptors {
  const functions = (json.functions as Json[]).map((f) => {
    for (const [key, value] of Object.entries(f)) if (typeof value === "number") finite(value, key);
    const type = finite(f.type, "function type");
    if (![2, 3, 9, 12, 13, 20, 21, 22, 23, 24, 25].includes(type)) throw new Error(`function type ${type} is unknown`);
    const cutoff = f.cutoff as { type: CutoffType; alpha: number } | undefined;
    if (type < 20 && cutoff === undefined) throw new Error(`a function of type ${type} has no cutoff`);
    return { ...f, neighbors: (f.neighbors as unknown[]).map(elementOf) } as unknown as SymmetryFunction;
  });
  return { element: elementOf(json.element), functions };
}

function readMember(json: Json, descriptors: readonly ElementDescriptors[]): Member {
  const elements = (json.elements as Json[]).map((e, i) => {
    const functions = descriptors[i]!.functions.length;
    const symbol = elementSymbol(descriptors[i]!.element);
    const network = e.network as Json;
    const nodes = (network.nodes as unknown[]).map((n) => finite(n, "nodes"));
    if (nodes[0] !== functions)
      throw new Error(`the network of ${symbol} has ${nodes[0]} inputs for ${functions} functions`);
    const shape = {
      nodes,
      activations: network.activations as Activation[],
      normalizeNodes: network.normalizeNodes === true,
    };
    const parameters = Float64Array.from(network.parameters as number[], (x) => finite(x, `a weight of ${symbol}`));
    if (parameters.length !== parameterCount(shape))
      throw new Error(`the network of ${symbol} has ${parameters.length} weights in place of ${parameterCount(shape)}`);
    return { scaling: readScaling(e.scaling as Json, { functions, symbol }), network: { ...shape, parameters } };
  });
  const shapes = elements.map(({ network }) => network);
  return {
    ...(json.seed === undefined ? {} : { seed: finite(json.seed, "seed") }),
    ...(json.dropout === undefined ? {} : { dropout: readDropout(json.dropout as Json, shapes) }),
    energyScale: finite(json.energyScale, "energyScale"),
    referenceEnergies: (json.referenceEnergies as unknown[]).map((x) => finite(x, "reference energy")),
    elements,
  };
}

function readDropout(json: Json, shapes: readonly NetworkShape[]): MemberDropout {
  const probability = finite(json.probability, "dropout probability");
  const passes = finite(json.passes, "dropout passes");
  const texts = json.masks as string[];
  const masks = shapes.map((shape, e) => {
    const units = hiddenUnits(shape);
    checkDropout({ probability, passes, units });
    return { probability, passes, atoms: 1, kept: unpackKept(String(texts[e]), passes * units) };
  });
  return { seed: finite(json.seed, "dropout seed"), masks };
}

function readScaling(json: Json, { functions, symbol }: { functions: number; symbol: string }): Scaling {
  const list = (key: string, unknown: number): Float64Array => {
    const values = Float64Array.from(json[key] as (number | null)[], (x) => (x === null ? unknown : finite(x, key)));
    if (values.length !== functions)
      throw new Error(`${key} of ${symbol} has ${values.length} values for ${functions} functions`);
    return values;
  };
  return {
    mode: json.mode as Scaling["mode"],
    low: finite(json.low, "low"),
    high: finite(json.high, "high"),
    min: list("min", Number.NEGATIVE_INFINITY),
    max: list("max", Number.POSITIVE_INFINITY),
    mean: list("mean", Number.NaN),
    sigma: list("sigma", Number.NaN),
  };
}
