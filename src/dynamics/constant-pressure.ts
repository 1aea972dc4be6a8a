/** What a state must have before its cell may change, and the pressure that drives it. */
import { InputError } from "../errors/index.js";
import { kineticTensor } from "./observables.js";
import type { State } from "./state.js";
import { type CellMode, restrict, trace } from "./strain.js";

/**
 * Throws an InputError unless the cell repeats in three directions, the potential gives a stress, and no atom is fixed: an atom
 * cannot stay where it is and move with the cell.
 */
export function checkCellMayChange(state: State): void {
  if (state.stress === undefined)
    throw new InputError({
      code: "no-pressure",
      problem: "The cell is to change, but the atoms do not repeat in three directions.",
      remedy: "Run at constant volume, or give a cell that repeats in three directions.",
    });
  if (state.stress.some(Number.isNaN))
    throw new InputError({
      code: "no-stress",
      problem: "The cell is to change, but the potential gives no stress.",
      remedy: "Run at constant volume, or take a potential that gives a stress.",
    });
  if (state.system.masses.includes(0))
    throw new InputError({
      code: "fixed-in-moving-cell",
      problem: "The cell is to change, but some atoms are fixed.",
      expected: "Atoms that all move with the cell.",
      remedy: "Run at constant volume, or fix no atom.",
    });
}

/**
 * V (P_int − P) = Σ m v_α v_β − V σ_αβ − P V δ_αβ into `into`, eV, restricted to what the cell may follow: what drives the cell,
 * with the velocities, the stress and the cell as they are in the state. Returns 2K, eV.
 */
export function drivingTensor(
  state: State,
  into: Float64Array,
  options: { readonly pressure: number; readonly mode: CellMode },
): number {
  const { stress, volume } = state;
  const twiceKinetic = trace(kineticTensor(state, into));
  for (let c = 0; c < 6; c++) into[c] -= volume * stress![c];
  for (let c = 0; c < 3; c++) into[c] -= options.pressure * volume;
  restrict(into, options.mode);
  return twiceKinetic;
}
