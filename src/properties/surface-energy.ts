/**
 * Surface energies from slabs with two like sides.
 *
 *   γ = (E_slab − n E_bulk)/2A
 *
 * or from slabs of several thicknesses, E_slab(n) = 2Aγ + n E_bulk as a straight line, which does not depend on how well the
 * bulk was computed (Fiorentini and Methfessel 1996, doi:10.1088/0953-8984/8/36/005).
 */
import { InputError } from "../errors/index.js";
import type { Potential } from "../potentials/potential.js";
import { type RelaxationSettings, relax } from "../relaxation/index.js";
import { elementSymbol, type Slab, type SlabOptions, type Structure, slab } from "../structure/index.js";
import { gigapascal } from "../units/index.js";
import { lineThrough } from "./line.js";

export interface SurfaceOptions extends Omit<SlabOptions, "equivalentSides"> {
  /** Whether the atoms of the slab relax. Default true. */
  readonly relaxAtoms?: boolean;
  readonly relaxation?: Omit<RelaxationSettings, "cell" | "pressure">;
}

export interface SurfaceEnergy {
  /** γ, eV/Å² */
  readonly energy: number;
  readonly joulesPerSquareMetre: number;
  /** γ before atoms relaxed, eV/Å². */
  readonly unrelaxed: number;
  /** Of one side, Å². */
  readonly area: number;
  /** As cut from the crystal, and as it ended. */
  readonly slab: Slab;
  readonly structure: Structure;
  /** False where the relaxation did not end at a minimum. */
  readonly converged: boolean;
}

/** 1 eV/Å² in J/m²: 1 GPa·Å = 0.1 J/m². */
export const joulesPerSquareMetre = 0.1 / gigapascal;

/** Throws InputError (`not-stoichiometric`, and those of slabs and relaxations). Give a crystal that is relaxed. */
export function surfaceEnergy(potential: Potential, crystal: Structure, options: SurfaceOptions): SurfaceEnergy {
  const cut = slab(crystal, { ...options, equivalentSides: true });
  const share = shareOf(cut.structure, crystal);
  const bulk = share * potential.evaluate(crystal).energy;
  const before = potential.evaluate(cut.structure).energy;
  const { structure, energy, converged } = relaxed(potential, cut.structure, options) ?? {
    structure: cut.structure,
    energy: before,
    converged: true,
  };
  const gamma = (energy - bulk) / (2 * cut.area);
  return {
    ...{ energy: gamma, joulesPerSquareMetre: gamma * joulesPerSquareMetre, structure, converged },
    ...{ unrelaxed: (before - bulk) / (2 * cut.area), area: cut.area, slab: cut },
  };
}

export interface SurfaceEnergySeries {
  /** γ, eV/Å², from the intercept of the line. */
  readonly energy: number;
  readonly joulesPerSquareMetre: number;
  /** Its slope, eV per unit of the crystal that was given: the energy of the bulk as the slabs see it. */
  readonly bulkEnergy: number;
  readonly slabs: readonly SurfaceEnergy[];
}

/** The same for several numbers of layers at once, two or more. */
export function surfaceEnergySeries(
  potential: Potential,
  crystal: Structure,
  options: Omit<SurfaceOptions, "layers"> & { readonly layers: readonly number[] },
): SurfaceEnergySeries {
  if (new Set(options.layers).size < 2)
    throw new InputError({
      code: "bad-slab",
      problem: `A straight line needs slabs of different thickness, and the layers are ${options.layers.join(", ")}.`,
      expected: "Two different numbers of layers or more.",
      remedy: "Add a thicker slab.",
    });
  const slabs = options.layers.map((layers) => surfaceEnergy(potential, crystal, { ...options, layers }));
  const shares = slabs.map(({ structure }) => shareOf(structure, crystal));
  const bulk = potential.evaluate(crystal).energy;
  const energies = slabs.map(({ energy, area }, k) => 2 * area * energy + shares[k] * bulk);
  const { slope, intercept } = lineThrough(shares, energies);
  const energy = intercept / (2 * slabs[0].area);
  return { energy, joulesPerSquareMetre: energy * joulesPerSquareMetre, bulkEnergy: slope, slabs };
}

function relaxed(potential: Potential, structure: Structure, options: SurfaceOptions) {
  const { relaxAtoms = true, relaxation = {} } = options;
  return relaxAtoms ? relax(potential, { finalReport: false, ...relaxation, structure }) : undefined;
}

/** How many crystals' worth of atoms the slab holds, of every element. */
function shareOf(cut: Structure, crystal: Structure): number {
  const share = cut.species.length / crystal.species.length;
  for (const z of new Set(crystal.species)) {
    const count = (species: Uint8Array): number => species.filter((y) => y === z).length;
    if (Math.abs(count(cut.species) - share * count(crystal.species)) < 1e-9) continue;
    throw new InputError({
      code: "not-stoichiometric",
      problem: `The slab holds ${count(cut.species)} ${elementSymbol(z)} atoms of ${cut.species.length}, the crystal ${count(crystal.species)} of ${crystal.species.length}.`,
      expected: "The same share of each element; else the surface energy depends on chemical potentials.",
      remedy: "Choose another number of layers or another termination.",
    });
  }
  return share;
}
