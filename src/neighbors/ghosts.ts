/** From atoms anywhere to sorted atoms with their ghosts, in bins: the serial part of building an extended list. */
import { InputError } from "../errors/index.js";
import { ROW_BYTES, SPARE_WORDS } from "../kernels/contracts/neighbors.js";
import { KernelMemoryError, type Kernels } from "../kernels/index.js";
import { inverse3, timesMatrix } from "../math/matrix3.js";
import { checkStructure, type Periodic, periodicFrame, reduceFrame } from "../structure/index.js";
import type { Plan } from "./plan.js";
import type { Regions } from "./regions.js";
import { divide, type SearchBox, searchBox } from "./search-box.js";

/** Where a list lives. */
export interface Site {
  readonly kernels: Kernels;
  readonly plan: Plan;
  readonly regions: Regions;
}

/** What a list is about, the same at every step. */
export interface Subject {
  readonly species: Uint8Array;
  readonly periodic: Periodic;
  /** Å, the skin included. */
  readonly radius: number;
}

/** The lattice at some moment, in vectors that were the shortest when the list was built. */
export class MovingFrame {
  /** reduced = transform·original, [reduced, original] */
  readonly #transform: Float64Array;
  readonly #periodic: Periodic;

  constructor(cell: Float64Array | undefined, periodic: Periodic) {
    this.#transform = reduceFrame(periodicFrame(cell, periodic), periodic).transform;
    this.#periodic = periodic;
  }

  /** Rows, Å. */
  at(cell: Float64Array | undefined): Float64Array {
    const frame = periodicFrame(cell, this.#periodic);
    return Float64Array.from([0, 3, 6].flatMap((k) => timesMatrix(this.#transform.subarray(k, k + 3), frame)));
  }
}

/** Writes frame and inverse, and the translations of ghosts where they have a place. */
export function writeFrame({ kernels, plan }: Site, frame: Float64Array, images?: SearchBox["images"]): void {
  plan.reals("frame", frame);
  plan.reals("inverse", inverse3(frame));
  if (images === undefined) return;
  const [n0, n1, n2] = images;
  const count = (2 * n0 + 1) * (2 * n1 + 1) * (2 * n2 + 1);
  const table = kernels.f64(plan.valueOf("translations"), 4 * count);
  let at = 0;
  for (let m0 = -n0; m0 <= n0; m0++)
    for (let m1 = -n1; m1 <= n1; m1++)
      for (let m2 = -n2; m2 <= n2; m2++, at += 4)
        for (let x = 0; x < 3; x++) table[at + x] = m0 * frame[x]! + m1 * frame[3 + x]! + m2 * frame[6 + x]!;
}

export interface Placed {
  readonly frame: MovingFrame;
  readonly images: SearchBox["images"];
  readonly ghosts: number;
}

/**
 * Sorts the atoms at `positions` (in the plan) and their ghosts. Throws InputError for positions that cannot be used, and
 * KernelMemoryError.
 */
export function placeAtoms(site: Site, subject: Subject, cell: Float64Array | undefined): Placed {
  const { kernels, plan } = site;
  const { periodic, radius, species } = subject;
  const moving = new MovingFrame(cell, periodic);
  const frame = moving.at(cell);
  writeFrame(site, frame);
  plan.reals("repeats", periodic.map(Number));
  plan.reals("radius", [radius]);
  const box = searchBox(wrap(site, subject, cell), { frame, periodic, radius });
  const images = writeBox(site, box);
  writeFrame(site, frame, images);
  const ghosts = kernels.run.countGhosts(plan.pointer);
  const extended = species.length + ghosts;
  takeExtended(site, extended);
  const bins = divide(box, radius, extended);
  plan.words("bins", bins.counts);
  plan.reals("binsPerLength", bins.perLength);
  const binCount = bins.counts[0] * bins.counts[1] * bins.counts[2];
  plan.word("binStarts", site.regions.take("binStarts", 4 * (binCount + 2)));
  kernels.run.sortAtoms(plan.pointer);
  const made = kernels.run.makeGhosts(plan.pointer);
  if (made !== ghosts) throw new Error(`${made} ghosts where ${ghosts} were counted`);
  kernels.run.binExtended(plan.pointer);
  return { frame: moving, images, ghosts };
}

function wrap({ kernels, plan, regions }: Site, subject: Subject, cell: Float64Array | undefined) {
  const bounds = regions.take("bounds", 96);
  const status = kernels.run.wrapAtoms(plan.pointer, bounds);
  if (status > 0) throwUnusable({ kernels, plan, regions }, { ...subject, cell, atom: status });
  const [lowFractional, lowPosition, highFractional, highPosition] = [0, 24, 48, 72].map((k) =>
    kernels.f64(bounds + k, 3).slice(),
  ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  return { lowFractional, lowPosition, highFractional, highPosition };
}

function throwUnusable({ kernels, plan }: Site, found: Subject & { cell: Float64Array | undefined; atom: number }) {
  const { species, periodic, cell, atom } = found;
  checkStructure({ species, periodic, cell, positions: kernels.f64(plan.valueOf("positions"), 3 * species.length) });
  throw new InputError({
    code: "too-far",
    where: { atom },
    problem: "This atom is more than a thousand million cells away.",
    remedy: "Correct its position, or wrap the atoms into the cell.",
  });
}

function writeBox({ plan, regions }: Site, box: SearchBox): SearchBox["images"] {
  plan.reals("low", box.low);
  plan.reals("high", box.high);
  plan.reals("corner", box.corner);
  plan.reals("farCorner", box.farCorner);
  plan.words("images", box.images);
  const translations = box.images.reduce((product, n) => product * (2 * n + 1), 1);
  plan.word("translations", regions.take("translations", ROW_BYTES * translations));
  return box.images;
}

function takeExtended({ plan, regions }: Site, extended: number): void {
  const shift = 32 - Math.ceil(Math.log2(plan.valueOf("elements")));
  if (extended >= 2 ** shift)
    throw new KernelMemoryError(`${extended} atoms and ghosts: packed words have ${shift} bits`);
  plan.word("typeShift", shift);
  const ghosts = extended - plan.valueOf("atoms");
  plan.word("rows", regions.take("rows", ROW_BYTES * extended));
  plan.word("types", regions.take("types", extended));
  plan.word("ghosts", regions.take("ghosts", 8 * ghosts));
  for (const slot of ["slotX", "slotY", "slotZ"] as const)
    plan.word(slot, regions.take(slot, 8 * (extended + SPARE_WORDS)));
  plan.word("slotAtoms", regions.take("slotAtoms", 4 * (extended + SPARE_WORDS)));
  plan.word("extended", extended);
}
