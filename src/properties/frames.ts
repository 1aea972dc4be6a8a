/** What all measurements of trajectories ask of their frames: the same atoms throughout, and a density where one is needed. */
import { InputError } from "../errors/index.js";
import { elementSymbol, type Structure, volume } from "../structure/index.js";

/** The atoms of the first frame, which every other must have too. */
export class Atoms {
  readonly species: Uint8Array;
  /** Ascending atomic numbers. */
  readonly elements: readonly number[];
  /** Index into `elements`, [atom]. */
  readonly kinds: Uint8Array;
  /** Atoms of each element, [element]. */
  readonly counts: readonly number[];
  #frames = 0;

  constructor({ species }: Structure) {
    this.species = species.slice();
    this.elements = [...new Set(species)].sort((a, b) => a - b);
    this.kinds = species.map((z) => this.elements.indexOf(z));
    this.counts = this.elements.map((z) => species.reduce((sum, y) => sum + (y === z ? 1 : 0), 0));
  }

  /** Throws InputError (`changed-atoms`). */
  check({ species }: Structure): void {
    this.#frames++;
    if (species.length === this.species.length && species.every((z, i) => z === this.species[i])) return;
    throw new InputError({
      code: "changed-atoms",
      where: { structure: this.#frames },
      problem: `This frame has ${species.length} atoms that are not the ${this.species.length} of the first one, in their order.`,
      remedy: "Measure trajectories of different atoms apart, and sort the atoms of dumps by their number.",
    });
  }
}

/** Å³; of the cell, or as given for what has none. Throws InputError (`no-volume`). */
export function volumeOf(structure: Structure, given: number | undefined): number {
  if (given !== undefined) return given;
  if (structure.cell !== undefined && structure.periodic.every(Boolean)) return volume(structure.cell);
  throw new InputError({
    code: "no-volume",
    problem: "A structure that does not repeat in three directions has no density of its own.",
    remedy: "Give the volume that its atoms fill, in Å³.",
  });
}

export interface PairCutoff {
  /** Atomic numbers, in either order. */
  readonly elements: readonly [number, number];
  /** Å */
  readonly cutoff: number;
}

/** Below which distance two atoms are neighbours: one for all, or one for each pair of elements. */
export type Cutoffs = number | readonly PairCutoff[];

export class CutoffTable {
  /** Å */
  readonly largest: number;
  readonly #table: ReadonlyMap<number, number> | number;

  constructor(cutoffs: Cutoffs) {
    const all = typeof cutoffs === "number" ? [cutoffs] : cutoffs.map((entry) => entry.cutoff);
    const wrong = all.find((cutoff) => !(cutoff > 0 && Number.isFinite(cutoff)));
    if (wrong !== undefined || all.length === 0)
      throw new InputError({
        code: "bad-cutoff",
        problem: `A cutoff is ${wrong ?? "missing"}.`,
        expected: "Finite lengths above 0 Å.",
        remedy: "Take the first minimum of the radial distribution function.",
      });
    this.largest = Math.max(...all);
    this.#table =
      typeof cutoffs === "number"
        ? cutoffs
        : new Map(
            cutoffs.flatMap(({ elements: [a, b], cutoff }) => [
              [256 * a + b, cutoff],
              [256 * b + a, cutoff],
            ]),
          );
  }

  /** Å. Throws InputError (`bad-cutoff`) for a pair that has none. */
  of(a: number, b: number): number {
    if (typeof this.#table === "number") return this.#table;
    const cutoff = this.#table.get(256 * a + b);
    if (cutoff !== undefined) return cutoff;
    throw new InputError({
      code: "bad-cutoff",
      problem: `There is no cutoff for ${elementSymbol(a)} and ${elementSymbol(b)}.`,
      expected: "A cutoff for every pair of elements, or one number for all.",
      remedy: "Add the pair.",
    });
  }
}

export const noFrames = (): InputError =>
  new InputError({
    code: "no-frames",
    problem: "There is nothing to average: no frame was measured.",
    remedy: "Give at least one structure.",
  });
