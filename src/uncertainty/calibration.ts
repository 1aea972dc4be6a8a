/**
 * What a potential remembers of how its spread compared with its errors on held-out structures, and how predicted
 * uncertainties are corrected by it: σ → s · max(σ, floor) for the energy per atom and for force components, and the
 * expected largest force error of a structure from its disagreement γ.
 */
import { InputError } from "../errors/index.js";
import type { Uncertainty } from "../potentials/potential.js";
import type { Calibration, QuantityCalibration } from "./calibration-record.js";
import { conformalBounds } from "./conformal.js";
import { type HeldOut, type Quantity, quantities, residualsOf, type SpreadSource } from "./held-out.js";
import { likeliestFloor, likeliestScale } from "./likelihood.js";
import { checkResiduals, type Residuals, rescaled } from "./residuals.js";
import { proposeThresholds, type ThresholdRule } from "./thresholds.js";

/** Fewer values of a quantity than this say nothing about it. */
const FEWEST = 5;

/**
 * Calibrates a source of spread. Quantities with fewer than five values, with no spread or with no error at all are left out;
 * InputError where none remains.
 */
export function calibrate(
  structures: readonly HeldOut[],
  { source, rule }: { source: SpreadSource; rule?: ThresholdRule },
): Calibration {
  const usable = structures.filter((structure) => structure.spreads[source] !== undefined);
  const found: { [q in Quantity]?: QuantityCalibration } = {};
  for (const quantity of quantities) {
    const one = calibrateQuantity(residualsOf(usable, source, quantity), quantity);
    if (one !== undefined) found[quantity] = one;
  }
  if (Object.keys(found).length === 0)
    throw new InputError({
      code: "nothing-to-calibrate",
      problem: `No quantity of the ${usable.length} structures with a ${source} spread can be calibrated.`,
      expected: `Expected at least ${FEWEST} held-out values with a reference, a spread above 0 and an error.`,
      remedy: "Hold out more labelled structures, or use a committee whose members differ.",
    });
  const thresholds =
    found.disagreement === undefined
      ? {}
      : { thresholds: proposeThresholds(residualsOf(usable, source, "disagreement"), rule) };
  return { source, structures: usable.length, ...found, ...thresholds };
}

/** Scale, floor and bounds of one quantity; undefined with too few values, no spread or no error. */
export function calibrateQuantity(residuals: Residuals, what = "value"): QuantityCalibration | undefined {
  if (residuals.errors.length > 0) checkResiduals(residuals, what);
  if (!isTelling(residuals)) return undefined;
  const floor = likeliestFloor(residuals);
  const conformal = conformalBounds(rescaled(residuals, { scale: 1, floor }));
  return { values: residuals.errors.length, scale: likeliestScale(residuals, floor), floor, conformal };
}

const isTelling = ({ errors, sigmas }: Residuals): boolean =>
  errors.length >= FEWEST && sigmas.some((sigma) => sigma > 0) && errors.some((error) => error !== 0);

/** Whether `calibrate` would find a quantity to calibrate. */
export const canCalibrate = (structures: readonly HeldOut[], source: SpreadSource): boolean =>
  quantities.some((quantity) => isTelling(residualsOf(structures, source, quantity)));

/** An uncertainty whose size can be compared with errors. */
export interface CalibratedUncertainty extends Uncertainty {
  /** Root mean square of the largest force error that structures of this γ are expected to have, eV/Å. */
  readonly expectedForceError: number | undefined;
}

const corrected = (sigma: number, { scale, floor }: QuantityCalibration): number => scale * Math.max(sigma, floor);

/**
 * The calibrated uncertainty of a structure of `atoms` atoms, in arrays of its own. What was not calibrated (stress always)
 * stays as it was. `disagreement` is again the largest of `forces`; compare thresholds with the uncalibrated one.
 */
export function applyCalibration(
  { energy, forces, disagreement }: Calibration,
  uncertainty: Uncertainty,
  { atoms }: { atoms: number },
): CalibratedUncertainty {
  const spreads = forces === undefined ? uncertainty.forces.slice() : scaled(uncertainty.forces, forces);
  return {
    energy: energy === undefined ? uncertainty.energy : atoms * corrected(uncertainty.energy / atoms, energy),
    forces: spreads,
    disagreement: forces === undefined ? uncertainty.disagreement : corrected(uncertainty.disagreement, forces),
    ...(uncertainty.stress === undefined ? {} : { stress: uncertainty.stress.slice() }),
    expectedForceError: disagreement === undefined ? undefined : corrected(uncertainty.disagreement, disagreement),
  };
}

const scaled = (sigmas: Float64Array, by: QuantityCalibration): Float64Array =>
  sigmas.map((sigma) => corrected(sigma, by));

/** Bounds that hold for a share `level` of structures like the held-out ones; undefined where too few were held out. */
export interface Bounds {
  /** Of the error of the total energy, eV. */
  readonly energy: number | undefined;
  /** Of each force component taken alone, [atom, xyz], eV/Å. */
  readonly forces: Float64Array | undefined;
  /** Of all force components of the structure at once, eV/Å. */
  readonly largestForceError: number | undefined;
}

/** `uncertainty` is the uncalibrated one. */
export function boundsOf(
  { energy, forces, disagreement }: Calibration,
  uncertainty: Uncertainty,
  { atoms, level }: { atoms: number; level: number },
): Bounds {
  const rule = (quantity: QuantityCalibration | undefined): QuantityCalibration | undefined => {
    const factor = quantity?.conformal.find((bound) => bound.level >= level)?.factor;
    return quantity === undefined || factor === undefined ? undefined : { ...quantity, scale: factor };
  };
  const [ofEnergy, ofForces, ofLargest] = [rule(energy), rule(forces), rule(disagreement)];
  return {
    energy: ofEnergy && atoms * corrected(uncertainty.energy / atoms, ofEnergy),
    forces: ofForces && scaled(uncertainty.forces, ofForces),
    largestForceError: ofLargest && corrected(uncertainty.disagreement, ofLargest),
  };
}
