/**
 * Energy changes from the neighbourhood of what changes. Atoms further than a cutoff from a changed atom keep their energies, so a
 * cluster of all sites within two cutoffs, evaluated without periodicity, tells the change exactly: a swap costs a neighbourhood and
 * not the system.
 *
 * How a potential shares its energy among atoms matters (`EnergySharing`):
 *
 *   "own"     E_k depends only on what is within a cutoff of k (networks, embedded atoms, pairs). ΔE = Σ (E_k′ − E_k) over the atoms
 *             within a cutoff of a changed one, old energies from memory: one evaluation of the cluster.
 *   "shared"  terms around an atom may be counted at its neighbours (Stillinger–Weber and Tersoff here). ΔE is the change of the energy of
 *             the whole cluster, whose border does not change: two evaluations, right for any sharing of terms centred on atoms.
 */
import type { Demand, Evaluation, Potential } from "../../potentials/potential.js";
import { type Structure, volume } from "../../structure/index.js";
import { BARE } from "../state.js";
import { type Change, possible, type Trial } from "./change.js";
import { type Placed, type Site, Vicinity } from "./vicinity.js";

export type EnergySharing = "own" | "shared";

/** Atoms as they are now; the arrays are looked at again at every trial. */
export interface Atoms extends Placed {
  /** Atomic numbers, [atom] */
  readonly species: Uint8Array;
}

export interface LocalEnergyOptions {
  /** Default "shared", which is right for all. */
  readonly sharing?: EnergySharing;
  /** Å, below which a pair makes the change impossible; 0 to let it be. Default 0. */
  readonly minimumDistance?: number;
  /** Evaluate all atoms at every change. Default false. */
  readonly whole?: boolean;
  /** What a site of a cluster costs, in atoms of the whole: above 1 where neighbours of all atoms are kept as long as elements stay. Default 1. */
  readonly siteCost?: number;
}

/** Some potentials take a demand for one structure too, and need not spread what nobody asked for. */
type Sparing = Potential & { evaluate(structure: Structure, demand?: Demand): Evaluation };

/** Å by which rounding of distances may not cost a neighbour. */
const ROUNDING = 1e-7;

export class LocalEnergies {
  readonly #potential: Sparing;
  readonly #atoms: Atoms;
  readonly #sharing: EnergySharing;
  readonly #minimumDistance: number;
  readonly #whole: boolean;
  readonly #siteCost: number;
  readonly #vicinity: Vicinity;
  /** [atom], eV, of the atoms as they are; for "shared" of some earlier time. */
  readonly atomicEnergies: Float64Array;
  /** Of all atoms as they are, eV: the sum of all differences since it was evaluated. */
  energy = Number.NaN;

  /** Evaluates nothing yet: call `evaluate` or `rebuild`. */
  constructor(potential: Potential, atoms: Atoms, options: LocalEnergyOptions = {}) {
    const { sharing = "shared", minimumDistance = 0, whole = false, siteCost = 1 } = options;
    this.#potential = potential;
    this.#atoms = atoms;
    this.#sharing = sharing;
    this.#minimumDistance = minimumDistance;
    this.#whole = whole;
    this.#siteCost = siteCost;
    this.#vicinity = new Vicinity(atoms, potential.cutoff);
    this.atomicEnergies = new Float64Array(atoms.species.length);
  }

  /** Energy of all atoms as they are, evaluated anew. Throws what the potential throws. */
  evaluate(): number {
    const { energy, atomicEnergies } = this.#evaluateAll(this.#atoms);
    this.atomicEnergies.set(atomicEnergies);
    this.energy = energy;
    return energy;
  }

  /** All atoms have moved, or the cell has changed: their energies now, eV. */
  rebuild(energy: number, atomicEnergies: Float64Array): void {
    this.energy = energy;
    this.atomicEnergies.set(atomicEnergies);
    this.#vicinity.rebuild();
  }

  /** What a change would bring; changes nothing. */
  trial(change: Change): Trial {
    const cost = this.#costOfSite(change) * (this.#sharing === "own" ? 1 : 2);
    const all = this.#atoms.species.length;
    if (this.#whole || cost * this.#expectedSites() >= all) {
      const near = this.#minimumDistance > 0 ? this.#gather(change, this.#minimumDistance) : [];
      return this.#tooClose(change, near) ? this.#impossible(change, 0) : this.#trialOfAll(change);
    }
    const cluster = this.#gather(change, 2 * this.#potential.cutoff);
    if (this.#tooClose(change, cluster)) return this.#impossible(change, 0);
    const images = cluster.filter(({ atom }) => change.atoms.includes(atom)).length > change.atoms.length;
    if (cost * cluster.length >= all || (images && this.#sharing === "shared")) return this.#trialOfAll(change);
    return this.#sharing === "own" ? this.#trialOfOwn(change, cluster) : this.#trialOfShared(change, cluster);
  }

  /** Where elements change, neighbours are listed anew either way, and a cluster costs its gathering alone. */
  #costOfSite({ atoms, species }: Change): number {
    const sameElements = atoms.every((atom, k) => species[k] === this.#atoms.species[atom]);
    return sameElements ? this.#siteCost : Math.max(1, this.#siteCost / 2);
  }

  /** Makes a tried change; all atoms must be as they were at the trial. */
  accept({ change, energy, atoms, atomicEnergies }: Trial): void {
    const { positions, species } = this.#atoms;
    change.atoms.forEach((atom, k) => {
      positions.set(change.positions.subarray(3 * k, 3 * k + 3), 3 * atom);
      species[atom] = change.species[k];
      this.#vicinity.moved(atom);
    });
    this.energy = energy;
    if (atoms === undefined) this.atomicEnergies.set(atomicEnergies);
    else
      atoms.forEach((atom, k) => {
        this.atomicEnergies[atom] = atomicEnergies[k];
      });
  }

  /** Sites within two cutoffs of an atom at the mean density; 0 where there is none. */
  #expectedSites(): number {
    const { cell, periodic, species } = this.#atoms;
    if (cell === undefined || !periodic.every(Boolean)) return 0;
    return ((4 / 3) * Math.PI * (2 * this.#potential.cutoff) ** 3 * species.length) / volume(cell);
  }

  /** All sites that are within a distance (Å) of a changed atom, before or after, in the order of atoms and images. */
  #gather(change: Change, distance: number): ClusterSite[] {
    const vicinity = this.#vicinity;
    const radius = distance + ROUNDING;
    const sites = this.#centres(change).flatMap((centre) => [
      ...vicinity.around(centre, radius),
      // Images of a changed atom that come in from outside.
      ...change.atoms.flatMap((atom, k) =>
        vicinity
          .shiftsNear(change.positions.subarray(3 * k), centre, radius)
          .map((shift) => vicinity.site(atom, shift)),
      ),
    ]);
    // The order must not depend on how the boxes came to be: a resumed run has others.
    return sites
      .sort(inOrder)
      .filter((site, k) => k === 0 || inOrder(sites[k - 1], site) !== 0)
      .map((site) => ({ ...site, ...this.#changed(site, change) }));
  }

  /** Old and new places of the changed atoms, [place][xyz], each once, in images near the first: neighbourhoods that overlap should. */
  #centres({ atoms, positions }: Change): Float64Array[] {
    const vicinity = this.#vicinity;
    const first = this.#atoms.positions.subarray(3 * atoms[0], 3 * atoms[0] + 3);
    const places = atoms.flatMap((atom, k) => {
      const home = this.#atoms.positions.subarray(3 * atom, 3 * atom + 3);
      const { position } = vicinity.site(atom, vicinity.shiftTowards(home, first));
      const before = Float64Array.from(position);
      return [before, before.map((x, d) => x + positions[3 * k + d] - home[d])];
    });
    return places.filter((p, k) => places.findIndex((q) => q[0] === p[0] && q[1] === p[1] && q[2] === p[2]) === k);
  }

  #changed({ atom, position }: Site, { atoms, positions, species }: Change): Pick<ClusterSite, "after" | "element"> {
    const k = atoms.indexOf(atom);
    if (k < 0) return { after: position, element: this.#atoms.species[atom] };
    const after = position.map((x, d) => x + positions[3 * k + d] - this.#atoms.positions[3 * atom + d]);
    return { after: [after[0], after[1], after[2]], element: species[k] };
  }

  /** Whether a changed atom would come too near to any site but itself. */
  #tooClose({ atoms, positions }: Change, cluster: readonly ClusterSite[]): boolean {
    const limit = this.#minimumDistance ** 2;
    if (limit === 0) return false;
    return atoms.some((atom, k) => {
      const [x, y, z] = positions.subarray(3 * k, 3 * k + 3);
      return cluster.some(({ atom: other, shift, after }) => {
        if (other === atom && shift.every((s) => s === 0)) return false;
        return (after[0] - x) ** 2 + (after[1] - y) ** 2 + (after[2] - z) ** 2 < limit;
      });
    });
  }

  #trialOfAll(change: Change): Trial {
    const positions = this.#atoms.positions.slice();
    const species = this.#atoms.species.slice();
    change.atoms.forEach((atom, k) => {
      positions.set(change.positions.subarray(3 * k, 3 * k + 3), 3 * atom);
      species[atom] = change.species[k];
    });
    const evaluated = species.length;
    const after = possible(() => this.#evaluateAll({ ...this.#atoms, positions, species }));
    if (after === undefined) return this.#impossible(change, evaluated);
    const { energy } = after;
    const atomicEnergies = after.atomicEnergies.slice();
    return { change, difference: energy - this.energy, energy, evaluated, atoms: undefined, atomicEnergies };
  }

  #trialOfOwn(change: Change, cluster: readonly ClusterSite[]): Trial {
    const evaluated = cluster.length;
    const after = possible(() => this.#evaluateCluster(cluster, "after"));
    if (after === undefined) return this.#impossible(change, evaluated);
    const centres = this.#centres(change);
    const limit = (this.#potential.cutoff + ROUNDING) ** 2;
    const near = ([x, y, z]: Float64Array, [a, b, c]: Site["position"]): boolean =>
      (a - x) ** 2 + (b - y) ** 2 + (c - z) ** 2 < limit;
    const energies = new Map<number, number>();
    cluster.forEach(({ atom, position, after: now }, k) => {
      // One image of each atom counts, and any whose surroundings are complete will do.
      if (energies.has(atom) || !centres.some((c) => near(c, position) || near(c, now))) return;
      energies.set(atom, after.atomicEnergies[k]);
    });
    let difference = 0;
    for (const [atom, value] of energies) difference += value - this.atomicEnergies[atom];
    const atomicEnergies = Float64Array.from(energies.values());
    const energy = this.energy + difference;
    return { change, difference, energy, evaluated, atoms: [...energies.keys()], atomicEnergies };
  }

  #trialOfShared(change: Change, cluster: readonly ClusterSite[]): Trial {
    const evaluated = 2 * cluster.length;
    const before = this.#evaluateCluster(cluster, "position").energy;
    const after = possible(() => this.#evaluateCluster(cluster, "after"))?.energy;
    if (after === undefined) return this.#impossible(change, evaluated);
    const difference = after - before;
    const energy = this.energy + difference;
    return { change, difference, energy, evaluated, atoms: [], atomicEnergies: new Float64Array(0) };
  }

  #evaluateAll({ species, positions, cell, periodic }: Atoms): Evaluation {
    return this.#potential.evaluate({ species, positions, cell, periodic }, BARE);
  }

  #evaluateCluster(cluster: readonly ClusterSite[], when: "position" | "after"): Evaluation {
    return this.#evaluateAll({
      species: Uint8Array.from(cluster, (site) => (when === "after" ? site.element : this.#atoms.species[site.atom])),
      positions: Float64Array.from(cluster.flatMap((site) => site[when])),
      cell: undefined,
      periodic: [false, false, false],
    });
  }

  #impossible(change: Change, evaluated: number): Trial {
    const { energy } = this;
    const nothing = new Float64Array(0);
    return { change, difference: Number.POSITIVE_INFINITY, energy, evaluated, atoms: [], atomicEnergies: nothing };
  }
}

interface ClusterSite extends Site {
  /** Where it is after the change, Å, and its atomic number then. */
  readonly after: Site["position"];
  readonly element: number;
}

/** By atom, then by image. */
const inOrder = (a: Site, b: Site): number =>
  a.atom - b.atom || a.shift[0] - b.shift[0] || a.shift[1] - b.shift[1] || a.shift[2] - b.shift[2];
