/**
 * A sampler: one move after another, each drawn with its weight and tried once. During equilibration the sizes of moves adapt; after it
 * they are frozen. The loop is
 *
 *   for (let n = 0; n < 100000; n++) sampler.step();
 */
import { InputError } from "../../errors/index.js";
import { boltzmann } from "../../units/index.js";
import { checkRamp, type Ramp, valueAt } from "../ramp.js";
import type { Move, Outcome } from "./move.js";
import type { MonteCarloState } from "./state.js";

export interface SamplerOptions {
  /** K, above 0. The times of a ramp are steps: annealing. */
  readonly temperature: Ramp;
  readonly moves: readonly Move[];
  /** Steps, from step 0, during which sizes adapt. Default 0. */
  readonly equilibration?: number;
  /**
   * Steps between two evaluations of all atoms that replace the energy kept from step to step. Default 100 for each atom, at least 1000.
   */
  readonly recheckEvery?: number;
}

/** What became of the attempts of one move since the end of equilibration. */
export interface MoveTally {
  readonly move: string;
  readonly attempts: number;
  readonly accepted: number;
  /** Of those not accepted: atoms on top of one another. */
  readonly impossible: number;
  /** Size of its steps now, in the unit of the move. */
  readonly size: number | undefined;
}

/** eV for each atom by which the kept energy may be off; rounding over 10⁶ steps stays below 10⁻⁸. */
const DRIFT = 1e-6;

const OUTCOMES: readonly Outcome[] = ["accepted", "rejected", "impossible"];

export class Sampler {
  readonly state: MonteCarloState;
  readonly moves: readonly Move[];
  /** Largest error of the kept energy that was found so far, eV. */
  worstDrift = 0;
  readonly #temperature: Ramp;
  readonly #equilibration: number;
  readonly #recheckEvery: number;
  readonly #weight: number;
  /** [move, outcome] */
  readonly #counts: Float64Array;

  /** Throws an InputError for a temperature that is not above 0, for no moves or two of one name, and for moves that this state cannot make. */
  constructor(state: MonteCarloState, options: SamplerOptions) {
    const { moves, temperature, equilibration = 0 } = options;
    checkRamp(temperature, { name: "temperature", unit: "K", least: 0, leastAllowed: false });
    checkMoves(moves);
    for (const move of moves) move.check(state);
    this.state = state;
    this.moves = moves;
    this.#temperature = temperature;
    this.#equilibration = equilibration;
    this.#recheckEvery = options.recheckEvery ?? Math.max(1000, 100 * state.species.length);
    this.#weight = moves.reduce((sum, { weight }) => sum + weight, 0);
    this.#counts = new Float64Array(moves.length * OUTCOMES.length);
  }

  /** One attempt of one move. Throws an InputError (`not-local`) if the kept energy is found to be wrong. */
  step(): Outcome {
    const { state } = this;
    const k = this.#draw();
    const move = this.moves[k];
    const outcome = move.attempt(state, boltzmann * this.temperature);
    if (state.step < this.#equilibration) move.size?.learn(outcome === "accepted");
    else this.#counts[k * OUTCOMES.length + OUTCOMES.indexOf(outcome)]++;
    state.step++;
    if (state.step % this.#recheckEvery === 0) this.#recheck();
    return outcome;
  }

  /** At this step, K. */
  get temperature(): number {
    return valueAt(this.#temperature, this.state.step);
  }

  get equilibrating(): boolean {
    return this.state.step < this.#equilibration;
  }

  /** Energy kept from step to step less the energy evaluated anew, eV: nothing but rounding. It costs an evaluation and replaces the former. */
  invariant(): number {
    const drift = this.state.recheck();
    this.worstDrift = Math.max(this.worstDrift, Math.abs(drift));
    return drift;
  }

  get tallies(): MoveTally[] {
    return this.moves.map(({ name, size }, k) => {
      const [accepted, rejected, impossible] = this.#counts.subarray(k * OUTCOMES.length);
      return { move: name, attempts: accepted + rejected + impossible, accepted, impossible, size: size?.value };
    });
  }

  /** Numbers that a resumed run needs beside the state. */
  save(): { readonly sizes: Float64Array; readonly counts: Float64Array } {
    const sizes = Float64Array.from(this.moves.flatMap(({ size }) => size?.save() ?? []));
    return { sizes, counts: Float64Array.of(this.worstDrift, ...this.#counts) };
  }

  /** Whether they fit these moves, and if so takes them on. */
  restore({ sizes, counts }: { readonly sizes: Float64Array; readonly counts: Float64Array }): boolean {
    const own = this.save();
    if (own.sizes.length !== sizes.length || own.counts.length !== counts.length) return false;
    let at = 0;
    for (const { size } of this.moves) {
      if (size === undefined) continue;
      const length = size.save().length;
      size.restore(sizes.subarray(at, at + length));
      at += length;
    }
    this.worstDrift = counts[0];
    this.#counts.set(counts.subarray(1));
    return true;
  }

  #draw(): number {
    let left = this.state.random.uniform() * this.#weight;
    for (let k = 0; k < this.moves.length - 1; k++) {
      left -= this.moves[k].weight;
      if (left < 0) return k;
    }
    return this.moves.length - 1;
  }

  #recheck(): void {
    const { state } = this;
    const drift = this.invariant();
    if (Math.abs(drift) <= DRIFT * state.species.length) return;
    throw new InputError({
      code: "not-local",
      problem: `At step ${state.step} the energy kept from change to change is off by ${drift} eV.`,
      expected: "Energies that depend on nothing beyond the cutoff.",
      remedy: `Use sharing: "shared", or whole: true for potentials that are not local.`,
    });
  }
}

function checkMoves(moves: readonly Move[]): void {
  if (moves.length === 0)
    throw new InputError({ code: "no-moves", problem: "There are no moves.", remedy: "Choose one move or more." });
  const names = moves.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) < k);
  if (twice === undefined) return;
  throw new InputError({
    code: "two-moves",
    problem: `Two moves are called "${twice}".`,
    remedy: "Take one of them, with the sum of their weights.",
  });
}
