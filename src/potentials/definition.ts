/**
 * A network potential as data: what is stored in `potential.json`, and what an n2p2 directory holds.
 *
 *   E = Σ_i ( referenceEnergy[element of i] + energyScale · N(scaled G_i) )
 */
import type { ElementDescriptors, Scaling } from "../descriptors/definition.js";
import type { Network } from "../networks/definition.js";

/** One member: scaling and a network per element, in the order of the elements. */
export interface Member {
  readonly seed?: number;
  readonly elements: readonly { readonly scaling: Scaling; readonly network: Network }[];
  /** eV per unit of network output. */
  readonly energyScale: number;
  /** eV per atom, in the order of the elements. */
  readonly referenceEnergies: readonly number[];
}

/** A potential, or a committee of potentials on the same functions. */
export interface NetworkPotential {
  /** Ascending atomic numbers; functions in n2p2's order. */
  readonly descriptors: readonly ElementDescriptors[];
  readonly members: readonly Member[];
}
