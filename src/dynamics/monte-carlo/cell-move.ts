/**
 * Constant pressure: the cell is strained, the atoms with it, h ← h exp(ε) and r ← r exp(ε). Each free component of ε is drawn evenly
 * from ±size: one for a cell that changes as a whole (ln V then changes by 3 ε), three for x, y, z, six for any symmetric strain.
 *
 *   accepted with min(1, exp(−(ΔU + P ΔV)/kT + (N + 1) ln(V′/V)))
 *
 * N of the N + 1 are the atoms, whose coordinates in the cell stay the same; one is dV = V d ln V. For flexible cells: volumes and shapes
 * are counted by dV times the invariant measure of the shape, d⁹h V^−2; the measure that is invariant under h ← h M is d⁹h V^−3; so the
 * density over steps in exp(ε), which is as likely as exp(−ε), is V^N V exp(−(U + PV)/kT) in all cases. Products of strains turn the cell
 * a little as time goes on, which nothing depends on.
 *
 * Volumes: McDonald, Mol. Phys. 23, 41 (1972), doi:10.1080/00268977200100031, with steps in ln V as Eppenga and Frenkel, Mol. Phys. 52,
 * 1303 (1984), doi:10.1080/00268978400101951. V^−2: Martyna, Tobias and Klein, J. Chem. Phys. 101, 4177 (1994), doi:10.1063/1.467468.
 */
import { InputError } from "../../errors/index.js";
import { volume } from "../../structure/index.js";
import { type CellMode, Exponential, transformRows } from "../strain.js";
import { checkWeight, type Move, metropolis } from "./move.js";
import type { MonteCarloState } from "./state.js";
import { StepSize } from "./step-size.js";

export interface CellMoveOptions {
  readonly weight?: number;
  /** P, eV/Å³ */
  readonly pressure: number;
  /** Default "isotropic". */
  readonly cell?: CellMode;
  /** Largest strain component at the start. Default 0.005. */
  readonly size?: number;
  /** Default 0.3. */
  readonly largest?: number;
  /** Share of attempts to be accepted. Default 0.4. */
  readonly target?: number;
}

export function cellMove(options: CellMoveOptions): Move {
  const { weight = 1, pressure, cell: mode = "isotropic", size: initial = 0.005 } = options;
  const name = `${mode} cell`;
  checkWeight(name, weight);
  checkPressure(pressure);
  const size = new StepSize({
    initial,
    largest: options.largest ?? Math.max(0.3, initial),
    target: options.target ?? 0.4,
  });
  const exponential = new Exponential();
  return {
    ...{ name, weight, size },
    check: checkCell,
    attempt(state, kT) {
      const { random } = state;
      const strain = drawStrain(mode, () => random.between(-size.value, size.value));
      exponential.set(strain, 1);
      const positions = state.positions.slice();
      const cell = state.cell!.slice();
      transformRows(positions, exponential.exp);
      transformRows(cell, exponential.exp);
      const evaluation = state.evaluate(positions, cell);
      if (evaluation === undefined) return "impossible";
      const [before, after] = [state.volume, volume(cell)];
      const work = evaluation.energy - state.energy + pressure * (after - before);
      const counted = state.species.length + 1;
      if (!metropolis(random, -work / kT + counted * Math.log(after / before))) return "rejected";
      state.adopt({ positions, cell, evaluation });
      return "accepted";
    },
  };
}

/** xx yy zz yz xz xy */
function drawStrain(mode: CellMode, draw: () => number): Float64Array {
  if (mode === "isotropic") {
    const e = draw();
    return Float64Array.of(e, e, e, 0, 0, 0);
  }
  return Float64Array.from({ length: 6 }, (_, c) => (c < 3 || mode === "flexible" ? draw() : 0));
}

function checkPressure(pressure: number): void {
  if (Number.isFinite(pressure)) return;
  throw new InputError({
    code: "wrong-parameter",
    problem: `The pressure is ${pressure} eV/Å³.`,
    expected: "A finite number.",
    remedy: "Correct the pressure.",
  });
}

function checkCell(state: MonteCarloState): void {
  if (Number.isNaN(state.volume))
    throw new InputError({
      code: "no-pressure",
      problem: "The cell is to change, but the atoms do not repeat in three directions.",
      remedy: "Leave the cell moves out, or give a cell that repeats in three directions.",
    });
  if (state.free.length < state.species.length)
    throw new InputError({
      code: "fixed-in-moving-cell",
      problem: "The cell is to change, but some atoms are fixed.",
      expected: "Atoms that all move with the cell.",
      remedy: "Leave the cell moves out, or fix no atom.",
    });
}
