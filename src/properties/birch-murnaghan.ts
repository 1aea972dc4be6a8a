/**
 * Birch and Murnaghan's equation of state of third order (Birch 1947, doi:10.1103/PhysRev.71.809).
 *
 *   E(V) = E₀ + 9V₀B₀/16 · [2y² + (B₀′ − 4) y³],   y = (V₀/V)^⅔ − 1
 *
 *   E₀, V₀   energy (eV) and volume (Å³) at rest;  B₀ bulk modulus (eV/Å³);  B₀′ its derivative by pressure
 *
 * It is a cubic polynomial in V^−⅔, so the least-squares fit has one solution and needs no start: polynomial first, then its
 * minimum.
 */
import { Matrix, solve } from "ml-matrix";
import { InputError } from "../errors/index.js";
import { gigapascal } from "../units/index.js";

export interface BirchMurnaghan {
  /** eV */
  readonly energy: number;
  /** Å³ */
  readonly volume: number;
  /** eV/Å³ */
  readonly bulkModulus: number;
  readonly bulkModulusGPa: number;
  readonly bulkModulusDerivative: number;
  /** Root mean square of what the fit leaves, eV. */
  readonly rmse: number;
  /** Whether the minimum lies within the volumes that were fitted. */
  readonly bracketed: boolean;
}

type Shape = Pick<BirchMurnaghan, "energy" | "volume" | "bulkModulus" | "bulkModulusDerivative">;

/** E(V), eV, of a volume in Å³. */
export function birchMurnaghanEnergy(of: Shape, volume: number): number {
  const y = Math.cbrt(of.volume / volume) ** 2 - 1;
  return of.energy + ((9 * of.volume * of.bulkModulus) / 16) * (2 + (of.bulkModulusDerivative - 4) * y) * y * y;
}

/** −dE/dV, eV/Å³, of a volume in Å³. */
export function birchMurnaghanPressure(of: Shape, volume: number): number {
  const y = Math.cbrt(of.volume / volume) ** 2 - 1;
  const slope = ((9 * of.volume * of.bulkModulus) / 16) * (4 + 3 * (of.bulkModulusDerivative - 4) * y) * y;
  return (slope * 2 * (1 + y)) / (3 * volume);
}

/** Fits energies (eV) at volumes (Å³). Throws InputError (`few-volumes`, `bad-volumes`, `no-minimum`). */
export function fitBirchMurnaghan(volumes: ArrayLike<number>, energies: ArrayLike<number>): BirchMurnaghan {
  checkPoints(volumes, energies);
  const middle = Array.from(volumes).reduce((sum, v) => sum + v, 0) / volumes.length;
  // z = (middle/V)^⅔ − 1 is of the order of 0.1 and less, where powers of V^−⅔ itself would be nearly parallel.
  const z = Array.from(volumes, (v) => Math.cbrt(middle / v) ** 2 - 1);
  const spread = z.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const base = energies[0];
  const design = new Matrix(z.map((x) => [0, 1, 2, 3].map((power) => (x / spread) ** power)));
  const target = Matrix.columnVector(Array.from(energies, (e) => e - base));
  const c = [0, 1, 2, 3].map((power) => solve(design, target, true).get(power, 0) / spread ** power);
  const fit = shapeOf(c, { middle, base });
  if (fit === undefined) throw noMinimum();
  const squares = z.reduce((sum, _, k) => sum + (birchMurnaghanEnergy(fit, volumes[k]) - energies[k]) ** 2, 0);
  const all = Array.from(volumes);
  return {
    ...fit,
    bulkModulusGPa: fit.bulkModulus / gigapascal,
    rmse: Math.sqrt(squares / volumes.length),
    bracketed: fit.volume > Math.min(...all) && fit.volume < Math.max(...all),
  };
}

/** The minimum of c₀ + c₁z + c₂z² + c₃z³, and what its derivatives mean there. */
function shapeOf(c: readonly number[], about: { middle: number; base: number }): Shape | undefined {
  const z = minimumOf(c);
  if (z === undefined || z <= -1) return undefined;
  const volume = about.middle * (1 + z) ** -1.5;
  // With y = (1 + z)/(1 + z₀) − 1 the coefficients of y² and y³.
  const second = (c[2] + 3 * c[3] * z) * (1 + z) ** 2;
  const third = c[3] * (1 + z) ** 3;
  return {
    energy: about.base + c[0] + z * (c[1] + z * (c[2] + z * c[3])),
    volume,
    bulkModulus: (8 * second) / (9 * volume),
    bulkModulusDerivative: 4 + (2 * third) / second,
  };
}

/** Of the two places where c₁ + 2c₂z + 3c₃z² = 0, that where the curve bends upwards. */
function minimumOf([, c1, c2, c3]: readonly number[]): number | undefined {
  const discriminant = c2 * c2 - 3 * c1 * c3;
  if (!(discriminant > 0)) return undefined;
  // The usual formula turned over, so that c₃ = 0 is no exception; the root of positive curvature has +√.
  const root = c2 + Math.sqrt(discriminant);
  return root > 0 ? -c1 / root : (-c2 + Math.sqrt(discriminant)) / (3 * c3);
}

function checkPoints(volumes: ArrayLike<number>, energies: ArrayLike<number>): void {
  if (volumes.length !== energies.length) throw new RangeError("one energy for each volume");
  const distinct = new Set(Array.from(volumes)).size;
  if (distinct < 4)
    throw new InputError({
      code: "few-volumes",
      problem: `The equation of state has four parameters, and there are ${distinct} different volumes.`,
      expected: "Four volumes or more, better seven to eleven.",
      remedy: "Add volumes around the minimum.",
    });
  for (let k = 0; k < volumes.length; k++)
    if (!(volumes[k] > 0 && Number.isFinite(volumes[k]) && Number.isFinite(energies[k])))
      throw new InputError({
        code: "bad-volumes",
        problem: `Point ${k + 1} of the equation of state is ${volumes[k]} Å³, ${energies[k]} eV.`,
        expected: "Finite energies, and volumes above 0.",
        remedy: "Leave the point out.",
      });
}

const noMinimum = (): InputError =>
  new InputError({
    code: "no-minimum",
    problem: "The energies have no minimum as a function of volume.",
    remedy: "Start from a structure nearer to its equilibrium volume, or take a wider range.",
  });
