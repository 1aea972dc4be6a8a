/**
 * n2p2's order of elements and functions: the order of the rows of `scaling.data` and of a network's inputs, whatever the
 * order in which the functions were given.
 *
 * Elements ascend by atomic number. The functions of an element ascend by type, then by these keys:
 *
 *   2, 12                 cutoff type, α, rc, η, rs, neighbour
 *   3, 9, 13              cutoff type, α, rc, η, rs, ζ, λ, neighbours
 *   20, 23                core (as text: "e" < "ea" < "p1" < "p2" < "p2a"), neighbour, rc, rl
 *   21, 22, 24, 25        core, neighbours, rc, rl, left angle, right angle
 *
 * tests/reference/n2p2-reference.test.ts confirms it: another order gives other energies.
 */
import {
  type CompactShape,
  type ElementDescriptors,
  isAngular,
  isCompact,
  type SymmetryFunction,
} from "./definition.js";

/** "p2", "ea": n2p2's name of a compact core. */
export const subtypeOf = ({ core, asymmetric }: Pick<CompactShape, "core" | "asymmetric">): string =>
  asymmetric ? `${core}a` : core;

type Key = readonly (number | string)[];

function keyOf(f: SymmetryFunction): Key {
  if (isCompact(f)) {
    const radial = [f.type, subtypeOf(f), ...f.neighbors, f.rc, f.rl];
    return isAngular(f) ? [...radial, f.angleLeft, f.angleRight] : radial;
  }
  const radial = [f.type, f.cutoff.type, f.cutoff.alpha, f.rc, f.eta, f.rs];
  return isAngular(f) ? [...radial, f.zeta, f.lambda, ...f.neighbors] : [...radial, ...f.neighbors];
}

/** Negative where `a` comes before `b`; 0 only for equal functions. */
export function compareFunctions(a: SymmetryFunction, b: SymmetryFunction): number {
  const [keysA, keysB] = [keyOf(a), keyOf(b)];
  for (let i = 0; i < keysA.length; i++) {
    if (keysA[i] < keysB[i]) return -1;
    if (keysA[i] > keysB[i]) return 1;
  }
  return 0;
}

/** The functions in n2p2's order; each one's neighbours in ascending order. */
export const orderFunctions = (functions: readonly SymmetryFunction[]): SymmetryFunction[] =>
  functions.map((f) => ({ ...f, neighbors: [...f.neighbors].sort((a, b) => a - b) })).sort(compareFunctions);

/** Elements and their functions in n2p2's order. */
export const orderDescriptors = (descriptors: readonly ElementDescriptors[]): ElementDescriptors[] =>
  [...descriptors]
    .sort((a, b) => a.element - b.element)
    .map(({ element, functions }) => ({ element, functions: orderFunctions(functions) }));
