/**
 * Symmetry functions as n2p2 writes them, after `symfunction_short`:
 *
 *   El  2 e1 η rs rc             El  3|9 e1 e2 η λ ζ rc [rs]
 *   El 12 η rs rc                El 13 η rs λ ζ rc               (rs before λ)
 *   El 20 e1 rl rc core          El 21|22 e1 e2 rl rc left right core
 *   El 23 rl rc core             El 24|25 rl rc left right core
 *
 * Lengths are in the file's unit, η in its inverse square, angles in degrees; a core is p1 … p4 or e, with "a" after it if
 * asymmetric. Source: n2p2's documentation, "NNP configuration: keywords".
 */
import {
  type CompactCore,
  type CompactShape,
  type Cutoff,
  isAngular,
  isCompact,
  type SymmetryFunction,
} from "../descriptors/definition.js";
import { subtypeOf } from "../descriptors/order.js";
import { InputError, type Place } from "../errors/index.js";
import { atomicNumber, elementSymbol } from "../structure/index.js";
import { badArgument, type KeywordLine, realAt } from "./n2p2-potential-lines.js";
import { numberText } from "./numbers.js";

/** The functions around one element: [central element, function]. */
export type CentralFunction = readonly [element: number, f: SymmetryFunction];

export interface FunctionContext {
  readonly file: string;
  /** The one cutoff of all Gaussian functions. */
  readonly cutoff: Cutoff;
  /** Atomic numbers that a function may name; any element where undefined. */
  readonly elements?: readonly number[];
}

const layouts = {
  2: ["e1", "eta", "rs", "rc"],
  3: ["e1", "e2", "eta", "lambda", "zeta", "rc", "rs?"],
  9: ["e1", "e2", "eta", "lambda", "zeta", "rc", "rs?"],
  12: ["eta", "rs", "rc"],
  13: ["eta", "rs", "lambda", "zeta", "rc"],
  20: ["e1", "rl", "rc", "core"],
  21: ["e1", "e2", "rl", "rc", "angleLeft", "angleRight", "core"],
  22: ["e1", "e2", "rl", "rc", "angleLeft", "angleRight", "core"],
  23: ["rl", "rc", "core"],
  24: ["rl", "rc", "angleLeft", "angleRight", "core"],
  25: ["rl", "rc", "angleLeft", "angleRight", "core"],
} as const;
type FunctionType = keyof typeof layouts;

/** One line, lengths still in the file's unit. */
export function parseFunction(entry: KeywordLine, context: FunctionContext): CentralFunction {
  const where = { file: context.file, line: entry.line };
  const element = elementAt(entry, 0, context);
  const type = functionType(entry, where);
  const layout: readonly string[] = layouts[type];
  const position = (name: string): number => 2 + layout.findIndex((entryName) => entryName.replace("?", "") === name);
  const real = (name: string): number => {
    const at = position(name);
    return layout.includes(`${name}?`) && entry.args[at] === undefined ? 0 : realAt(entry, at, context.file);
  };
  const names = layout.filter((name) => name === "e1" || name === "e2");
  const neighbors = names.map((name) => elementAt(entry, position(name), context)).sort((a, b) => a - b);
  if (entry.args.length > 2 + layout.length) throw tooManyArguments(entry, { where, layout });

  const gaussian = () => ({ eta: real("eta"), rs: real("rs"), rc: real("rc"), cutoff: context.cutoff });
  const compact = () => ({ rl: real("rl"), rc: real("rc"), ...coreAt(entry, position("core"), where) });
  const power = () => ({ lambda: real("lambda"), zeta: real("zeta") });
  const window = () => ({ angleLeft: real("angleLeft"), angleRight: real("angleRight") });
  switch (type) {
    case 2:
    case 12:
      return [element, checked({ type, neighbors, ...gaussian() }, where)];
    case 3:
    case 9:
    case 13:
      return [element, checked({ type, neighbors, ...gaussian(), ...power() }, where)];
    case 20:
    case 23:
      return [element, checked({ type, neighbors, ...compact() }, where)];
    default:
      return [element, checked({ type, neighbors, ...compact(), ...window() }, where)];
  }
}

function functionType({ args }: KeywordLine, where: Place): FunctionType {
  const type = Number(args[1]);
  if (type in layouts) return type as FunctionType;
  throw new InputError({
    code: "unknown-function-type",
    where,
    problem: args[1] === undefined ? "The type of the function is missing." : `The function has type ${args[1]}.`,
    expected: `Types are ${Object.keys(layouts).join(", ")}.`,
    remedy: "Use one of these types.",
  });
}

function elementAt(entry: KeywordLine, index: number, { file, elements }: FunctionContext): number {
  const found = entry.args[index];
  const z = found === undefined ? undefined : atomicNumber(found);
  const where = { file, line: entry.line };
  if (z === undefined) throw badArgument(where, { keyword: entry.keyword, index, found, expected: "an element" });
  if (elements === undefined || elements.includes(z)) return z;
  throw new InputError({
    code: "element-not-listed",
    where,
    problem: `The function names ${found}.`,
    expected: `The elements are ${elements.map(elementSymbol).join(", ")}.`,
    remedy: `Add ${found} to the line "elements", or remove the function.`,
  });
}

function coreAt(entry: KeywordLine, index: number, where: Place): Pick<CompactShape, "core" | "asymmetric"> {
  const found = entry.args[index];
  const match = /^(p[1-4]|e)(a?)$/.exec(found ?? "");
  if (match !== null) return { core: match[1] as CompactCore, asymmetric: match[2] === "a" };
  const expected = "p1, p2, p3, p4 or e, with or without an a after it";
  throw badArgument(where, { keyword: entry.keyword, index, found, expected });
}

function tooManyArguments(
  entry: KeywordLine,
  { where, layout }: { where: Place; layout: readonly string[] },
): InputError {
  return new InputError({
    code: "too-many-arguments",
    where,
    problem: `A function of type ${entry.args[1]} has ${entry.args.length} arguments here.`,
    expected: `Expected: element type ${layout.join(" ")}.`,
    remedy: "Remove what is too much; a comment needs a # before it.",
  });
}

/** n2p2's own conditions. */
function checked<F extends SymmetryFunction>(f: F, where: Place): F {
  const fault = faultOf(f);
  if (fault === undefined) return f;
  throw new InputError({ code: "function-out-of-range", where, ...fault, remedy: "Correct the line." });
}

function faultOf(f: SymmetryFunction): { problem: string; expected: string } | undefined {
  if (!(f.rc > 0)) return { problem: `rc is ${f.rc}.`, expected: "Expected a length above 0." };
  if (isCompact(f) && !(f.rl < f.rc)) return { problem: `rl is ${f.rl}, rc ${f.rc}.`, expected: "Expected rl < rc." };
  if (!isAngular(f)) return undefined;
  if (!isCompact(f)) return f.zeta > 0 ? undefined : { problem: `ζ is ${f.zeta}.`, expected: "Expected ζ > 0." };
  const { angleLeft: left, angleRight: right } = f;
  const problem = `The angles go from ${left} to ${right} degrees.`;
  if (!(left < right)) return { problem, expected: "Expected the left one to be smaller." };
  const twice = left + right;
  if ((left < 0 && twice !== 0) || (right > 180 && twice !== 360) || right - left > 360)
    return { problem, expected: "Expected a range in [0, 180], or one centred on 0 or 180 and at most 360 wide." };
  return undefined;
}

/** Lengths times `factor`, η by its inverse square; angles stay. */
export function rescaleFunction(f: SymmetryFunction, factor: number): SymmetryFunction {
  if (factor === 1) return f;
  if (isCompact(f)) return { ...f, rl: f.rl * factor, rc: f.rc * factor };
  return { ...f, eta: f.eta / (factor * factor), rs: f.rs * factor, rc: f.rc * factor };
}

/** The arguments of `symfunction_short`, in the units that the function is in. */
export function functionText(element: number, f: SymmetryFunction): string {
  const n = numberText;
  const head = [elementSymbol(element), String(f.type), ...f.neighbors.map(elementSymbol)];
  return [...head, ...parametersOf(f).map((p) => (typeof p === "number" ? n(p) : p))].join(" ");
}

function parametersOf(f: SymmetryFunction): (number | string)[] {
  if (isCompact(f)) {
    const window = isAngular(f) ? [f.angleLeft, f.angleRight] : [];
    return [f.rl, f.rc, ...window, subtypeOf(f)];
  }
  if (!isAngular(f)) return [f.eta, f.rs, f.rc];
  if (f.type === 13) return [f.eta, f.rs, f.lambda, f.zeta, f.rc];
  return [f.eta, f.lambda, f.zeta, f.rc, ...(f.rs === 0 ? [] : [f.rs])];
}
