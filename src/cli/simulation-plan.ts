/** From a configuration to what every simulation starts from: the structure, the thresholds of its watch, and what tells one run from another. */
import { createHash } from "node:crypto";
import type { Quantity, Ramp, Threshold } from "../dynamics/index.js";
import { InputError } from "../errors/index.js";
import type { PotentialSource } from "../hosts/node/potential-source.js";
import { openSimulationPotential, type SimulationPotential } from "../hosts/node/simulate-potential.js";
import type { Precision } from "../networks/surface-network.js";
import { type Frame, replicate, type Structure } from "../structure/index.js";
import { gigapascal, type UnitSystem } from "../units/index.js";
import type { DoubtLimits, Limits, SharedSettings } from "./simulation-keys.js";
import { readFrames } from "./wiring.js";

/** The frame that is asked for, with its structure replicated; other columns are as they were. */
export async function startingFrame({ structure }: SharedSettings, units: UnitSystem): Promise<Frame> {
  const frame = await chosenFrame(structure, units);
  const [a = 1, b = 1, c = 1] = structure.replicate;
  if (frame.structure.cell !== undefined || a * b * c === 1)
    return { ...frame, structure: replicate(frame.structure, [a, b, c]) };
  throw new InputError({
    code: "no-cell",
    where: { file: structure.file },
    problem: "The structure has no cell, and `structure.replicate` asks for copies of it.",
    remedy: "Leave `structure.replicate` out, or give the structure a cell.",
  });
}

async function chosenFrame(asked: SharedSettings["structure"], units: UnitSystem): Promise<Frame> {
  let count = 0;
  let last: Frame | undefined;
  for await (const frame of readFrames(asked.file, { units })) {
    last = frame;
    if (++count === asked.frame) return frame;
  }
  if (last !== undefined && asked.frame === "last") return last;
  throw new InputError({
    code: "no-such-structure",
    where: { file: asked.file },
    problem: `Structure ${asked.frame} is asked for, and the file has ${count}.`,
    remedy: "Correct `structure.frame`.",
  });
}

export interface PotentialSettings {
  readonly units: UnitSystem;
  readonly atoms: number;
  readonly precision?: Precision;
  /** Default: those of the configuration. */
  readonly threads?: number;
}

export const openPotentialOf = (
  { potential, threads }: SharedSettings,
  settings: PotentialSettings,
): Promise<SimulationPotential> =>
  openSimulationPotential(potential as PotentialSource, { threads: threads ?? undefined, ...settings });

/** Closes the potential if `make` throws. */
export async function closingOnFailure<T>(potential: SimulationPotential, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await potential.close();
    throw error;
  }
}

/** 0-based; "10-20" is eleven atoms. */
export function fixedAtoms(fixed: readonly (number | string)[]): number[] {
  return fixed.flatMap((entry) => {
    if (typeof entry === "number") return [entry - 1];
    const [first = 1, last = 0] = entry.split("-").map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first - 1 + k);
  });
}

/** GPa to eV/Å³. */
export const inOurs = (ramp: Ramp): Ramp =>
  typeof ramp === "number" ? ramp * gigapascal : ramp.map(({ time, value }) => ({ time, value: value * gigapascal }));

/** Throws InputError (`no-uncertainty`) for a potential that does not know what is asked for. */
export function thresholdsOf(watch: DoubtLimits, { hasSpread }: SimulationPotential): Threshold[] {
  const kinds: [Quantity, Limits][] = [
    ["disagreement", watch.disagreement],
    ["energy-spread", watch.energySpread],
    ["extrapolations", watch.extrapolations],
  ];
  const thresholds = kinds.flatMap(([quantity, limits]) =>
    (["warn", "collect", "stop"] as const).flatMap((action): Threshold[] => {
      const above = limits[action];
      return above === null ? [] : [{ quantity, above, action }];
    }),
  );
  const needy = thresholds.find(({ quantity }) => quantity !== "extrapolations");
  if (needy !== undefined && !hasSpread)
    throw new InputError({
      code: "no-uncertainty",
      problem: `\`watch\` asks for the ${needy.quantity}, which this potential does not know.`,
      expected: "A committee or a dropout potential.",
      remedy: "Take such a potential, or leave the threshold out.",
    });
  return thresholds;
}

export interface Identified {
  readonly structure: Structure;
  readonly potential: SimulationPotential;
  readonly velocities?: Float64Array | undefined;
}

/** Of all that decides the course of a run: `settings` are without where files lie, how long it lasts and how many threads share it. */
export function identityOf(settings: object, { structure, velocities, potential }: Identified): string {
  const { species, positions, cell, periodic } = structure;
  const atoms = [[...species], [...positions], [...(cell ?? [])], periodic, [...(velocities ?? [])]];
  const text = JSON.stringify([settings, potential.fingerprint, atoms]);
  return createHash("sha256").update(text).digest("hex");
}
