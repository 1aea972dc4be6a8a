/**
 * The cell of a crystal as a collective variable: at each cell the atoms move at constant temperature, first to forget the last step, then
 * to average the internal pressure, from which the mean force on the cell follows (`cell-frame.ts`).
 *
 * Each measurement begins with a potential that is bound anew to the atoms where they are, so that what comes after a checkpoint between
 * two measurements does not depend on whether the run was broken there.
 */
import { InputError } from "../../errors/index.js";
import type { Potential } from "../../potentials/potential.js";
import type { Structure } from "../../structure/index.js";
import { type Checkpoint, restore, save } from "../checkpoint.js";
import { checkCellMayChange } from "../constant-pressure.js";
import { checkCounts, type Motion } from "../motion.js";
import { pressureTensor, temperature } from "../observables.js";
import { type Recorder, recorder } from "../recorders.js";
import { course } from "../run.js";
import { State, start } from "../state.js";
import { prepare, type SystemOptions } from "../system.js";
import type { Verdict } from "../verdict.js";
import { Watch } from "../watch.js";
import { PressureAverage } from "./average.js";
import { carried, cellForce, cellOf, isStandard, sixOf } from "./cell-frame.js";
import { meanCoordination } from "./coordination.js";
import type { Extras } from "./metadynamics.js";
import { type Basis, errorIn, forceIn, fromBasis, plainBasis, roundBasis } from "./metric.js";
import type { CollectiveVariable, MeanForce, MeasureProgress } from "./variable.js";

export interface CellVariableOptions {
  readonly seed: number;
  /** P, eV/Å³ */
  readonly pressure: number;
  /** K, of the velocities at the start. */
  readonly temperature: number;
  /** An ensemble of constant cell: (state) => langevin(state, …). Called at every step, always with the same options. */
  readonly ensemble: (state: State) => Motion;
  /** Steps of dynamics before averaging and while averaging. */
  readonly equilibration: number;
  readonly averaging: number;
  /** Components of the cell that take part (`CELL_COMPONENTS`). Default: all six. */
  readonly components?: readonly [boolean, boolean, boolean, boolean, boolean, boolean];
  /**
   * Curvature of G in the six components at the start, eV/Å² (`measureCurvature`): s are then scaled so that the well is round, in √eV.
   * Default: s are the components themselves less where they began, in Å.
   */
  readonly curvature?: readonly ArrayLike<number>[];
  /** Å: neighbours within it are counted as coordination; left out: none are. */
  readonly coordinationCutoff?: number;
  readonly system?: Omit<SystemOptions, "fixed">;
  /** Default: guards against nonsense, and no thresholds. */
  readonly watch?: Watch;
}

const ALL = [true, true, true, true, true, true] as const;

export class CellVariable implements CollectiveVariable {
  /** V (Å³), U (eV), T (K), averaged; coordination at the end, NaN without a cutoff. */
  readonly observables = ["volume", "energy", "temperature", "coordination"];
  readonly value: Float64Array;
  readonly #potential: Potential;
  readonly #options: CellVariableOptions;
  readonly #basis: Basis;
  /** h at s = 0. */
  readonly #origin: Float64Array;
  readonly #watch: Watch;
  #state: State;

  /**
   * Throws an InputError for structures that do not repeat in three directions or are not in standard orientation
   * (`standardOrientation`), and for a curvature that is no well's.
   */
  constructor(structure: Structure, potential: Potential, options: CellVariableOptions) {
    const { components = ALL, curvature, seed } = options;
    checkCounts({ equilibration: options.equilibration, averaging: options.averaging });
    checkOrientation(structure);
    const system = prepare(structure, potential, options.system);
    this.#potential = potential;
    this.#options = options;
    this.#state = start(system, { seed, temperature: options.temperature });
    checkCellMayChange(this.#state);
    this.#basis = curvature === undefined ? plainBasis(components) : roundBasis(curvature, components);
    this.value = new Float64Array(this.#basis[0].length);
    this.#origin = sixOf(this.#state.cell ?? new Float64Array(9));
    this.#watch = options.watch ?? new Watch();
  }

  /** Where the atoms are. Another object after every measurement. */
  get state(): State {
    return this.#state;
  }

  /** Carries the atoms along to the cell at s. */
  moveTo(value: Float64Array): void {
    this.#moveToSix(fromBasis(this.#basis, this.#origin, value));
    this.value.set(value);
  }

  *measure(): Generator<MeasureProgress, MeanForce, void> {
    const { force, error, observed, verdict } = yield* this.#measureCell();
    const basis = this.#basis;
    return { force: forceIn(basis, force), error: errorIn(basis, error), observed, verdict };
  }

  /**
   * The curvature −∂φ/∂h, [component][component], eV/Å², by differences of mean forces at ±`displacement` (Å) of each component; the cell
   * is afterwards where it was. A verdict if the dynamics fails.
   */
  *measureCurvature(displacement: number): Generator<MeasureProgress, Float64Array[] | Verdict, void> {
    const here = sixOf(this.#state.cell ?? new Float64Array(9));
    const rows: Float64Array[] = [];
    for (let c = 0; c < 6; c++) {
      const forces: Float64Array[] = [];
      for (const sign of [1, -1]) {
        this.#moveToSix(here.map((h, k) => (k === c ? h + sign * displacement : h)));
        const { force, verdict } = yield* this.#measureCell();
        if (verdict !== undefined) return verdict;
        forces.push(force);
      }
      rows.push(forces[0].map((f, k) => (forces[1][k] - f) / (2 * displacement)));
    }
    this.#moveToSix(here);
    return rows.map((row, i) => row.map((x, j) => 0.5 * (x + rows[j][i])));
  }

  /** A checkpoint between two measurements; `extras`: those of the metadynamics. */
  save(extras: Extras = {}): Checkpoint {
    return save(this.#state, {
      ...extras,
      "cell variable": this.value,
      "cell origin": this.#origin,
      watch: this.#watch.save(),
    });
  }

  /** Goes to where a checkpoint of the same atoms is. Throws an InputError (`wrong-checkpoint`) if it is another's. */
  restore(checkpoint: Checkpoint): void {
    const { "cell variable": value, "cell origin": origin, watch } = checkpoint.extras;
    const system = prepare(this.#state.structure(), this.#potential, this.#options.system);
    const state = restore(system, checkpoint);
    if (value?.length !== this.value.length || origin?.length !== 6)
      throw new InputError({
        code: "wrong-checkpoint",
        problem: "The checkpoint is not of metadynamics of a cell with these components.",
        expected: `${this.value.length} components.`,
        remedy: "Go on with the options with which the checkpoint was made, or begin without it.",
      });
    this.#state = state;
    this.value.set(value);
    this.#origin.set(origin);
    this.#watch.restore([...(watch ?? [])]);
  }

  #moveToSix(six: Float64Array): void {
    const { positions, cell } = this.#state;
    if (cell === undefined) return;
    const after = cellOf(six);
    positions.set(carried(positions, cell, after));
    cell.set(after);
  }

  /** The same atoms with a potential bound anew, and forces at the present cell. */
  #rebind(): State {
    const before = this.#state;
    const system = prepare(before.structure(), this.#potential, this.#options.system);
    const state = new State(system, before.random);
    state.velocities.set(before.velocities);
    state.step = before.step;
    state.time = before.time;
    state.ensemble = before.ensemble;
    state.variables = before.variables;
    state.evaluate();
    this.#state = state;
    return state;
  }

  *#measureCell(): Generator<MeasureProgress, MeanForce, void> {
    const { equilibration, averaging, pressure, ensemble, coordinationCutoff } = this.#options;
    const state = this.#rebind();
    const cell = state.cell?.slice() ?? new Float64Array(9);
    const motion = ensemble(state);
    const all = equilibration + averaging;
    const average = new PressureAverage(averaging);
    const first = yield* this.#stretch(motion, { steps: equilibration, before: 0, all, recorders: [] });
    const buffer = new Float64Array(6);
    const look = recorder(
      "pressure",
      () => average.add(pressureTensor(state, buffer), state.energy, temperature(state)),
      {
        ...{ every: 1, sink: () => {} },
      },
    );
    const verdict =
      first ?? (yield* this.#stretch(motion, { steps: averaging, before: equilibration, all, recorders: [look] }));
    checkUnchanged(cell, state.cell);
    const { mean, error } = average.pressure();
    const coordination =
      coordinationCutoff === undefined ? Number.NaN : meanCoordination(state.structure(), coordinationCutoff);
    return {
      force: cellForce(mean, { cell, pressure }),
      error: cellForce(error, { cell, pressure: 0 }).map(Math.abs),
      observed: Float64Array.of(state.volume, average.energy, average.temperature, coordination),
      verdict,
    };
  }

  *#stretch(
    motion: Motion,
    options: { readonly steps: number; readonly before: number; readonly all: number; readonly recorders: Recorder[] },
  ): Generator<MeasureProgress, Verdict | undefined, void> {
    const { steps, before, all, recorders } = options;
    const walk = course(motion, { steps, recorders, watch: this.#watch, lookAtStart: false });
    for (;;) {
      const next = walk.next();
      if (next.done === true) return next.value.verdict;
      yield (before + next.value.done) / all;
    }
  }
}

function checkOrientation({ cell }: Structure): void {
  if (cell === undefined || isStandard(cell)) return;
  throw new InputError({
    code: "turned-cell",
    problem: `The lattice vectors (${[...cell].join(" ")}) Å are not in standard orientation.`,
    expected: "a along x, b in the plane of x and y.",
    remedy: "Turn the structure with `standardOrientation`.",
  });
}

function checkUnchanged(before: Float64Array, after: Float64Array | undefined): void {
  if (after?.every((x, k) => x === before[k]) === true) return;
  throw new InputError({
    code: "moving-cell",
    problem: "The ensemble has changed the cell, which metadynamics holds.",
    expected: "An ensemble of constant cell.",
    remedy: "Take a thermostat without a barostat.",
  });
}
