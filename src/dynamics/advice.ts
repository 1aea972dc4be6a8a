/** Advice on the length of a time step. */
import { electronvoltsPerAmu } from "./mass-unit.js";
import type { System } from "./system.js";

export interface Advice {
  readonly code: "long-timestep";
  readonly problem: string;
  readonly remedy: string;
  /** Lightest mass that moves, amu, and its 0-based atom. */
  readonly mass: number;
  readonly atom: number;
  /** fs */
  readonly timestep: number;
  readonly advised: number;
}

/**
 * Longest step that is safe for bonds of an atom of 1 amu, fs; for others it goes with √m. A fifteenth of the 9 fs of an O–H
 * stretching vibration; for N₂ it is a sixth of its 14 fs, for silicon's optical phonons a twentieth of 64 fs.
 */
const SAFE_FOR_ONE_AMU = 0.6;

/** What to say about a time step (fs) that is long for the lightest atom that moves, or undefined. */
export function adviseTimestep(system: System, timestep: number): Advice | undefined {
  let lightest = -1;
  for (let k = 0; k < system.masses.length; k++)
    if (system.masses[k] > 0 && !(system.masses[k] >= system.masses[lightest])) lightest = k;
  const mass = system.masses[lightest] / electronvoltsPerAmu;
  const advised = SAFE_FOR_ONE_AMU * Math.sqrt(mass);
  if (timestep <= advised) return undefined;
  const atom = Math.floor(lightest / 3);
  const [fs, amu] = [advised.toFixed(1), Number(mass.toPrecision(4))];
  return {
    code: "long-timestep",
    problem: `A time step of ${timestep} fs is long for atom ${atom + 1}, whose mass is ${amu} amu.`,
    remedy: `Take ${fs} fs or less, and see that the conserved quantity keeps its place.`,
    mass,
    atom,
    timestep,
    advised,
  };
}
