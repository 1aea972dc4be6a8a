/** Energy as a function of volume, and the equation of state through it. */
import { InputError } from "../errors/index.js";
import type { Potential } from "../potentials/potential.js";
import { type RelaxationSettings, relax } from "../relaxation/index.js";
import { type Structure, volume } from "../structure/index.js";
import { type BirchMurnaghan, birchMurnaghanPressure, fitBirchMurnaghan } from "./birch-murnaghan.js";
import { expanded } from "./deformation.js";

export interface EquationOfStateOptions {
  /** Volumes over that of the structure. Default: 11 from 0.88 to 1.12. */
  readonly ratios?: readonly number[];
  /** What is relaxed at each volume: nothing, the atoms, or the atoms and the shape of the cell. Default "nothing". */
  readonly relax?: "nothing" | "atoms" | "shape";
  /** Of those relaxations. */
  readonly relaxation?: Omit<RelaxationSettings, "cell" | "pressure">;
}

export interface EquationOfState {
  /** Å³ and eV of the whole structure, [volume], in the order of the ratios. */
  readonly volumes: Float64Array;
  readonly energies: Float64Array;
  /** −dE/dV of the fit, eV/Å³, [volume] */
  readonly pressures: Float64Array;
  readonly fit: BirchMurnaghan;
  /** The fit per atom: Å³ and eV. */
  readonly perAtom: { readonly volume: number; readonly energy: number };
  /** False where a relaxation did not end at a minimum. */
  readonly converged: boolean;
}

/** 0.88 to 1.12 of the volume is about ±4 % of the length. */
const RATIOS = Array.from({ length: 11 }, (_, k) => 0.88 + 0.024 * k);

/** Throws InputError (`not-periodic`, and those of the fit and of relaxations). */
export function equationOfState(
  potential: Potential,
  structure: Structure,
  options: EquationOfStateOptions = {},
): EquationOfState {
  const { ratios = RATIOS } = options;
  if (structure.cell === undefined || !structure.periodic.every(Boolean))
    throw new InputError({
      code: "not-periodic",
      problem: "An equation of state needs a structure that repeats in three directions.",
      remedy: "Give a crystal.",
    });
  const start = volume(structure.cell);
  const volumes = Float64Array.from(ratios, (ratio) => ratio * start);
  const points = ratios.map((ratio) => energyOf(potential, expanded(structure, ratio), options));
  const energies = Float64Array.from(points, ({ energy }) => energy);
  const fit = fitBirchMurnaghan(volumes, energies);
  const n = structure.species.length;
  return {
    ...{ volumes, energies, fit },
    pressures: volumes.map((v) => birchMurnaghanPressure(fit, v)),
    perAtom: { volume: fit.volume / n, energy: fit.energy / n },
    converged: points.every(({ converged }) => converged),
  };
}

function energyOf(
  potential: Potential,
  structure: Structure,
  options: EquationOfStateOptions,
): { energy: number; converged: boolean } {
  const { relax: what = "nothing", relaxation = {} } = options;
  if (what === "nothing") return { energy: potential.evaluate(structure).energy, converged: true };
  const cell = what === "shape" ? { cell: { fixedVolume: true } } : {};
  return relax(potential, { finalReport: false, ...relaxation, ...cell, structure });
}
