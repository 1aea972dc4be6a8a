/**
 * Are the energies in eV? Forces (eV/Å) tell how much they ought to vary: the energies of a pair potential that is fitted
 * to the forces alone (`force-model.ts`) are compared with those of the file, both less the elements' shares, over all
 * pairs of structures: how often do both call the same one higher, and how do the median differences compare?
 *
 * Agreement does not depend on units; without it, nothing is said. With the right units the ratio was 0.2 to 1.9 in the
 * sets it was tried on (mlearn Si and Li, LASP2 Au, silicon-qe-lda, aenet TiO2, MAISE CuAg; November 2026), where kcal/mol
 * gives 5 or more and Hartree 0.07 or less. Rydberg (1/13.6) lies partly in the range of what is sound and is found in
 * some sets only; a set with energies alone cannot be judged.
 */
import type { Trouble } from "../errors/index.js";
import { RandomStream } from "../math/random.js";
import type { Frame } from "../structure/index.js";
import { energiesFromForces, type LabelledFrame } from "./force-model.js";
import { referenceEnergies, residualEnergies } from "./reference-energies.js";
import type { ReferenceLevels } from "./reference-levels.js";

/** Numbers in a unit per number in eV. */
const UNITS: readonly (readonly [name: string, perElectronvolt: number])[] = [
  ["kJ/mol", 96.485],
  ["kcal/mol", 23.061],
  ["Rydberg", 1 / 13.6057],
  ["Hartree", 1 / 27.2114],
  ["meV", 1000],
];

/** Between these ratios the unit is believed. */
const BELIEVED = [0.12, 3.6] as const;
/** Chance gives 0.5 ± 0.04 for 80 structures, and ± 0.09 for 20 (Kendall's rank correlation). */
const LEAST_AGREEMENT = 0.62;
const FEWEST = 20;
/** A sample that is looked at, and how many: one alone can be thrown off by a few structures that clash. */
const SAMPLE = { frames: 80, atoms: 4000 };
const SAMPLES = 3;

export interface EnergyScale {
  /** Median difference of two energies over that of the force model; 1 where units agree and the model is good. */
  readonly ratio: number;
  /** Part of the pairs of which both call the same one higher. */
  readonly agreement: number;
  readonly frames: number;
}

/** How the scatter of energies compares with what the forces say, or undefined where there is too little to go by. */
export function energyScale(frames: readonly Frame[], levels?: ReferenceLevels): EnergyScale | undefined {
  const scales = drawSamples(frames)
    .map((sample) => scaleOfSample(frames, sample, levels))
    .filter((scale) => scale !== undefined);
  if (scales.length === 0) return undefined;
  return {
    ratio: median(scales.map((scale) => scale.ratio)),
    agreement: median(scales.map((scale) => scale.agreement)),
    frames: scales.reduce((sum, scale) => sum + scale.frames, 0),
  };
}

function scaleOfSample(
  frames: readonly Frame[],
  sample: readonly number[],
  levels: ReferenceLevels | undefined,
): EnergyScale | undefined {
  const chosen = sample.map((k) => frames[k] as LabelledFrame);
  const model = energiesFromForces(chosen);
  const modelled = chosen.map((frame, k) => ({ ...frame, energy: model[k]! * frame.structure.species.length }));
  // Of equal atoms only: what tells bulk from a slab of another size is not in the forces.
  const level = chosen.map(({ structure }, k) => `${levels?.levels[sample[k]!] ?? 0} ${[...structure.species].sort()}`);
  const found = differences(chosen, level);
  const expected = differences(modelled, level);
  const ratio = median(found.map(Math.abs)) / median(expected.map(Math.abs));
  if (!(ratio > 0 && Number.isFinite(ratio))) return undefined;
  const agreeing = found.filter((x, k) => x * expected[k]! > 0).length;
  return { ratio, agreement: agreeing / found.length, frames: sample.length };
}

/** Disjoint lists of frames with energy and forces, drawn by chance but always the same ones. */
function drawSamples(frames: readonly Frame[]): number[][] {
  const usable = [...frames.keys()].filter((k) => {
    const { energy, forces, structure } = frames[k]!;
    return energy !== undefined && forces !== undefined && structure.species.length > 1;
  });
  new RandomStream(1, "energy unit").shuffle(usable);
  const samples: number[][] = [];
  while (samples.length < SAMPLES && usable.length >= FEWEST) samples.push(takeSample(frames, usable));
  return samples;
}

/** Takes a sample off the end of `usable`. */
function takeSample(frames: readonly Frame[], usable: number[]): number[] {
  const sample: number[] = [];
  let atoms = 0;
  while (usable.length > 0 && sample.length < SAMPLE.frames) {
    atoms += frames[usable.at(-1)!]!.structure.species.length;
    if (atoms > SAMPLE.atoms && sample.length >= FEWEST) break;
    sample.push(usable.pop()!);
  }
  return sample;
}

/** Differences between the energies of two structures of one level, less the elements' shares, [pair], eV/atom. */
function differences(frames: readonly Frame[], level: readonly string[]): number[] {
  const residuals = residualEnergies(frames, referenceEnergies(frames).energies);
  const pairs: number[] = [];
  for (let k = 0; k < frames.length; k++)
    for (let l = 0; l < k; l++) if (level[k] === level[l]) pairs.push(residuals[k]! - residuals[l]!);
  return pairs;
}

function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.floor(ascending.length / 2)] ?? 0;
}

/** The trouble if energies vary far more or far less than forces explain, else undefined. */
export function energyUnitTrouble(frames: readonly Frame[], levels?: ReferenceLevels): Trouble | undefined {
  const scale = energyScale(frames, levels);
  if (scale === undefined || !(scale.agreement > LEAST_AGREEMENT)) return undefined;
  if (scale.ratio > BELIEVED[0] && scale.ratio < BELIEVED[1]) return undefined;
  const distance = (unit: number) => Math.abs(Math.log(scale.ratio / unit));
  const [name, unit] = UNITS.reduce((best, other) => (distance(other[1]) < distance(best[1]) ? other : best));
  const source = frames.find((frame) => frame.energy !== undefined)!.source;
  return {
    code: "energy-unit",
    where: { file: source.file },
    problem:
      `The energies vary ${scale.ratio.toPrecision(2)} times as much as the forces explain ` +
      `(${scale.frames} structures), as if they were in ${name} ` +
      `(1 eV = ${unit.toPrecision(4)} ${name}) beside forces in eV/Å.`,
    expected: "Expected energies in eV and forces in eV/Å.",
    remedy:
      "Convert the energies to eV and the forces to eV/Å, or state the file's units; skip this check if both are.",
  };
}
