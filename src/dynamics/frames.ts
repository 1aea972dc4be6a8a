/** A state as a frame: what trajectories, collected structures and last good moments are kept as. */
import type { AtomColumn, Frame, InfoValue } from "../structure/index.js";
import { wrap } from "../structure/index.js";
import type { State } from "./state.js";

export interface FrameOptions {
  /** Move atoms into the cell. Default false: displacements can be followed. */
  readonly wrap?: boolean;
  /** Velocities (Å/fs) as column `velocities`. Default true. */
  readonly velocities?: boolean;
}

/**
 * The state, copied: energy, forces and stress of the potential; info `step` and `time` (fs); column `velocities`, and where the last
 * evaluation said so info `disagreement` (γ, eV/Å) and column `force_spread` (eV/Å).
 */
export function frameOf(state: State, options: FrameOptions = {}): Frame {
  const info = new Map<string, InfoValue>([
    ["step", state.step],
    ["time", state.time],
  ]);
  const columns = new Map<string, AtomColumn>();
  const vectors = (values: Float64Array): AtomColumn => ({ type: "R", width: 3, values: values.slice() });
  if (options.velocities !== false) columns.set("velocities", vectors(state.velocities));
  const uncertainty = state.evaluation?.uncertainty;
  if (uncertainty !== undefined && uncertainty.forces.length > 0) {
    info.set("disagreement", uncertainty.disagreement);
    columns.set("force_spread", vectors(uncertainty.forces));
  }
  const structure = state.structure();
  return {
    structure: options.wrap === true ? wrap(structure) : structure,
    energy: state.energy,
    forces: state.forces.slice(),
    ...(state.stress === undefined || Number.isNaN(state.stress[0]) ? {} : { stress: state.stress.slice() }),
    info,
    columns,
    source: { file: "dynamics", structure: state.step + 1, line: 1 },
  };
}
