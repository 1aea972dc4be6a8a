/**
 * Is a data set fit to learn from? What would make a potential wrong is an error; what may be meant is a warning.
 */
import { InputError, type Place, type Trouble } from "../errors/index.js";
import { coincidentPair, neighborList } from "../neighbors/index.js";
import { checkStructure, elementSymbol, type Frame } from "../structure/index.js";
import { energyUnitTrouble } from "./energy-unit.js";
import { duplicatesWithin } from "./fingerprint.js";
import { describeLevels, IMPOSSIBLE_GAP, referenceLevels } from "./reference-levels.js";

export interface LintOptions {
  /** Whether forces will be learnt from. Default: true where any structure has them. */
  readonly requireForces?: boolean;
  /** Whether every structure must have an energy. Default: true. */
  readonly requireEnergies?: boolean;
  /** Whether to compare energies with forces for their unit. Default: true. */
  readonly checkUnit?: boolean;
}

/** No two nuclei of any compound are so near to each other (H–H: 0.74 Å), Å. */
const CLOSEST = 0.1;

/** Throws an InputError for the first error; returns the warnings. */
export function checkFrames(frames: readonly Frame[], options: LintOptions = {}): Trouble[] {
  if (frames.length === 0) {
    throw new InputError({
      code: "empty-set",
      problem: "There are no structures.",
      remedy: "Give a file with at least one structure.",
    });
  }
  for (const frame of frames) checkFrame(frame);
  if (options.requireEnergies !== false) checkEnergies(frames);
  if (options.requireForces !== false) checkForces(frames, options.requireForces === true);
  return [...checkLevelsAndUnit(frames, options), ...duplicatesWithin(frames)];
}

const placeOf = ({ source }: Frame): Place => ({ file: source.file, line: source.line, structure: source.structure });

function checkFrame(frame: Frame): void {
  const where = placeOf(frame);
  if (frame.structure.species.length === 0) {
    throw new InputError({
      code: "no-atoms",
      where,
      problem: "The structure has no atoms.",
      remedy: "Remove it.",
    });
  }
  checkStructure(frame.structure, where);
  checkLabels(frame, where);
  checkDistances(frame, where);
}

function checkLabels({ structure, energy, forces, stress }: Frame, where: Place): void {
  if (energy !== undefined && !Number.isFinite(energy)) throw notFinite("energy", { value: energy, unit: "eV", where });
  const strange = stress?.find((value) => !Number.isFinite(value));
  if (strange !== undefined) throw notFinite("stress", { value: strange, unit: "eV/Å³", where });
  if (forces === undefined) return;
  if (forces.length !== structure.positions.length) {
    throw new InputError({
      code: "wrong-length",
      where,
      problem: `${structure.species.length} atoms come with ${forces.length} force components.`,
      expected: `Expected ${structure.positions.length}.`,
      remedy: "Correct the forces of this structure or remove it.",
    });
  }
  const bad = forces.findIndex((f) => !Number.isFinite(f));
  if (bad < 0) return;
  const atom = Math.floor(bad / 3);
  const what = `force on this ${elementSymbol(structure.species[atom]!)} atom`;
  throw notFinite(what, { value: forces[bad]!, unit: "eV/Å", where: { ...where, atom: atom + 1 } });
}

function notFinite(what: string, found: { value: number; unit: string; where: Place }): InputError {
  return new InputError({
    code: "non-finite",
    where: found.where,
    problem: `The ${what} is ${found.value} ${found.unit}.`,
    expected: "Expected a finite number.",
    remedy: "Compute this structure again or remove it.",
  });
}

function checkDistances({ structure }: Frame, where: Place): void {
  const pair = coincidentPair(neighborList(structure, CLOSEST), CLOSEST);
  if (pair === undefined) return;
  const [i, j] = pair.atoms;
  const named = (atom: number) => `${elementSymbol(structure.species[atom]!)} atom ${atom + 1}`;
  const other = i === j ? "its own periodic image" : named(j);
  throw new InputError({
    code: "coincident-atoms",
    where: { ...where, atom: i + 1 },
    problem: `${named(i)} and ${other} are ${Number(pair.distance.toPrecision(3))} Å apart.`,
    expected: `Expected at least ${CLOSEST} Å.`,
    remedy: "Correct the positions or the cell of this structure, or remove it.",
  });
}

function checkEnergies(frames: readonly Frame[]): void {
  const without = frames.filter((frame) => frame.energy === undefined);
  if (without.length === 0) return;
  throw new InputError({
    code: "missing-energy",
    where: placeOf(without[0]!),
    problem: `${without.length} of ${frames.length} structures have no energy; this is the first.`,
    remedy: "Add their energies or remove them.",
  });
}

function checkForces(frames: readonly Frame[], required: boolean): void {
  const without = frames.filter((frame) => frame.forces === undefined);
  if (without.length === 0 || (without.length === frames.length && !required)) return;
  throw new InputError({
    code: "missing-forces",
    where: placeOf(without[0]!),
    problem: `${without.length} of ${frames.length} structures have no forces; this is the first.`,
    remedy: "Remove them, add their forces, or train on energies only with `loss: {forcesUsed: false}`.",
  });
}

function checkLevelsAndUnit(frames: readonly Frame[], options: LintOptions): Trouble[] {
  const levels = referenceLevels(frames);
  if (options.checkUnit !== false) {
    const trouble = energyUnitTrouble(frames, levels);
    if (trouble !== undefined) throw new InputError(trouble);
  }
  if (levels === undefined) return [];
  const trouble = describeLevels(frames, levels);
  if (levels.difference > IMPOSSIBLE_GAP) throw new InputError(trouble);
  return [trouble];
}
