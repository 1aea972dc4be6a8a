/**
 * Neighbours of up to millions of moving atoms in the kernels' memory: atoms sorted by place, their images as explicit
 * ghosts behind them, and for each atom a list by element, kept for as long as the skin lasts (`deformation.ts`).
 */
import { InputError } from "../errors/index.js";
import { ROW_BYTES } from "../kernels/contracts/neighbors.js";
import { KernelMemoryError, type Kernels } from "../kernels/index.js";
import { checkStructure, elementIndices, type Periodic, type Structure } from "../structure/index.js";
import { ReferenceCell, smallestStretch } from "./deformation.js";
import type { BindOptions, ExtendedList, ExtendedOptions } from "./extended-list.js";
import { MovingFrame, type Placed, placeAtoms, type Site, writeFrame } from "./ghosts.js";
import { type Filled, ListFiller, partBounds, RESULT_BYTES } from "./list-filler.js";
import { checkCutoff } from "./neighbor-list.js";
import { Plan } from "./plan.js";
import { Regions } from "./regions.js";
import { type FoldTask, type NeighborTask, type RefreshTask, runNeighborTask } from "./tasks.js";
import { SKIN } from "./verlet.js";

export type { BindOptions, ExtendedList, ExtendedOptions } from "./extended-list.js";

/** What is bound: atoms without positions. */
interface Bound {
  readonly species: Uint8Array;
  readonly periodic: Periodic;
  readonly cutoff: number;
  readonly skin: number;
  readonly elements: number;
}

/** What held when the lists were built. */
interface Built extends Placed, Filled {
  readonly reference: ReferenceCell;
  /** Å that rounding may cost. */
  readonly rounding: number;
  readonly refresh: readonly RefreshTask[];
}

/** One list at a time; binding another structure uses the same memory. */
export class ExtendedNeighbors {
  /** How often lists were built since the last `bind`. */
  rebuilds = 0;
  readonly #site: Site;
  readonly #parts: number;
  readonly #execute: (tasks: readonly NeighborTask[]) => void;
  readonly #moved: number;
  #filler: ListFiller;
  #bound: Bound | undefined;
  #built: Built | undefined;

  constructor(kernels: Kernels, options: ExtendedOptions = {}) {
    this.#site = { kernels, plan: new Plan(kernels), regions: new Regions(kernels) };
    this.#parts = options.parts ?? 1;
    this.#execute =
      options.execute ??
      ((tasks) => {
        for (const task of tasks) runNeighborTask(kernels.run, task);
      });
    this.#moved = kernels.allocate(RESULT_BYTES * this.#parts);
    this.#filler = new ListFiller(this.#site, this.#parts, this.#execute);
  }

  /** Which atoms the next updates are about; positions and cell come with `update`. Throws InputError and RangeError. */
  bind(structure: Pick<Structure, "species" | "periodic">, cutoff: number, options: BindOptions = {}): void {
    const { species, periodic } = structure;
    const { skin = SKIN, elements = [...new Set(species)].sort((a, b) => a - b) } = options;
    checkCutoff(cutoff);
    if (!(skin >= 0 && Number.isFinite(skin))) throw new RangeError(`skin ${skin} Å: finite and not below 0`);
    const types = elementIndices(species, elements);
    this.#built = undefined;
    this.rebuilds = 0;
    this.#bound = { species: species.slice(), periodic, cutoff, skin, elements: Math.max(1, elements.length) };
    this.#reporting(() => this.#takeLocals(types));
  }

  /**
   * Moves the atoms: positions [atom, xyz], Å, caller's order, wrapped or not, jumps by lattice vectors included (those that
   * lie in the kernels' memory are not copied); lattice vectors as rows, Å. Builds the lists anew where a pair could have come in
   * from outside, else moves ghosts along. Throws InputError for an unusable structure or one that is too large.
   */
  update(positions: Float64Array, cell: Float64Array | undefined): ExtendedList {
    const bound = this.#bound;
    if (bound === undefined) throw new Error("bind a structure first");
    this.#check(bound, positions, cell);
    this.#placePositions(positions);
    const kept = this.#built !== undefined && this.#refresh(bound, this.#built, cell);
    if (!kept) {
      this.#built = undefined;
      this.#built = this.#reporting(() => this.#build(bound, positions, cell));
    }
    return this.#list(bound, this.#built as Built, !kept);
  }

  /** Builds the lists anew at the next update, so that what follows depends on the present positions alone. */
  forget(): void {
    this.#built = undefined;
  }

  /** Adds what ghosts have received to their atoms, always in the same order: `rows` points to f64[extended, 4]. */
  fold(rows: number): void {
    const tasks = (this.#built?.refresh ?? []).map(
      ({ plan, firstGhost, lastGhost }): FoldTask => ({ kind: "fold", plan, firstGhost, lastGhost, rows }),
    );
    this.#execute(tasks);
  }

  /** Brings the first `width` values of each row of `stride` of the sorted atoms into the caller's order. */
  scatter(rows: Float64Array, out: Float64Array, { width = 3, stride = 4 } = {}): void {
    const { kernels, plan } = this.#site;
    const order = kernels.i32(plan.valueOf("order"), this.#bound?.species.length ?? 0);
    for (let s = 0; s < order.length; s++) {
      const to = width * order[s]!;
      const from = stride * s;
      for (let k = 0; k < width; k++) out[to + k] = rows[from + k]!;
    }
  }

  #check({ species, periodic }: Bound, positions: Float64Array, cell: Float64Array | undefined): void {
    if (positions.length !== 3 * species.length) checkStructure({ species, periodic, positions, cell });
    // The atoms are looked at by the kernels.
    checkStructure({ species: NONE, periodic, positions: NOWHERE, cell });
  }

  #takeLocals(types: Uint8Array): void {
    const { kernels, plan, regions } = this.#site;
    const n = types.length;
    const elements = this.#bound?.elements ?? 1;
    plan.word("atoms", n);
    plan.word("extended", n);
    plan.word("elements", elements);
    plan.word("order", regions.take("order", 4 * n));
    plan.word("turns", regions.take("turns", 12 * n));
    plan.word("reference", regions.take("reference", ROW_BYTES * n));
    plan.word("ownTypes", regions.take("ownTypes", n));
    plan.word("offsets", regions.take("offsets", 4 * n * (elements + 1)));
    kernels.u8(plan.valueOf("ownTypes"), n).set(types);
  }

  #placePositions(positions: Float64Array): void {
    const { kernels, plan, regions } = this.#site;
    if (positions.buffer === kernels.memory.buffer) plan.word("positions", positions.byteOffset);
    else {
      const at = this.#reporting(() => regions.take("positions", 8 * positions.length));
      kernels.f64(at, positions.length).set(positions);
      plan.word("positions", at);
    }
  }

  #build(bound: Bound, positions: Float64Array, cell: Float64Array | undefined): Built {
    const { species, periodic, cutoff, skin } = bound;
    const rounding = 1e-14 * Math.max(cutoff + skin, largest(positions), largest(cell ?? NOWHERE));
    const radius = cutoff + skin + rounding;
    const empty = species.length === 0;
    const placed = empty ? noAtoms(cell, periodic) : placeAtoms(this.#site, { species, periodic, radius }, cell);
    const filled = empty ? { pairs: 0, mostNeighbors: 0 } : this.#filler.fill(species.length);
    this.rebuilds++;
    return {
      ...{ ...placed, ...filled, rounding, reference: new ReferenceCell(cell, periodic) },
      refresh: empty ? [] : this.#refreshTasks(species.length, placed.ghosts),
    };
  }

  /** Ghosts are in the order of their atoms, so each part has its own. */
  #refreshTasks(atoms: number, ghosts: number): RefreshTask[] {
    const { kernels, plan } = this.#site;
    const records = kernels.i32(plan.valueOf("ghosts"), 2 * ghosts);
    const bounds = partBounds(atoms, this.#parts);
    const ghostBounds = bounds.map((atom) => firstGhostOf(records, atom));
    return Array.from({ length: this.#parts }, (_, k) => ({
      ...{ kind: "refresh", plan: plan.pointer, first: bounds[k]!, last: bounds[k + 1]! },
      ...{ firstGhost: ghostBounds[k]!, lastGhost: ghostBounds[k + 1]!, result: this.#moved + RESULT_BYTES * k },
    }));
  }

  /** Moves atoms and ghosts; whether no pair outside the lists can be within the cutoff. */
  #refresh(bound: Bound, built: Built, cell: Float64Array | undefined): boolean {
    const { kernels, plan } = this.#site;
    const { reference, rounding } = built;
    if (built.refresh.length === 0) return true;
    const deformation = reference.deformationTo(cell);
    const allowed = smallestStretch(deformation) * (bound.cutoff + bound.skin) - bound.cutoff - rounding;
    if (!(allowed >= 0)) return false;
    writeFrame(this.#site, built.frame.at(cell), built.images);
    plan.reals("deformation", deformation);
    plan.reals("trust", [allowed]);
    this.#execute(built.refresh);
    const moved = built.refresh.flatMap(({ result }) => [...kernels.f64(result, 2)]).sort((a, b) => b - a);
    return Math.sqrt(moved[0]!) + Math.sqrt(moved[1]!) <= allowed;
  }

  #list(bound: Bound, built: Built, rebuilt: boolean): ExtendedList {
    const { plan } = this.#site;
    const locals = bound.species.length;
    const { pairs, mostNeighbors } = built;
    return {
      ...{ rebuilt, locals, extended: locals + built.ghosts, elements: bound.elements, pairs, mostNeighbors },
      positions: plan.valueOf("rows"),
      types: plan.valueOf("types"),
      offsets: plan.valueOf("offsets"),
      indices: plan.valueOf("indices"),
      order: plan.valueOf("order"),
      ghosts: plan.valueOf("ghosts"),
    };
  }

  /** Says what to do where memory is too small. */
  #reporting<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof KernelMemoryError)) throw error;
      const { species, cutoff, skin } = this.#bound as Bound;
      throw new InputError(
        {
          code: "too-large",
          problem: `${species.length} atoms with all neighbours within ${cutoff} + ${skin} Å need more memory than the 4 GB that there are.`,
          remedy: "Use fewer atoms, a smaller cutoff or a thinner skin.",
        },
        { cause: error },
      );
    }
  }
}

const NONE = new Uint8Array(0);
const NOWHERE = new Float64Array(0);

const noAtoms = (cell: Float64Array | undefined, periodic: Periodic): Placed => ({
  ...{ frame: new MovingFrame(cell, periodic), images: [0, 0, 0], ghosts: 0 },
});

/** The first ghost of a sorted atom or of one after it. */
function firstGhostOf(records: Int32Array, atom: number): number {
  let low = 0;
  let high = records.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (records[2 * middle]! < atom) low = middle + 1;
    else high = middle;
  }
  return low;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let k = 0; k < values.length; k++) most = Math.max(most, Math.abs(values[k]!));
  return most;
}
