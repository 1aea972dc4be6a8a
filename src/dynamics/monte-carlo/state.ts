/** The state of a Monte Carlo run: all that changes from step to step. */
import { InputError } from "../../errors/index.js";
import { RandomStream } from "../../math/index.js";
import type { Evaluation, ForceField, Potential } from "../../potentials/potential.js";
import { atomCount, checkStructure, type Periodic, type Structure, volume } from "../../structure/index.js";
import { contactBelow } from "../contact.js";
import { BARE } from "../state.js";
import { type Change, possible, type Trial } from "./change.js";
import { type EnergySharing, LocalEnergies } from "./local-energies.js";

export interface MonteCarloOptions {
  readonly seed: number;
  /** 0-based atoms that neither move nor change. */
  readonly fixed?: readonly number[];
  /**
   * How the potential shares its energy among atoms (`local-energies.ts`). Default "shared", right for all; "own" is twice as fast for
   * networks, pairs and embedded atoms, and is tried out at the start.
   */
  readonly sharing?: EnergySharing;
  /** Å: pairs nearer than this have an infinite energy; 0 to let it be. Default 0.4, just over half of the bond in H₂. */
  readonly minimumDistance?: number;
  /** Evaluate all atoms at every change, for potentials that are not local. Default false. */
  readonly whole?: boolean;
  /** What a site of a cluster costs, in atoms of the whole; see `LocalEnergyOptions`. Default 1. */
  readonly siteCost?: number;
}

/** Places of all atoms and the cell, with their evaluation. */
export interface Arrangement {
  /** [atom, xyz], Å */
  readonly positions: Float64Array;
  readonly cell: Float64Array | undefined;
  readonly evaluation: Pick<Evaluation, "energy" | "atomicEnergies">;
}

export class MonteCarloState {
  readonly potential: Potential;
  readonly periodic: Periodic;
  /** Atomic numbers, [atom]; transmutations change them. */
  readonly species: Uint8Array;
  /** [atom, xyz], Å; atoms are not wrapped into the cell. */
  readonly positions: Float64Array;
  /** Lattice vectors as rows, Å. */
  readonly cell: Float64Array | undefined;
  /** 0-based atoms that may move and change. */
  readonly free: Int32Array;
  readonly minimumDistance: number;
  /** Attempts made. */
  step = 0;
  random: RandomStream;
  /** Changes whenever what is bound to the atoms must be bound anew. */
  binding = 0;
  readonly #energies: LocalEnergies;
  #field: { readonly binding: number; readonly field: ForceField } | undefined;

  /** Evaluates the structure. Throws an InputError for structures that cannot be worked with and fixed atoms that do not exist. */
  constructor(structure: Structure, potential: Potential, options: MonteCarloOptions) {
    checkStructure(structure);
    const { seed, fixed = [], minimumDistance = 0.4, sharing = "shared", whole = false, siteCost = 1 } = options;
    const atoms = atomCount(structure);
    checkAtoms(fixed, atoms);
    this.potential = potential;
    this.periodic = structure.periodic;
    this.species = structure.species.slice();
    this.positions = structure.positions.slice();
    this.cell = structure.cell?.slice();
    this.free = Int32Array.from({ length: atoms }, (_, i) => i).filter((i) => !fixed.includes(i));
    this.minimumDistance = minimumDistance;
    this.random = new RandomStream(seed, "monte carlo");
    this.#energies = new LocalEnergies(potential, this, { sharing, minimumDistance, whole, siteCost });
    this.#energies.evaluate();
    if (sharing === "own" && !whole) this.#tryOut(new RandomStream(seed, "trials of local energies"));
  }

  /** Potential energy, eV. */
  get energy(): number {
    return this.#energies.energy;
  }

  /** [atom], eV; of an earlier time where the potential shares energies. */
  get atomicEnergies(): Float64Array {
    return this.#energies.atomicEnergies;
  }

  /** Å³; NaN without a cell that repeats in three directions. */
  get volume(): number {
    return this.cell === undefined || !this.periodic.every(Boolean) ? Number.NaN : volume(this.cell);
  }

  /** The atoms as they are now, copied. */
  structure(): Structure {
    const { periodic, species, positions, cell } = this;
    return { periodic, species: species.slice(), positions: positions.slice(), cell: cell?.slice() };
  }

  /** What a change of some atoms would bring; changes nothing. */
  trial(change: Change): Trial {
    return this.#energies.trial(change);
  }

  /** Makes a change that was tried. */
  accept(trial: Trial): void {
    if (trial.change.atoms.some((atom, k) => this.species[atom] !== trial.change.species[k])) this.binding++;
    this.#energies.accept(trial);
  }

  /** Another arrangement of the same atoms, or undefined if it is impossible. The result is overwritten by the next. */
  evaluate(positions: Float64Array, cell: Float64Array | undefined): Evaluation | undefined {
    if (this.tooClose(positions, cell)) return undefined;
    if (this.#field?.binding !== this.binding)
      this.#field = { binding: this.binding, field: this.potential.bind(this.structure()) };
    const { field } = this.#field;
    return possible(() => field.evaluate(positions, cell, BARE));
  }

  tooClose(positions: Float64Array, cell: Float64Array | undefined): boolean {
    const { minimumDistance, periodic } = this;
    return minimumDistance > 0 && contactBelow({ positions, cell, periodic }, minimumDistance) !== undefined;
  }

  /** Takes on another arrangement. */
  adopt({ positions, cell, evaluation }: Arrangement): void {
    this.positions.set(positions);
    if (cell !== undefined) this.cell?.set(cell);
    this.#energies.rebuild(evaluation.energy, evaluation.atomicEnergies);
  }

  /** Energy kept from step to step less the energy evaluated anew, eV; from now on the latter counts. */
  recheck(): number {
    const kept = this.energy;
    return kept - this.#energies.evaluate();
  }

  /** Moves some atoms a little and compares the local change with that of all atoms. */
  #tryOut(random: RandomStream): void {
    const { species, periodic, cell } = this;
    for (let k = 0; k < Math.min(3, species.length); k++) {
      const atom = random.integer(species.length);
      const positions = this.positions.slice();
      for (let x = 0; x < 3; x++) positions[3 * atom + x] += random.between(-0.2, 0.2);
      const change = {
        atoms: [atom],
        positions: positions.slice(3 * atom, 3 * atom + 3),
        species: species.slice(atom, atom + 1),
      };
      const { difference } = this.trial(change);
      const whole = possible(() => this.potential.evaluate({ species, periodic, positions, cell }));
      if (whole === undefined || !Number.isFinite(difference)) continue;
      checkSame(difference, whole.energy - this.energy, Math.abs(this.energy));
    }
  }
}

function checkSame(local: number, whole: number, energy: number): void {
  if (Math.abs(local - whole) <= 1e-7 + 1e-11 * energy) return;
  throw new InputError({
    code: "not-local",
    problem: `The energy of a displaced atom changes by ${whole} eV, but by ${local} eV if only atoms within the cutoff are looked at.`,
    expected: `Atomic energies that depend on nothing beyond the cutoff, as sharing: "own" says.`,
    remedy: `Use sharing: "shared", or whole: true for potentials that are not local.`,
  });
}

function checkAtoms(fixed: readonly number[], atoms: number): void {
  const wrong = fixed.find((i) => !Number.isInteger(i) || i < 0 || i >= atoms);
  if (wrong === undefined && new Set(fixed).size < atoms) return;
  throw new InputError({
    code: wrong === undefined ? "nothing-moves" : "no-such-atom",
    problem:
      wrong === undefined ? "All atoms are fixed." : `Atom ${wrong + 1} is to be fixed, but there are ${atoms} atoms.`,
    remedy: "Name atoms of this structure, and leave some free.",
  });
}
