/**
 * A sampler as a checkpoint of the same kind as those of dynamics, and back: a run that goes on from one ends with the same bits as the
 * run that wrote it.
 */
import { InputError } from "../../errors/index.js";
import { RandomStream } from "../../math/index.js";
import type { Checkpoint } from "../checkpoint.js";
import type { Sampler } from "./sampler.js";

const ENSEMBLE = "monte-carlo";
const NOTHING = new Float64Array(0);

/**
 * The sampler, copied. What the potential keeps from call to call is let go of, here and at a restore, so that its rounding does not
 * depend on which of the two it was.
 */
export function saveSampler(sampler: Sampler, extras: Readonly<Record<string, ArrayLike<number>>> = {}): Checkpoint {
  const { state } = sampler;
  state.binding++;
  const { sizes, counts } = sampler.save();
  return {
    ...{ ensemble: ENSEMBLE, step: state.step, time: 0, energy: state.energy },
    species: state.species.slice(),
    positions: state.positions.slice(),
    cell: state.cell?.slice() ?? NOTHING,
    ...{ velocities: NOTHING, forces: NOTHING, stress: NOTHING },
    variables: sizes,
    random: Float64Array.from(state.random.state),
    extras: {
      ...Object.fromEntries(Object.entries(extras).map(([name, numbers]) => [name, Float64Array.from(numbers)])),
      "atomic energies": state.atomicEnergies.slice(),
      counts,
    },
  };
}

/**
 * Puts a sampler that was made with the same options to where the checkpoint is. Throws an InputError (`wrong-checkpoint`) if it is of
 * another kind, other atoms or other moves. Elements may differ: transmutations change them.
 */
export function restoreSampler(sampler: Sampler, checkpoint: Checkpoint): void {
  const { state } = sampler;
  const { extras, variables: sizes } = checkpoint;
  const { counts = NOTHING, "atomic energies": atomicEnergies = NOTHING } = extras;
  const sameAtoms =
    checkpoint.ensemble === ENSEMBLE &&
    checkpoint.positions.length === state.positions.length &&
    checkpoint.cell.length === (state.cell?.length ?? 0) &&
    atomicEnergies.length === state.species.length;
  if (!sameAtoms || !sampler.restore({ sizes, counts }))
    throw new InputError({
      code: "wrong-checkpoint",
      problem: `The checkpoint is not of this Monte Carlo run of ${state.species.length} atoms.`,
      expected: "As many atoms, the same kind of cell, and the same moves in the same order.",
      remedy: "Go on with the options with which the checkpoint was made, or begin without it.",
    });
  state.species.set(checkpoint.species);
  state.binding++;
  const evaluation = { energy: checkpoint.energy, atomicEnergies };
  state.adopt({
    positions: checkpoint.positions,
    cell: checkpoint.cell.length === 0 ? undefined : checkpoint.cell,
    evaluation,
  });
  state.step = checkpoint.step;
  state.random = RandomStream.fromState([...checkpoint.random]);
}
