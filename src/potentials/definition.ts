/**
 * A network potential as data: what is stored in `potential.json`, and what an n2p2 directory holds.
 *
 *   E = Σ_i ( referenceEnergy[element of i] + energyScale · N(scaled G_i) )
 *
 * With dropout N is the mean over passes, each of which leaves out some hidden neurons.
 */
import type { ElementDescriptors, Scaling } from "../descriptors/definition.js";
import type { DropoutMasks, Network } from "../networks/index.js";

/** Masks of a member's passes. They are part of the potential, so that its energy is one function of the positions. */
export interface MemberDropout {
  /** Of the stream that the masks were drawn from. */
  readonly seed: number;
  /** One per element, all with the same probability and number of passes; atoms of an element share a pass's mask. */
  readonly masks: readonly DropoutMasks[];
}

/** One member: scaling and a network per element, in the order of the elements. */
export interface Member {
  readonly seed?: number;
  readonly elements: readonly { readonly scaling: Scaling; readonly network: Network }[];
  /** eV per unit of network output. */
  readonly energyScale: number;
  /** eV per atom, in the order of the elements. */
  readonly referenceEnergies: readonly number[];
  readonly dropout?: MemberDropout | undefined;
}

/** A potential, or a committee of potentials on the same functions. */
export interface NetworkPotential {
  /** Ascending atomic numbers; functions in n2p2's order. */
  readonly descriptors: readonly ElementDescriptors[];
  readonly members: readonly Member[];
}

/** Where a potential's spread comes from; undefined for one network without dropout, which has none. */
export function spreadSourceOf({ members }: NetworkPotential): "committee" | "dropout" | undefined {
  if (members.some(({ dropout }) => dropout !== undefined)) return "dropout";
  return members.length > 1 ? "committee" : undefined;
}
