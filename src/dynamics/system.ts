/** What moves and what holds it: all of a simulation that does not change from step to step. */
import { InputError } from "../errors/index.js";
import type { ForceField, Potential } from "../potentials/potential.js";
import { checkStructure, type Structure } from "../structure/index.js";
import { atomicMasses } from "../structure/masses.js";
import { electronvoltsPerAmu } from "./mass-unit.js";

/** An atom that does not move, or that does not move in some directions. */
export type FixedAtom = number | { readonly atom: number; readonly directions: readonly ("x" | "y" | "z")[] };

export interface SystemOptions {
  /** [atom], amu. Default: the standard atomic weights. */
  readonly masses?: ArrayLike<number>;
  /** 0-based atoms that stay where they are. */
  readonly fixed?: readonly FixedAtom[];
  /**
   * "rest": the centre of mass is brought to rest at the start and kept there, and its degrees of freedom are not counted, in
   * each direction in which no atom is fixed. "free": it moves as the forces will; for atoms in an external field. Default:
   * "rest" for two atoms or more, "free" for one.
   */
  readonly centreOfMass?: "rest" | "free";
}

/** Atoms bound to a potential. Of the three coordinates of an atom each may be fixed by itself. */
export interface System {
  /** Where it began: species and periodicity hold for ever, positions and cell for the start. */
  readonly structure: Structure;
  readonly atoms: number;
  /** [atom, xyz], eV fs²/Å²; the same three times, 0 where the coordinate is fixed. */
  readonly masses: Float64Array;
  /** [atom, xyz], Å²/(eV fs²); 0 where the coordinate is fixed. */
  readonly inverseMasses: Float64Array;
  /** Total mass of what is at rest as a whole, [xyz], eV fs²/Å²; 0 in directions in which the centre of mass is free. */
  readonly restingMass: Float64Array;
  /** Coordinates that move, less those of a centre of mass at rest: N_f of the thermostats and of the temperature. */
  readonly degreesOfFreedom: number;
  readonly forceField: ForceField;
}

/**
 * Binds a potential to the atoms of a structure. Throws an InputError for a geometry that cannot be worked with, for elements that
 * the potential does not know, for masses that are not above 0, for fixed atoms that do not exist, and if nothing can move.
 */
export function prepare(structure: Structure, potential: Potential, options: SystemOptions = {}): System {
  checkStructure(structure);
  const atoms = structure.species.length;
  const masses = massesOf(structure, options);
  for (const fixed of options.fixed ?? []) hold(masses, fixed);
  const rest = options.centreOfMass ?? (atoms > 1 ? "rest" : "free");
  const restingMass = new Float64Array(3);
  if (rest === "rest") for (let x = 0; x < 3; x++) restingMass[x] = massOfDirection(masses, x);
  const moving = masses.reduce((count, m) => count + (m > 0 ? 1 : 0), 0);
  const degreesOfFreedom = moving - restingMass.reduce((count, m) => count + (m > 0 ? 1 : 0), 0);
  if (degreesOfFreedom < 1) throw nothingMoves(atoms, moving);
  return {
    structure,
    atoms,
    masses,
    inverseMasses: masses.map((m) => (m > 0 ? 1 / m : 0)),
    restingMass,
    degreesOfFreedom,
    forceField: potential.bind(structure),
  };
}

function massesOf({ species }: Structure, options: SystemOptions): Float64Array {
  const given = options.masses;
  if (given !== undefined && given.length !== species.length)
    throw new InputError({
      code: "wrong-length",
      problem: `${given.length} masses were given for ${species.length} atoms.`,
      expected: "Each atom has one mass, in amu.",
      remedy: "Give as many masses as there are atoms, or none to take the standard atomic weights.",
    });
  const masses = new Float64Array(3 * species.length);
  for (let i = 0; i < species.length; i++) {
    const mass = given?.[i] ?? atomicMasses[species[i]] ?? Number.NaN;
    if (!(mass > 0 && Number.isFinite(mass)))
      throw new InputError({
        code: "wrong-mass",
        where: { atom: i + 1 },
        problem: `The mass of this atom of atomic number ${species[i]} is ${mass} amu.`,
        expected: "Masses are finite and above 0.",
        remedy: "Give the masses of all atoms.",
      });
    masses.fill(mass * electronvoltsPerAmu, 3 * i, 3 * i + 3);
  }
  return masses;
}

function hold(masses: Float64Array, fixed: FixedAtom): void {
  const { atom, directions } = typeof fixed === "number" ? { atom: fixed, directions: ["x", "y", "z"] } : fixed;
  const atoms = masses.length / 3;
  if (!Number.isInteger(atom) || atom < 0 || atom >= atoms)
    throw new InputError({
      code: "no-such-atom",
      problem: `Atom ${atom + 1} is to be fixed, but there are ${atoms} atoms.`,
      remedy: "Name atoms of this structure.",
    });
  for (const direction of directions) masses[3 * atom + "xyz".indexOf(direction)] = 0;
}

/** Mass of all atoms, or 0 if one of them is fixed in this direction. */
function massOfDirection(masses: Float64Array, direction: number): number {
  let sum = 0;
  for (let k = direction; k < masses.length; k += 3) {
    if (masses[k] === 0) return 0;
    sum += masses[k];
  }
  return sum;
}

const nothingMoves = (atoms: number, moving: number): InputError =>
  new InputError({
    code: "nothing-moves",
    problem: `Of ${atoms} atoms ${moving} coordinates may move, and no degree of freedom is left.`,
    expected: "At least one degree of freedom beside the centre of mass at rest.",
    remedy: 'Fix fewer atoms, or let the centre of mass move (centreOfMass "free").',
  });
