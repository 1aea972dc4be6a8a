/** A state as plain arrays and numbers, and back: a run that goes on from one ends with the same bits as one that was not broken. */
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/index.js";
import { State } from "./state.js";
import type { System } from "./system.js";

export interface Checkpoint {
  /** Name of the ensemble to which the variables belong. */
  readonly ensemble: string;
  readonly step: number;
  /** fs */
  readonly time: number;
  /** eV */
  readonly energy: number;
  /** Atomic numbers, [atom]. */
  readonly species: Uint8Array;
  /** [atom, xyz], Å */
  readonly positions: Float64Array;
  /** [atom, xyz], Å/fs */
  readonly velocities: Float64Array;
  /** [atom, xyz], eV/Å */
  readonly forces: Float64Array;
  /** Lattice vectors as rows, Å; empty without a cell. */
  readonly cell: Float64Array;
  /** Six numbers, eV/Å³; empty without a cell that repeats in three directions. */
  readonly stress: Float64Array;
  /** Of thermostat and barostat. */
  readonly variables: Float64Array;
  /** State of the random stream. */
  readonly random: Float64Array;
  /** What others keep with it, by name: "watch". */
  readonly extras: Readonly<Record<string, Float64Array>>;
}

/** The state, copied. */
export function save(state: State, extras: Readonly<Record<string, ArrayLike<number>>> = {}): Checkpoint {
  const { ensemble, step, time, energy } = state;
  return {
    ensemble,
    step,
    time,
    energy,
    species: state.system.structure.species.slice(),
    positions: state.positions.slice(),
    velocities: state.velocities.slice(),
    forces: state.forces.slice(),
    cell: state.cell?.slice() ?? new Float64Array(0),
    stress: state.stress?.slice() ?? new Float64Array(0),
    variables: state.variables.slice(),
    random: Float64Array.from(state.random.state),
    extras: Object.fromEntries(Object.entries(extras).map(([name, numbers]) => [name, Float64Array.from(numbers)])),
  };
}

/**
 * The state of a checkpoint, for the same atoms in the same order; the forces are not computed again. Give it to the ensemble that
 * wrote it, with the same options. Throws an InputError (`wrong-checkpoint`) if the atoms or the kind of cell differ.
 */
export function restore(system: System, checkpoint: Checkpoint): State {
  const state = new State(system, RandomStream.fromState([...checkpoint.random]));
  const { species } = system.structure;
  const sameAtoms =
    species.length === checkpoint.species.length && species.every((z, i) => z === checkpoint.species[i]);
  const places: [Float64Array, Float64Array][] = [
    [state.positions, checkpoint.positions],
    [state.velocities, checkpoint.velocities],
    [state.forces, checkpoint.forces],
    [state.cell ?? new Float64Array(0), checkpoint.cell],
    [state.stress ?? new Float64Array(0), checkpoint.stress],
  ];
  if (!sameAtoms || places.some(([to, from]) => to.length !== from.length))
    throw new InputError({
      code: "wrong-checkpoint",
      problem: `The checkpoint is of ${checkpoint.species.length} atoms that are not those of this run, or of another kind of cell.`,
      expected: `The ${species.length} atoms of this run, in the same order.`,
      remedy: "Start from the structure with which the checkpoint was made, or without the checkpoint.",
    });
  for (const [to, from] of places) to.set(from);
  state.energy = checkpoint.energy;
  state.step = checkpoint.step;
  state.time = checkpoint.time;
  state.ensemble = checkpoint.ensemble;
  state.variables = checkpoint.variables.slice();
  state.sumForces();
  return state;
}
