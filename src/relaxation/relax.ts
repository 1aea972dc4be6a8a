/** Relaxation of one structure as a task: plain data in, plain data out, so that a host may run many on its threads. */
import type { Trouble } from "../errors/index.js";
import type { Extrapolation, Potential, Uncertainty } from "../potentials/potential.js";
import { checkStructure, elementIndices, type Structure, volume } from "../structure/index.js";
import { Fire } from "./fire.js";
import { Lbfgs } from "./lbfgs.js";
import type { Minimizer } from "./minimizer.js";
import { isRejection, Objective, type Point } from "./objective.js";
import { type CompleteSettings, completeSettings, type RelaxationSettings } from "./settings.js";

export interface RelaxationTask extends RelaxationSettings {
  readonly structure: Structure;
}

/** One accepted step; step 0 is the start. */
export interface RelaxationStep {
  readonly step: number;
  /** eV */
  readonly energy: number;
  /** E + pV, eV */
  readonly enthalpy: number;
  /** On an atom that may move, eV/Å. */
  readonly largestForce: number;
  /** Of σ + p among the strains that may change, eV/Å³; 0 at fixed cell. */
  readonly largestStress: number;
  /** Å³; undefined without a cell. */
  readonly volume: number | undefined;
  /** So far. */
  readonly evaluations: number;
}

export interface RelaxationWatch {
  /** Called after every step; "stop" ends the relaxation there. */
  readonly onStep?: (step: RelaxationStep, structure: Structure) => "stop" | undefined;
}

export interface Relaxation {
  readonly converged: boolean;
  readonly reason: "converged" | "steps-exhausted" | "stopped" | "failed";
  /** What went wrong where `reason` is "failed"; its code is non-finite, atoms-too-close, cell-out-of-range or no-descent. */
  readonly trouble: Trouble | undefined;
  /** The last structure that could be evaluated; the given one if none could. */
  readonly structure: Structure;
  /** Of that structure, eV; NaN if it could not be evaluated. */
  readonly energy: number;
  /** E + pV, eV. */
  readonly enthalpy: number;
  /** External pressure, eV/Å³. */
  readonly pressure: number;
  /** [atom, xyz], eV/Å, those on held atoms included; empty if the structure could not be evaluated. */
  readonly forces: Float64Array;
  /** xx yy zz yz xz xy, eV/Å³; undefined without three periodic directions. */
  readonly stress: Float64Array | undefined;
  /** See `RelaxationStep`. */
  readonly largestForce: number;
  readonly largestStress: number;
  readonly uncertainty: Uncertainty | undefined;
  readonly extrapolation: readonly Extrapolation[];
  readonly method: "lbfgs" | "fire";
  readonly steps: number;
  /** Of energy and forces. */
  readonly evaluations: number;
  readonly history: readonly RelaxationStep[];
}

/**
 * Throws InputError (`bad-setting`, `not-periodic`, `element-not-in-potential`, and those of `checkStructure`) where a potential of these
 * elements (atomic numbers) could not begin the task. So do many tasks before the first of them begins.
 */
export function checkTask(task: RelaxationTask, elements: readonly number[]): CompleteSettings {
  const { structure } = task;
  checkStructure(structure);
  elementIndices(structure.species, elements);
  return completeSettings(structure, task);
}

/**
 * Relaxes to the nearest minimum. What can go wrong on the way is in the result; bad settings and structures throw InputError
 * (`no-stress`, and those of `checkTask`).
 */
export function relax(potential: Potential, task: RelaxationTask, watch: RelaxationWatch = {}): Relaxation {
  const { structure } = task;
  const settings = checkTask(task, potential.elements);
  const objective = new Objective(potential, structure, settings);
  const start = objective.at(objective.start);
  if (isRejection(start)) return unevaluated({ structure, settings, objective }, start.trouble);
  const minimizer: Minimizer =
    settings.method === "fire" ? new Fire(objective, settings.fire) : new Lbfgs(objective, settings.lbfgs);
  const path = new Path(objective, settings);
  return path.follow(start, { minimizer, watch });
}

class Path {
  readonly #objective: Objective;
  readonly #settings: CompleteSettings;
  readonly #history: RelaxationStep[] = [];

  constructor(objective: Objective, settings: CompleteSettings) {
    this.#objective = objective;
    this.#settings = settings;
  }

  follow(start: Point, { minimizer, watch }: { minimizer: Minimizer; watch: RelaxationWatch }): Relaxation {
    let point = start;
    for (;;) {
      const step = this.#record(point);
      const stopped = watch.onStep?.(step, point.structure) === "stop";
      if (this.#isConverged(point)) return this.#result(point, "converged");
      if (stopped) return this.#result(point, "stopped");
      if (step.step >= this.#settings.maxSteps) return this.#result(point, "steps-exhausted");
      const next = minimizer.advance(point);
      if ("trouble" in next) return this.#result(point, "failed", next.trouble);
      point = next.point;
    }
  }

  #isConverged({ largestForce, largestStress }: Point): boolean {
    return largestForce <= this.#settings.forceTolerance && largestStress <= this.#settings.stressTolerance;
  }

  #record(point: Point): RelaxationStep {
    const { energy, value, largestForce, largestStress, structure } = point;
    const step: RelaxationStep = {
      ...{ step: this.#history.length, energy, enthalpy: value, largestForce, largestStress },
      volume: structure.cell === undefined ? undefined : volume(structure.cell),
      evaluations: this.#objective.evaluations,
    };
    this.#history.push(step);
    return step;
  }

  #result(point: Point, reason: Relaxation["reason"], trouble?: Trouble): Relaxation {
    const { structure, energy, value, forces, stress, largestForce, largestStress } = point;
    const report = this.#settings.finalReport ? this.#objective.evaluate(structure, {}) : undefined;
    return {
      ...{ converged: reason === "converged", reason, trouble, structure, energy, enthalpy: value, forces, stress },
      ...{ largestForce, largestStress, pressure: this.#settings.pressure, method: this.#settings.method },
      uncertainty: structuredClone(report?.uncertainty),
      extrapolation: structuredClone(report?.extrapolation ?? []),
      steps: this.#history.length - 1,
      evaluations: this.#objective.evaluations,
      history: this.#history,
    };
  }
}

function unevaluated(
  about: { structure: Structure; settings: CompleteSettings; objective: Objective },
  trouble: Trouble,
): Relaxation {
  const { structure, settings, objective } = about;
  return {
    ...{ converged: false, reason: "failed", trouble, structure, pressure: settings.pressure, method: settings.method },
    ...{ energy: Number.NaN, enthalpy: Number.NaN, largestForce: Number.NaN, largestStress: Number.NaN },
    ...{ forces: new Float64Array(0), stress: undefined, uncertainty: undefined, extrapolation: [] },
    ...{ steps: 0, evaluations: objective.evaluations, history: [] },
  };
}
