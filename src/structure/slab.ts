/** Slabs: some atomic planes of a crystal between two surfaces (hkl), with vacuum above. */
import { InputError } from "../errors/index.js";
import { timesMatrix } from "../math/matrix3.js";
import { inverseCell, replicate, toFractional, volume } from "./cell.js";
import { checkStructure } from "./checks.js";
import { primitiveCell } from "./primitive.js";
import { type Miller, millerFor, surfaceFrame } from "./slab-cell.js";
import { heightsOf, planesOf, Stack } from "./slab-planes.js";
import type { Structure } from "./structure.js";

export interface SlabOptions {
  /** Of the plane, for the lattice vectors of the crystal that is given. */
  readonly miller: Miller;
  /** Atomic planes. */
  readonly layers: number;
  /** Between the slab and its next image, Å. Default 15. */
  readonly vacuum?: number;
  /** Copies along the two vectors in the plane. Default [1, 1]. */
  readonly copies?: readonly [number, number];
  /**
   * Whether both sides must look alike: the sequence of planes (elements and distances, the cut ones included) reads the
   * same from above and from below. Default true; false allows polar slabs.
   */
  readonly equivalentSides?: boolean;
  /** Lowest plane, counted from 0 in the crystal's period. Default: below it is the widest gap that fits. */
  readonly termination?: number;
  /** Atoms whose heights differ by less belong to one plane, Å. Default 0.05. */
  readonly planeTolerance?: number;
  /** Whether the vector along the normal repeats, as codes with plane waves need. Default false. */
  readonly periodicNormal?: boolean;
}

export interface Slab {
  /** Vectors a along x, b in the xy plane, c along z; atoms from the bottom up, centred in c. */
  readonly structure: Structure;
  /** Of one side, Å². */
  readonly area: number;
  /** Between the outermost planes, Å. */
  readonly thickness: number;
  /** Planes in one period of the crystal along the normal, and that period in Å. */
  readonly period: { readonly planes: number; readonly height: number };
  /** Lowest plane, counted from 0 in the period. */
  readonly termination: number;
  readonly equivalentSides: boolean;
}

/**
 * Cuts a slab from a crystal. Throws InputError (`bad-miller-indices`, `bad-slab`, `not-a-crystal`, `no-equivalent-sides`).
 */
export function slab(crystal: Structure, options: SlabOptions): Slab {
  const { layers, vacuum = 15, copies = [1, 1], equivalentSides = true, planeTolerance = 0.05 } = options;
  checkStructure(crystal);
  checkOptions(crystal, { layers, vacuum });
  const bulk = primitiveCell(crystal);
  const cell = bulk.cell as Float64Array;
  const frame = surfaceFrame(cell, millerFor(cell, { miller: options.miller, cell: crystal.cell as Float64Array }));
  const height = frame.turned[8];
  const fractional = toFractional(bulk.positions, frame.bulk);
  const planes = planesOf(bulk, { heights: heightsOf(fractional, height), height, planeTolerance });
  const stack = new Stack(planes, height);
  const termination = options.termination ?? stack.bestTermination(layers, equivalentSides);
  if (termination === undefined || (equivalentSides && !stack.isPalindrome(termination, layers)))
    throw noEquivalentSides(stack, options);
  const cut = assemble({ bulk, fractional, turned: frame.turned }, { stack, termination, layers, vacuum });
  const structure = replicate({ ...cut.structure, periodic: [true, true, options.periodicNormal ?? false] }, [
    ...copies,
    1,
  ]);
  return {
    structure,
    area: volume(structure.cell as Float64Array) / (structure.cell as Float64Array)[8],
    thickness: cut.thickness,
    period: { planes: planes.length, height },
    termination,
    equivalentSides: stack.isPalindrome(termination, layers),
  };
}

function checkOptions(crystal: Structure, numbers: { layers: number; vacuum: number }): void {
  if (crystal.cell === undefined || !crystal.periodic.every(Boolean) || crystal.species.length === 0)
    throw new InputError({
      code: "not-a-crystal",
      problem: "A slab can only be cut from atoms that repeat in three directions.",
      remedy: "Give a crystal with three periodic lattice vectors.",
    });
  const { layers, vacuum } = numbers;
  if (Number.isInteger(layers) && layers > 0 && vacuum > 0 && Number.isFinite(vacuum)) return;
  throw new InputError({
    code: "bad-slab",
    problem: `The slab has ${layers} layers and ${vacuum} Å of vacuum.`,
    expected: "A whole number of layers above 0, and a vacuum above 0 Å.",
    remedy: "Correct the layers or the vacuum.",
  });
}

function noEquivalentSides(stack: Stack, options: SlabOptions): InputError {
  const { layers, miller, termination } = options;
  const starts = termination === undefined ? stack.planes.map((_, k) => k) : [termination];
  const possible = Array.from({ length: 2 * stack.planes.length + layers }, (_, k) => k + 1)
    .filter((n) => starts.some((k) => stack.isPalindrome(k, n)))
    .sort((a, b) => Math.abs(a - layers) - Math.abs(b - layers))
    .slice(0, 4);
  return new InputError({
    code: "no-equivalent-sides",
    problem: `${layers} layers of (${miller.join(" ")}) have two different sides.`,
    expected:
      possible.length === 0
        ? "A surface that is not polar: here no number of layers has two equal sides."
        : `Numbers of layers near by with equal sides: ${possible.join(", ")}.`,
    remedy: "Choose other layers, another termination or other indices, or allow unequal sides.",
  });
}

function assemble(
  from: { bulk: Structure; fractional: Float64Array; turned: Float64Array },
  about: { stack: Stack; termination: number; layers: number; vacuum: number },
): { structure: Structure; thickness: number } {
  const { bulk, fractional, turned } = from;
  const { stack, termination, layers, vacuum } = about;
  const numbers = Array.from({ length: layers }, (_, k) => termination + k);
  const thickness = stack.heightOf(termination + layers - 1) - stack.heightOf(termination);
  const base = stack.heightOf(termination) - vacuum / 2;
  const cell = Float64Array.of(...turned.subarray(0, 6), 0, 0, thickness + vacuum);
  const inPlane = inverseCell(Float64Array.of(...turned.subarray(0, 6), 0, 0, 1));
  const species: number[] = [];
  const positions: number[] = [];
  for (const k of numbers) {
    for (const i of stack.plane(k).atoms) {
      const lateral = fractional.slice(3 * i, 3 * i + 3);
      const plane = stack.heightOf(k);
      // The image of the atom that lies in this plane: whole steps along w.
      lateral[2] += Math.round(plane / turned[8] - lateral[2]);
      const [x, y, z] = timesMatrix(lateral, turned);
      const f = timesMatrix([x, y, 0], inPlane).map((value) => snapped(value));
      const back = timesMatrix([f[0], f[1], 0], turned);
      species.push(bulk.species[i]);
      positions.push(back[0], back[1], z - base);
    }
  }
  return {
    structure: {
      species: Uint8Array.from(species),
      positions: Float64Array.from(positions),
      cell,
      periodic: [true, true, false],
    },
    thickness,
  };
}

/** Into [0, 1); what rounding left a hair below 1 goes to 0. */
const snapped = (f: number): number => {
  const g = f - Math.floor(f);
  return g > 1 - 1e-9 ? 0 : g;
};
