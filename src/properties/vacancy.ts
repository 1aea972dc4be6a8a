/**
 * Formation energy of a vacancy.
 *
 *   E_f = E(n − 1 atoms) − E(n atoms) + μ
 *
 *   μ   energy of the missing atom in its reservoir, eV: E(n)/n in an elemental crystal; otherwise it must be given
 *
 * at the cell of the crystal, or with p = 0 where the cell relaxes. Relaxation ends in the nearest minimum, which need not be
 * the lowest: Stillinger and Weber's silicon keeps the ideal vacancy, 4.34 eV, above a reconstructed one.
 */
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/index.js";
import type { Potential } from "../potentials/potential.js";
import { type RelaxationSettings, relax } from "../relaxation/index.js";
import { elementSymbol, replicate, type Structure, volume } from "../structure/index.js";

export interface VacancyOptions {
  /** Copies of the crystal along each vector. Default [1, 1, 1]. */
  readonly copies?: readonly [number, number, number];
  /** Which atom of the crystal is missing from the first copy, from 0. Default 0. */
  readonly atom?: number;
  /** μ, eV. Default: the energy per atom of an elemental crystal. */
  readonly chemicalPotential?: number;
  /** Whether the neighbours relax. Default true. */
  readonly relaxAtoms?: boolean;
  /**
   * Largest displacement along x, y, z of every atom before they relax, Å. Default 0.05: on the crystal's own sites symmetry
   * can hold the neighbours at a saddle.
   */
  readonly rattle?: number;
  /** Of those displacements. Default 0. */
  readonly seed?: number;
  /** Of the relaxation; with `cell` the volume relaxes too. */
  readonly relaxation?: Omit<RelaxationSettings, "pressure">;
}

export interface Vacancy {
  /** eV */
  readonly formationEnergy: number;
  /** Before neighbours relaxed, eV. */
  readonly unrelaxed: number;
  /** Change of the volume by the relaxation, Å³; 0 where the cell stays. */
  readonly relaxationVolume: number;
  /** Without the atom, as it ended. */
  readonly structure: Structure;
  /** Atoms of the perfect supercell. */
  readonly atoms: number;
  readonly chemicalPotential: number;
  /** False where the relaxation did not end at a minimum. */
  readonly converged: boolean;
}

/** Throws InputError (`bad-setting`, `no-chemical-potential`, `not-periodic`). Give a crystal that is relaxed. */
export function vacancy(potential: Potential, crystal: Structure, options: VacancyOptions = {}): Vacancy {
  const { copies = [1, 1, 1], atom = 0, relaxAtoms = true, relaxation = {} } = options;
  checkAtom(crystal, atom);
  const perfect = replicate(crystal, copies);
  const whole = potential.evaluate(perfect).energy;
  const mu = options.chemicalPotential ?? elementalPotential(perfect, whole);
  const start = without(perfect, atom);
  const before = potential.evaluate(start).energy;
  const end = relaxAtoms
    ? relax(potential, { finalReport: false, ...relaxation, structure: rattled(start, options) })
    : { structure: start, energy: before, enthalpy: before, converged: true };
  const change = volume(end.structure.cell as Float64Array) - volume(start.cell as Float64Array);
  return {
    formationEnergy: end.energy - whole + mu,
    unrelaxed: before - whole + mu,
    relaxationVolume: relaxation.cell === undefined ? 0 : change,
    ...{ structure: end.structure, atoms: perfect.species.length, chemicalPotential: mu, converged: end.converged },
  };
}

function checkAtom(crystal: Structure, atom: number): void {
  const n = crystal.species.length;
  if (crystal.cell === undefined || !crystal.periodic.every(Boolean))
    throw new InputError({
      code: "not-periodic",
      problem: "A vacancy is made in a crystal, and this structure does not repeat in three directions.",
      remedy: "Give a crystal.",
    });
  if (Number.isInteger(atom) && atom >= 0 && atom < n) return;
  throw new InputError({
    code: "bad-setting",
    problem: `Atom ${atom + 1} is to be missing from a crystal of ${n} atoms.`,
    expected: `An atom from 1 to ${n}.`,
    remedy: "Correct the atom.",
  });
}

function elementalPotential({ species }: Structure, energy: number): number {
  const elements = [...new Set(species)];
  if (elements.length === 1) return energy / species.length;
  throw new InputError({
    code: "no-chemical-potential",
    problem: `In a compound of ${elements.map(elementSymbol).join(" and ")} the energy of the missing atom's reservoir must be known.`,
    remedy: "Give chemicalPotential in eV, for instance the energy per atom of the element's own crystal.",
  });
}

function rattled(structure: Structure, { rattle = 0.05, seed = 0 }: VacancyOptions): Structure {
  const random = new RandomStream(seed, "vacancy");
  return { ...structure, positions: structure.positions.map((x) => x + rattle * random.between(-1, 1)) };
}

const without = (structure: Structure, atom: number): Structure => ({
  ...structure,
  species: structure.species.filter((_, i) => i !== atom),
  positions: structure.positions.filter((_, k) => Math.floor(k / 3) !== atom),
});
