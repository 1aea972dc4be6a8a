/** What a relaxation may be told, with its defaults. */
import { InputError } from "../errors/index.js";
import { atomCount, type Structure } from "../structure/index.js";

export interface CellFreedom {
  /**
   * Which components of the logarithmic strain may change: all, a uniform stretch, or those that are true of
   * xx yy zz yz xz xy. Default "all".
   */
  readonly strain?: "all" | "isotropic" | readonly [boolean, boolean, boolean, boolean, boolean, boolean];
  /** Whether the volume stays as it is. Default false. */
  readonly fixedVolume?: boolean;
}

/** Bitzek et al. 2006 with the corrections and the values of Guénolé et al. 2020 (FIRE 2.0). Times in √(amu·Å²/eV) at unit mass. */
export interface FireSettings {
  /** First time step. Default 0.1. */
  readonly timeStep: number;
  /** Largest and smallest time step over the first. Default 10 and 0.02. */
  readonly growthLimit: number;
  readonly shrinkLimit: number;
  /** Steps downhill before the time step grows. Default 20. */
  readonly delay: number;
  /** Factors of the time step. Default 1.1 and 0.5. */
  readonly grow: number;
  readonly shrink: number;
  /** Share of the velocity that is turned along the force, and its factor per step. Default 0.25 and 0.99. */
  readonly mixing: number;
  readonly mixingDecay: number;
  /** Steps uphill in a row after which it gives up. Default 2000. */
  readonly uphillLimit: number;
}

export interface LbfgsSettings {
  /** Steps whose curvature is remembered. Default 30. */
  readonly memory: number;
  /** Stiffness before anything is known, eV/Å². Default 70. */
  readonly stiffness: number;
  /** Evaluations along one direction. Default 12. */
  readonly trials: number;
  /** Share of the promised decrease that a step must bring. Default 10⁻⁴. */
  readonly sufficientDecrease: number;
  /** Changes of the energy below this share of it are noise, and the slope decides. Default 10⁻¹⁰. */
  readonly energyNoise: number;
}

export interface RelaxationSettings {
  /** Default "lbfgs". */
  readonly method?: "lbfgs" | "fire";
  /** Left out: the cell stays. */
  readonly cell?: CellFreedom;
  /** External pressure, eV/Å³. Default 0. */
  readonly pressure?: number;
  /**
   * 1 for each coordinate that is held, [atom, xyz]. Where the cell changes, held coordinates are those in the starting cell:
   * they follow it.
   */
  readonly fixed?: Uint8Array;
  /** Longest force on an atom that counts as none, eV/Å. Default 0.01. */
  readonly forceTolerance?: number;
  /** Largest component of stress (plus pressure) that counts as none, eV/Å³. Default 10⁻⁴ (0.016 GPa). */
  readonly stressTolerance?: number;
  /** Default 1000. */
  readonly maxSteps?: number;
  /** Farthest that an atom goes in a step, Å. Default 0.2. */
  readonly maxMove?: number;
  /** Largest change of a strain component in a step. Default 0.05. */
  readonly maxStrainMove?: number;
  /** Distance below which two atoms mean that something went wrong, Å. Default 0.4. */
  readonly closest?: number;
  /** Largest eigenvalue of the logarithmic strain before the cell counts as collapsed or evaporated. Default 1.5. */
  readonly strainLimit?: number;
  /** Whether the last structure is evaluated once more for its uncertainty and extrapolation. Default true. */
  readonly finalReport?: boolean;
  readonly fire?: Partial<FireSettings>;
  readonly lbfgs?: Partial<LbfgsSettings>;
}

/** All settings, given or default. */
export interface CompleteSettings {
  readonly method: "lbfgs" | "fire";
  readonly cell: CellFreedom | undefined;
  readonly pressure: number;
  readonly fixed: Uint8Array | undefined;
  readonly forceTolerance: number;
  readonly stressTolerance: number;
  readonly maxSteps: number;
  readonly maxMove: number;
  readonly maxStrainMove: number;
  readonly closest: number;
  readonly strainLimit: number;
  readonly finalReport: boolean;
  readonly fire: FireSettings;
  readonly lbfgs: LbfgsSettings;
}

const FIRE: FireSettings = {
  ...{ timeStep: 0.1, growthLimit: 10, shrinkLimit: 0.02, delay: 20, grow: 1.1, shrink: 0.5 },
  ...{ mixing: 0.25, mixingDecay: 0.99, uphillLimit: 2000 },
};

const LBFGS: LbfgsSettings = { memory: 30, stiffness: 70, trials: 12, sufficientDecrease: 1e-4, energyNoise: 1e-10 };

/** Throws InputError (`bad-setting`, `not-periodic`) where settings do not fit the structure or make no sense. */
export function completeSettings(structure: Structure, given: RelaxationSettings): CompleteSettings {
  const settings: CompleteSettings = {
    method: given.method ?? "lbfgs",
    cell: given.cell,
    pressure: given.pressure ?? 0,
    fixed: given.fixed,
    forceTolerance: given.forceTolerance ?? 0.01,
    stressTolerance: given.stressTolerance ?? 1e-4,
    maxSteps: given.maxSteps ?? 1000,
    maxMove: given.maxMove ?? 0.2,
    maxStrainMove: given.maxStrainMove ?? 0.05,
    closest: given.closest ?? 0.4,
    strainLimit: given.strainLimit ?? 1.5,
    finalReport: given.finalReport ?? true,
    fire: { ...FIRE, ...given.fire },
    lbfgs: { ...LBFGS, ...given.lbfgs },
  };
  checkNumbers(settings);
  checkCell(structure, settings);
  checkFixed(structure, settings.fixed);
  return settings;
}

function checkNumbers(settings: CompleteSettings): void {
  for (const name of ["forceTolerance", "stressTolerance", "maxMove", "maxStrainMove", "strainLimit"] as const)
    if (!(settings[name] > 0)) throw badSetting(name, settings[name], "A number above 0.");
  if (!(settings.closest >= 0)) throw badSetting("closest", settings.closest, "A distance of 0 Å or more.");
  if (!Number.isFinite(settings.pressure))
    throw badSetting("pressure", settings.pressure, "A finite pressure in eV/Å³.");
  if (!(Number.isInteger(settings.maxSteps) && settings.maxSteps >= 0))
    throw badSetting("maxSteps", settings.maxSteps, "A whole number of 0 or more.");
}

const badSetting = (name: string, value: unknown, expected: string): InputError =>
  new InputError({
    code: "bad-setting",
    problem: `The setting ${name} of the relaxation is ${value}.`,
    expected,
    remedy: `Correct ${name}, or leave it out for its default.`,
  });

function checkCell(structure: Structure, { cell, pressure }: CompleteSettings): void {
  const periodic = structure.periodic.every(Boolean);
  if (periodic || (cell === undefined && pressure === 0)) return;
  throw new InputError({
    code: "not-periodic",
    problem: `${cell === undefined ? "A pressure" : "A relaxation of the cell"} needs a cell that repeats in three directions.`,
    remedy: "Keep the cell fixed, or mark the structure as periodic and hold the strains along the vacuum.",
  });
}

function checkFixed(structure: Structure, fixed: Uint8Array | undefined): void {
  if (fixed === undefined || fixed.length === 3 * atomCount(structure)) return;
  throw badSetting("fixed", `of length ${fixed.length}`, `${3 * atomCount(structure)} numbers, three for each atom.`);
}

/** All three coordinates of the atoms (0-based), for `fixed`. */
export function holdAtoms(structure: Structure, atoms: Iterable<number>): Uint8Array {
  const fixed = new Uint8Array(3 * atomCount(structure));
  for (const i of atoms) {
    if (!(Number.isInteger(i) && i >= 0 && i < atomCount(structure)))
      throw badSetting("fixed", `atom ${i + 1}`, `Atoms from 1 to ${atomCount(structure)}.`);
    fixed.fill(1, 3 * i, 3 * i + 3);
  }
  return fixed;
}
