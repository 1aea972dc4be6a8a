/**
 * From what on a structure is in doubt. Given limits hold as they are; those of the disagreement γ that are not given come from, in this
 * order: the tolerance and what was found by labelling (γ and largest force error of structures before they entered), the calibration
 * of the potential, and its γ on what it has learned, which is smaller than on anything else.
 */
import { InputError } from "../errors/index.js";
import { type Calibration, proposeThresholds } from "../uncertainty/index.js";
import type { LearningConfiguration } from "./configuration.js";
import type { Look } from "./journal.js";

/** Null: the quantity does not count. */
export interface Limits {
  /** Above it a structure is in doubt. */
  readonly collect: number | null;
  /** Above it a walker waits for the next potential. */
  readonly stop: number | null;
}

export interface DoubtThresholds {
  /** eV/Å */
  readonly disagreement: Limits;
  /** eV/Å, of γ: above it a structure is nonsense. */
  readonly discard: number | null;
  /** eV/atom */
  readonly energySpread: Limits;
  /** values */
  readonly extrapolations: Limits;
  /** Where those of the disagreement come from. */
  readonly basis: "given" | "tolerance" | "calibration" | "learned";
}

export interface DoubtKnowledge {
  /** γ and largest force error of structures that were labelled, before they entered, eV/Å. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly calibration: Calibration | undefined;
  /** γ on the structures that the potential has learned, eV/Å. */
  readonly learned: readonly number[];
  readonly hasSpread: boolean;
}

/** Fewer pairs say too little. */
const FEWEST = 10;
/** γ on unknown structures that are no worse than known ones is larger than on those by about this factor. */
const UNSEEN = 1.5;
/**
 * eV/Å. A potential that has learned little is unsure of everything, and must not take that for the usual: in trials on silicon without
 * this limit, walkers with γ of 2 eV/Å went on into structures with forces of 15 eV/Å, and the first labels were of those.
 */
const MOST = 0.3;
/** A walker that is only just in doubt goes on: structures beyond are worth more than a stop at the first. */
const STOP_LEAST = 2.5;
const STOP_MOST = 5;
/** Far beyond, dynamics is led by noise, and labels would be of nonsense. */
const DISCARD_FACTOR = 4;

export function thresholdsFor({ doubt }: LearningConfiguration, known: DoubtKnowledge): DoubtThresholds {
  const { disagreement: given, energySpread, extrapolations } = doubt;
  const others = { energySpread, extrapolations };
  if (!known.hasSpread) {
    const asked = [given, energySpread].some((limits) => Object.values(limits).some((x) => x !== null));
    if (asked || extrapolations.collect === null) throw noSpread();
    return { disagreement: { collect: null, stop: null }, discard: null, ...others, basis: "given" };
  }
  const found =
    given.collect === null
      ? proposed(doubt.tolerance ?? undefined, known)
      : ({ basis: "given", collect: given.collect, stop: 0 } as const);
  const stop = given.stop ?? Math.min(Math.max(found.stop, STOP_LEAST * found.collect), STOP_MOST * found.collect);
  const discard = given.discard ?? DISCARD_FACTOR * stop;
  return { disagreement: { collect: found.collect, stop }, discard, ...others, basis: found.basis };
}

type Proposal = { readonly basis: DoubtThresholds["basis"]; readonly collect: number; readonly stop: number };

function proposed(tolerance: number | undefined, { pairs, calibration, learned }: DoubtKnowledge): Proposal {
  const finite = pairs.filter(([gamma, error]) => Number.isFinite(gamma) && Number.isFinite(error));
  if (tolerance !== undefined && finite.length >= FEWEST) {
    const residuals = {
      sigmas: Float64Array.from(finite, ([gamma]) => gamma),
      errors: Float64Array.from(finite, ([, error]) => error),
    };
    const { warn, stop } = proposeThresholds(residuals, { tolerance });
    return { basis: "tolerance", collect: warn.disagreement, stop: stop.disagreement };
  }
  if (calibration?.thresholds !== undefined) {
    const { warn, stop } = calibration.thresholds;
    return { basis: "calibration", collect: Math.min(MOST, warn.disagreement), stop: stop.disagreement };
  }
  if (learned.length === 0) throw noBasis();
  const sorted = Float64Array.from(learned).sort();
  const high = sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))];
  const collect = Math.min(MOST, UNSEEN * high);
  return { basis: "learned", collect, stop: 0 };
}

/** What is measured of a moment. */
export type Doubt = Pick<Look, "disagreement" | "extrapolations"> & {
  /** eV/atom; null where the potential does not know it. */
  readonly energySpread: number | null;
};

/** Whether a limit of any quantity is passed; a γ that is not a number passes every limit. */
export function passes(doubt: Doubt, thresholds: DoubtThresholds, limit: keyof Limits): boolean {
  const beyond = (value: number | null, { [limit]: allowed }: Limits): boolean =>
    value !== null && allowed !== null && !(value <= allowed);
  return (
    beyond(doubt.disagreement, thresholds.disagreement) ||
    beyond(doubt.energySpread, thresholds.energySpread) ||
    beyond(doubt.extrapolations, thresholds.extrapolations)
  );
}

const noSpread = (): InputError =>
  new InputError({
    code: "no-uncertainty",
    problem: "The potential does not know its uncertainty, by which the loop decides.",
    expected: "A committee (`potential.committee.members` from 2 on) or dropout (`potential.network.dropout`).",
    remedy: "Fit such a potential, or set `doubt.extrapolations.collect` and leave the spreads out.",
  });

const noBasis = (): InputError =>
  new InputError({
    code: "no-threshold",
    problem: "Nothing says which disagreement γ is too large: the potential is not calibrated, and there are no data.",
    remedy: "Set `doubt.disagreement.collect` (eV/Å), or give `data`.",
  });
