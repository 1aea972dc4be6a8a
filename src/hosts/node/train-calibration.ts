/** How far the spread of a fitted potential can be believed, by the structures that no member has learned from. */
import { spreadSourceOf } from "../../potentials/definition.js";
import { RangeCheck } from "../../potentials/ranges.js";
import type { Judged } from "../../reports/index.js";
import type { StructureComparison } from "../../training/record.js";
import { isAllFinite } from "../../uncertainty/held-out.js";
import { type Calibration, calibrate, canCalibrate, type HeldOut, uncertaintyReport } from "../../uncertainty/index.js";
import type { ResultParts } from "./train-result.js";

export interface FitUncertainty {
  /** Goes with the potential; undefined with too few structures, or no spread. */
  readonly calibration: Calibration | undefined;
  /** The test structures, or all that were held out where there is no test set, and what they say of the spread. */
  readonly judged: Judged | undefined;
}

/** Fewer held-out structures say too little about the spread: their forces are alike. */
const FEWEST = 10;
/** So many validation structures will do, and the test set stays untouched. */
const ENOUGH = 20;

const nothing: FitUncertainty = { calibration: undefined, judged: undefined };

export function judgeFit(parts: ResultParts, comparisons: readonly StructureComparison[]): FitUncertainty {
  const { data, plans, potential, run } = parts;
  const source = spreadSourceOf(potential);
  if (source === undefined) return nothing;
  const heldOut = heldOutOf(parts, comparisons);
  const learnt = new Set(plans.flatMap(({ train }) => train));
  // What is validation now may have been learnt by the potential that the fit goes on from.
  const validation = run.start === undefined ? data.train.filter((i) => !learnt.has(i)) : [];
  const chosen = validation.length >= ENOUGH ? validation : [...validation, ...data.test];
  const basis = chosen.map(heldOut).filter(isAllFinite);
  const isTelling = basis.length >= FEWEST && canCalibrate(basis, source);
  const calibration = isTelling ? calibrate(basis, { source }) : undefined;
  run.choices.push(
    calibration === undefined
      ? `The spread of the ${nameOf[source]} is not calibrated: ${basis.length} structures were held out of every member (${FEWEST} are needed).`
      : `The spread of the ${nameOf[source]} was calibrated on ${basis.length} ${chosen === validation ? "validation" : "held-out"} structures: ${scalesText(calibration)}.`,
  );
  const judged = (data.test.length > 0 ? data.test : chosen).map(heldOut);
  if (!judged.some(isAllFinite)) return { ...nothing, calibration };
  // What it was fitted to must not be called a test of it.
  const independent = chosen === validation && data.test.length > 0 ? { calibration } : {};
  return { calibration, judged: { structures: judged, report: uncertaintyReport(judged, independent), calibration } };
}

const nameOf = { committee: "committee", dropout: "dropout passes" } as const;

function scalesText({ energy, forces }: Calibration): string {
  const factors = [
    ...(energy === undefined ? [] : [`energies × ${energy.scale.toFixed(2)}`]),
    ...(forces === undefined ? [] : [`forces × ${forces.scale.toFixed(2)}`]),
  ];
  return factors.length === 0 ? "largest force errors only" : factors.join(", ");
}

function heldOutOf(parts: ResultParts, comparisons: readonly StructureComparison[]): (i: number) => HeldOut {
  const { data, potential, structures, plans, run } = parts;
  const source = spreadSourceOf(potential)!;
  const ranges = new RangeCheck(potential);
  const stride = plans[0]!.layout.program.valueLength;
  return (i) => {
    const { cached } = structures[i]!;
    const types = new Uint8Array(cached.atoms);
    potential.descriptors.forEach((_, e) => {
      types.fill(e, cached.starts[e]!, cached.starts[e + 1]!);
    });
    const values = run.pool.kernels.f64(cached.values, cached.atoms * stride);
    const { energy, forces, uncertainty } = comparisons[i]!;
    return {
      species: data.frames[i]!.structure.species,
      energy,
      forces,
      spreads: { [source]: uncertainty },
      extrapolation: ranges.check({ values, stride, types, order: cached.order }),
    };
  };
}
