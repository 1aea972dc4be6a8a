/**
 * Crystals from their lattice constants. Cubic ones come in the conventional cell, so that Miller indices mean what they
 * mean in print; `primitiveCell` gives the smallest cell.
 */
import { InputError } from "../errors/index.js";
import { atomicNumber, elementSymbols } from "./elements.js";
import type { Structure } from "./structure.js";

/** Symbol ("Cu") or atomic number. */
export type Element = string | number;

type Site = readonly [number, number, number];

const CORNER: readonly Site[] = [[0, 0, 0]];
const BODY: readonly Site[] = [
  [0, 0, 0],
  [0.5, 0.5, 0.5],
];
const FACES: readonly Site[] = [
  [0, 0, 0],
  [0, 0.5, 0.5],
  [0.5, 0, 0.5],
  [0.5, 0.5, 0],
];

const moved = (sites: readonly Site[], by: number): Site[] => sites.map(([x, y, z]) => [x + by, y + by, z + by]);

/** Simple cubic, one atom; `a` in Å. Every builder throws InputError (`unknown-element`, `bad-lattice-constant`). */
export const simpleCubic = (element: Element, a: number): Structure => cubic([[element, CORNER]], a);

/** Body-centred cubic, 2 atoms; `a` in Å. */
export const bcc = (element: Element, a: number): Structure => cubic([[element, BODY]], a);

/** Face-centred cubic, 4 atoms; `a` in Å. */
export const fcc = (element: Element, a: number): Structure => cubic([[element, FACES]], a);

/** Diamond, 8 atoms; `a` in Å. */
export const diamond = (element: Element, a: number): Structure =>
  cubic([[element, [...FACES, ...moved(FACES, 0.25)]]], a);

/** Zincblende: `first` on an fcc lattice and `second` at (¼ ¼ ¼) from it, 8 atoms; `a` in Å. */
export const zincblende = (elements: readonly [Element, Element], a: number): Structure =>
  cubic(
    [
      [elements[0], FACES],
      [elements[1], moved(FACES, 0.25)],
    ],
    a,
  );

/** Rocksalt: two fcc lattices (½ ½ ½) apart, 8 atoms; `a` in Å. */
export const rocksalt = (elements: readonly [Element, Element], a: number): Structure =>
  cubic(
    [
      [elements[0], FACES],
      [elements[1], moved(FACES, 0.5)],
    ],
    a,
  );

/** Caesium chloride: two simple cubic lattices (½ ½ ½) apart, 2 atoms; `a` in Å. */
export const caesiumChloride = (elements: readonly [Element, Element], a: number): Structure =>
  cubic(
    [
      [elements[0], CORNER],
      [elements[1], moved(CORNER, 0.5)],
    ],
    a,
  );

/** Hexagonal close packing, 2 atoms, a along x and c along z, 120° between a and b; `c` in Å, default √(8/3)·a (touching spheres). */
export function hcp(element: Element, a: number, c: number = Math.sqrt(8 / 3) * a): Structure {
  const z = numberOf(element);
  checkLength(a, "a");
  checkLength(c, "c");
  const height = (Math.sqrt(3) / 2) * a;
  return {
    species: Uint8Array.of(z, z),
    positions: Float64Array.of(0, 0, 0, 0, (2 / 3) * height, c / 2),
    cell: Float64Array.of(a, 0, 0, -a / 2, height, 0, 0, 0, c),
    periodic: [true, true, true],
  };
}

function cubic(groups: readonly (readonly [Element, readonly Site[]])[], a: number): Structure {
  checkLength(a, "a");
  const species = groups.flatMap(([element, sites]) => sites.map(() => numberOf(element)));
  const sites = groups.flatMap(([, each]) => each);
  // Sites that are moved out of the cell (¾ + ½) come back to its other side.
  const positions = sites.flatMap((site) => site.map((f) => (f - Math.floor(f)) * a));
  return {
    species: Uint8Array.from(species),
    positions: Float64Array.from(positions),
    cell: Float64Array.of(a, 0, 0, 0, a, 0, 0, 0, a),
    periodic: [true, true, true],
  };
}

function numberOf(element: Element): number {
  const z = typeof element === "number" ? element : atomicNumber(element);
  if (z !== undefined && Number.isInteger(z) && z > 0 && z < elementSymbols.length) return z;
  throw new InputError({
    code: "unknown-element",
    problem: `There is no element "${element}".`,
    expected: "A chemical symbol such as Cu, or an atomic number from 1 to 118.",
    remedy: "Correct the element; capital letters matter.",
  });
}

function checkLength(length: number, name: string): void {
  if (length > 0 && Number.isFinite(length)) return;
  throw new InputError({
    code: "bad-lattice-constant",
    problem: `The lattice constant ${name} is ${length} Å.`,
    expected: "A finite length above 0 Å.",
    remedy: "Correct the lattice constant.",
  });
}
