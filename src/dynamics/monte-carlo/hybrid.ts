/**
 * Hybrid Monte Carlo: velocities are drawn from the Maxwell–Boltzmann distribution, all atoms move for some steps at constant energy, and
 * exp(−Δ(K + U)/kT) decides. What the finite time step does to the energy costs acceptances, not correctness: velocity Verlet can be
 * retraced and keeps volumes of phase space.
 *
 * The time step of every attempt is drawn between 80 % and 100 % of the size, or a mode whose period fits the trajectory would never
 * leave its place (Neal, Handbook of Markov Chain Monte Carlo, ch. 5, 2011, doi:10.1201/b10905).
 *
 * Duane, Kennedy, Pendleton and Roweth, Phys. Lett. B 195, 216 (1987), doi:10.1016/0370-2693(87)91197-X.
 */
import { boltzmann } from "../../units/index.js";
import { velocityVerlet } from "../ensembles/velocity-verlet.js";
import { checkCounts } from "../motion.js";
import { kineticEnergy } from "../observables.js";
import { State } from "../state.js";
import { prepare, type SystemOptions } from "../system.js";
import { drawVelocities } from "../velocities.js";
import { possible } from "./change.js";
import { checkWeight, type Move, metropolis } from "./move.js";
import type { MonteCarloState } from "./state.js";
import { StepSize } from "./step-size.js";

export interface HybridOptions {
  readonly weight?: number;
  /** Steps of a trajectory. Default 10. */
  readonly steps?: number;
  /** Time step at the start, fs. Default 1. */
  readonly timestep?: number;
  /** fs. Default 100. */
  readonly largest?: number;
  /** Share of attempts to be accepted. Default 0.65. */
  readonly target?: number;
  /** [atom], amu: any masses sample the same positions. Default: the standard atomic weights. */
  readonly masses?: SystemOptions["masses"];
}

export function hybrid(options: HybridOptions = {}): Move {
  const { weight = 1, steps = 10, timestep: initial = 1, target = 0.65, masses } = options;
  const name = "hybrid";
  checkWeight(name, weight);
  checkCounts({ "steps of a trajectory": steps });
  const size = new StepSize({ initial, largest: options.largest ?? Math.max(100, initial), target });
  let bound: { readonly binding: number; readonly walker: State; readonly of: MonteCarloState } | undefined;
  const walkerOf = (state: MonteCarloState): State => {
    if (bound?.of !== state || bound.binding !== state.binding) {
      const fixed = [...state.species.keys()].filter((i) => !state.free.includes(i));
      const settings: SystemOptions = { fixed, centreOfMass: "free", ...(masses === undefined ? {} : { masses }) };
      const system = prepare(state.structure(), state.potential, settings);
      bound = { binding: state.binding, walker: new State(system, state.random), of: state };
    }
    return bound.walker;
  };
  return {
    ...{ name, weight, size },
    check: (state) => void walkerOf(state),
    attempt(state, kT) {
      const walker = walkerOf(state);
      walker.positions.set(state.positions);
      if (state.cell !== undefined) walker.cell?.set(state.cell);
      drawVelocities(walker, { temperature: kT / boltzmann, random: state.random, exact: false });
      const timestep = size.value * state.random.between(0.8, 1);
      const before = kineticEnergy(walker) + state.energy;
      const evaluation = possible(() => {
        walker.evaluate();
        const motion = velocityVerlet(walker, { timestep });
        for (let n = 0; n < steps; n++) motion.step();
        return walker.evaluation!;
      });
      if (evaluation === undefined || !walker.positions.every(Number.isFinite)) return "impossible";
      if (state.tooClose(walker.positions, walker.cell)) return "impossible";
      const change = kineticEnergy(walker) + evaluation.energy - before;
      if (!metropolis(state.random, -change / kT)) return "rejected";
      state.adopt({ positions: walker.positions, cell: walker.cell, evaluation });
      return "accepted";
    },
  };
}
