/**
 * One leg of a walker: some steps with the present potential, under the watch of its doubt. A leg begins from a checkpoint, with
 * neighbours listed anew, and ends with one, so that the same leg again gives the same bits.
 */
import type { Checkpoint } from "../dynamics/index.js";
import type { Demand, Evaluation, Potential } from "../potentials/potential.js";
import type { Frame, Structure } from "../structure/index.js";
import { type Doubt, type DoubtThresholds, passes } from "./doubt.js";
import type { Candidate, LegEnd, Look } from "./journal.js";
import { walkByDynamics } from "./walk-dynamics.js";
import { walkByMonteCarlo } from "./walk-monte-carlo.js";
import { walkByRelaxation } from "./walk-relaxation.js";
import { walkThroughStructures } from "./walk-structures.js";
import type { Walker } from "./walkers.js";

export interface LegTask {
  readonly walker: Walker;
  /** Its beginnings so far, each with velocities of its own. */
  readonly restarts: number;
  /** Undefined: from its structure. */
  readonly checkpoint: Checkpoint | undefined;
  /** Whether the checkpoint is of another potential, so that forces and energies are not those of the present one. */
  readonly otherPotential: boolean;
  readonly steps: number;
  readonly rules: LegRules;
}

export interface LegRules {
  readonly thresholds: DoubtThresholds;
  /** Steps between two looks, and between two candidates at least. */
  readonly every: number;
  readonly spacing: number;
  /** Å, below which two atoms mean that the walker is lost. */
  readonly closest: number;
  /** Hand in whatever is passed, in doubt or not, and never stop for doubt: random selection. */
  readonly random: boolean;
}

export interface HandedIn {
  readonly candidate: Candidate;
  readonly frame: Frame;
}

export interface Leg {
  readonly steps: number;
  readonly end: LegEnd;
  /** Why it ended before its time. */
  readonly message: string | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly handedIn: readonly HandedIn[];
  readonly looks: readonly Look[];
  readonly doubtful: number;
  /** Steps since the last look in doubt. */
  readonly quiet: number;
}

/** A potential that can be told what is not wanted of an evaluation. */
export type WalkPotential = Potential & { evaluate(structure: Structure, demand?: Demand): Evaluation };

/** `field`: for dynamics, which binds once and makes many steps; `plain`: for single structures of any kind. */
export interface WalkPotentials {
  readonly field: Potential;
  readonly plain: WalkPotential;
}

export function walk(potentials: WalkPotentials, task: LegTask): Leg {
  const { walker } = task;
  switch (walker.kind) {
    case "dynamics":
      return walkByDynamics(potentials.field, walker, task);
    case "monte-carlo":
      return walkByMonteCarlo(potentials.plain, walker, task);
    case "relax":
      return walkByRelaxation(potentials.plain, walker, task);
    case "structures":
      return walkThroughStructures(potentials.plain, walker, task);
  }
}

/** What an evaluation says of its own doubt. */
export function doubtOf({ uncertainty, extrapolation }: Evaluation): Doubt {
  return {
    disagreement: uncertainty?.disagreement ?? null,
    energySpread: uncertainty === undefined ? null : uncertainty.energy / (uncertainty.forces.length / 3),
    extrapolations: extrapolation.length,
  };
}

/** Looks of a leg and how many of them were in doubt. */
export class LookBook {
  readonly looks: Look[] = [];
  readonly #thresholds: DoubtThresholds;
  #doubtful = 0;
  #last = 0;

  constructor({ thresholds }: LegRules) {
    this.#thresholds = thresholds;
  }

  /** Step within the leg. */
  note(step: number, evaluation: Evaluation): Doubt {
    const doubt = doubtOf(evaluation);
    const { disagreement, extrapolations } = doubt;
    this.looks.push({ step, disagreement: finiteOrNull(disagreement), extrapolations });
    if (passes(doubt, this.#thresholds, "collect")) {
      this.#doubtful++;
      this.#last = step;
    }
    return doubt;
  }

  /** Of a leg of so many steps. */
  summary(steps: number): Pick<Leg, "looks" | "doubtful" | "quiet"> {
    return { looks: this.looks, doubtful: this.#doubtful, quiet: this.#doubtful === 0 ? steps : steps - this.#last };
  }
}

/** JSON has no NaN. */
const finiteOrNull = (x: number | null): number | null => (x !== null && Number.isFinite(x) ? x : null);

/** A frame as a candidate; undefined where a coordinate is no number, or γ is beyond what can be learned from. */
export function handIn(
  { structure, info, columns, source }: Frame,
  about: { readonly step: number; readonly why: Candidate["why"]; readonly thresholds: DoubtThresholds },
): HandedIn | undefined {
  const gamma = info.get("disagreement");
  const disagreement = typeof gamma === "number" ? gamma : null;
  const finite = [structure.positions, structure.cell ?? []].every((values) =>
    Array.from(values).every(Number.isFinite),
  );
  const { discard } = about.thresholds;
  if (!finite || (disagreement !== null && discard !== null && !(disagreement <= discard))) return undefined;
  const spread = columns.get("force_spread");
  return {
    candidate: { step: about.step, disagreement, why: about.why },
    frame: { structure, info: new Map(), columns: new Map(spread && [["force_spread", spread]]), source },
  };
}
