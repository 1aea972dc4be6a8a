/** One atom, drawn evenly, to anywhere in a cube around it: U changes, exp(−ΔU/kT) decides. */
import { InputError } from "../../errors/index.js";
import { checkWeight, type Move, metropolis } from "./move.js";
import { StepSize } from "./step-size.js";

export interface DisplacementOptions {
  readonly weight?: number;
  /** Half the edge of the cube at the start, Å. Default 0.1. */
  readonly size?: number;
  /** Å. Default 2. */
  readonly largest?: number;
  /** Share of attempts to be accepted. Default 0.4. */
  readonly target?: number;
}

/** Metropolis et al. 1953, doi:10.1063/1.1699114. */
export function displacement(options: DisplacementOptions = {}): Move {
  const { weight = 1, size: initial = 0.1, largest = Math.max(2, initial), target = 0.4 } = options;
  const name = "displacement";
  checkWeight(name, weight);
  const size = new StepSize({ initial, largest, target });
  return {
    ...{ name, weight, size },
    check: ({ free }) => {
      if (free.length === 0)
        throw new InputError({ code: "nothing-moves", problem: "All atoms are fixed.", remedy: "Leave some free." });
    },
    attempt(state, kT) {
      const { random, free } = state;
      const atom = free[random.integer(free.length)];
      const positions = state.positions.slice(3 * atom, 3 * atom + 3);
      for (let x = 0; x < 3; x++) positions[x] += random.between(-size.value, size.value);
      const trial = state.trial({ atoms: [atom], positions, species: state.species.slice(atom, atom + 1) });
      if (trial.difference === Number.POSITIVE_INFINITY) return "impossible";
      if (!metropolis(random, -trial.difference / kT)) return "rejected";
      state.accept(trial);
      return "accepted";
    },
  };
}
