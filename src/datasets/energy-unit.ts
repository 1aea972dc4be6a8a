/**
 * Are the energies in eV? Forces (eV/Å) tell how much they ought to vary: the energies of a pair potential that is fitted
 * to the forces alone (`force-model.ts`) are compared with those of the file, both less the elements' shares.
 *
 * With the right units the ratio of their standard deviations was 0.2 to 2.5 and their correlation 0.6 to 0.99 in the
 * sets it was tried on (mlearn Si and Li, LASP2 Au, silicon-qe-lda, aenet TiO2, MAISE CuAg; November 2026). The
 * correlation does not depend on units; without one, nothing is said. Rydberg (1/13.6) lies partly in the range of what is
 * sound, and is found in about half of the sets only; a set with energies alone cannot be judged.
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
const BELIEVED = [0.12, 4.8] as const;
const LEAST_CORRELATION = 0.5;
const FEWEST = 10;
/** The sample that is looked at: enough to judge, in about a second. */
const SAMPLE = { frames: 80, atoms: 4000 };

export interface EnergyScale {
  /** Standard deviation of the energies over that of the force model's; 1 where units agree and the model is good. */
  readonly ratio: number;
  readonly correlation: number;
  readonly frames: number;
}

/** How the scatter of energies compares with what the forces say, or undefined where there is too little to go by. */
export function energyScale(frames: readonly Frame[], levels?: ReferenceLevels): EnergyScale | undefined {
  const sample = drawSample(frames);
  if (sample.length < FEWEST) return undefined;
  const chosen = sample.map((k) => frames[k] as LabelledFrame);
  const model = energiesFromForces(chosen);
  const modelled = chosen.map((frame, k) => ({ ...frame, energy: model[k]! * frame.structure.species.length }));
  const level = sample.map((k) => levels?.levels[k] ?? 0);
  const found = centred(chosen, level);
  const expected = centred(modelled, level);
  const [ff, ee, fe] = [product(found, found), product(expected, expected), product(found, expected)];
  if (!(ff > 0 && ee > 0)) return undefined;
  return { ratio: Math.sqrt(ff / ee), correlation: fe / Math.sqrt(ff * ee), frames: sample.length };
}

/** Indices of frames with energy and forces, drawn by chance but always the same ones. */
function drawSample(frames: readonly Frame[]): number[] {
  const usable = [...frames.keys()].filter((k) => {
    const { energy, forces, structure } = frames[k]!;
    return energy !== undefined && forces !== undefined && structure.species.length > 1;
  });
  new RandomStream(1, "energy unit").shuffle(usable);
  const sample: number[] = [];
  let atoms = 0;
  for (const k of usable) {
    atoms += frames[k]!.structure.species.length;
    if (sample.length >= SAMPLE.frames || (atoms > SAMPLE.atoms && sample.length >= 2 * FEWEST)) break;
    sample.push(k);
  }
  return sample;
}

/** Energies less the elements' shares and less the mean of their level, [frame], eV/atom. */
function centred(frames: readonly Frame[], level: readonly number[]): Float64Array {
  const residuals = residualEnergies(frames, referenceEnergies(frames).energies);
  for (const l of new Set(level)) {
    const members = [...level.keys()].filter((k) => level[k] === l);
    const mean = members.reduce((sum, k) => sum + residuals[k]!, 0) / members.length;
    for (const k of members) residuals[k]! -= mean;
  }
  return residuals;
}

const product = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, k) => sum + x * b[k]!, 0);

/** The trouble if energies vary far more or far less than forces explain, else undefined. */
export function energyUnitTrouble(frames: readonly Frame[], levels?: ReferenceLevels): Trouble | undefined {
  const scale = energyScale(frames, levels);
  if (scale === undefined || !(scale.correlation > LEAST_CORRELATION)) return undefined;
  if (scale.ratio > BELIEVED[0] && scale.ratio < BELIEVED[1]) return undefined;
  const distance = (unit: number) => Math.abs(Math.log(scale.ratio / unit));
  const [name, unit] = UNITS.reduce((best, other) => (distance(other[1]) < distance(best[1]) ? other : best));
  const source = frames.find((frame) => frame.energy !== undefined)!.source;
  return {
    code: "energy-unit",
    where: { file: source.file },
    problem:
      `The energies vary ${scale.ratio.toPrecision(2)} times as much as the forces explain ` +
      `(${scale.frames} structures, correlation ${scale.correlation.toFixed(2)}), as if they were in ${name} ` +
      `(1 eV = ${unit.toPrecision(4)} ${name}) beside forces in eV/Å.`,
    expected: "Expected energies in eV and forces in eV/Å.",
    remedy:
      "Convert the energies to eV and the forces to eV/Å, or state the file's units; skip this check if both are.",
  };
}
