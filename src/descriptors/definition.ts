/**
 * What a symmetry function is. Names and meaning follow n2p2 (Singraber et al. 2019; Bircher et al. 2021), so that its
 * files map one to one.
 *
 *   type  2  radial            Σ_j      g(r_ij)
 *   type  3  narrow angular    2^(1−ζ) Σ_{j<k} (1+λ cosθ)^ζ g(r_ij) g(r_ik) g(r_jk)
 *   type  9  wide angular      2^(1−ζ) Σ_{j<k} (1+λ cosθ)^ζ g(r_ij) g(r_ik)
 *   type 12  weighted radial   Σ_j Z_j g(r_ij)
 *   type 13  weighted narrow   as 3 over all elements, times Z_j Z_k
 *   type 20  compact radial    Σ_j C(r_ij)
 *   type 21  compact narrow    Σ_{j<k} C(θ) C(r_ij) C(r_ik) C(r_jk)
 *   type 22  compact wide      Σ_{j<k} C(θ) C(r_ij) C(r_ik)
 *   type 23, 24, 25            20, 21, 22 over all elements, times Z_j or Z_j Z_k
 *
 * with g(r) = exp(−η (r−rs)²) fc(r), C a bump between two ends, θ the angle at the central atom.
 */

/** n2p2's cutoff types: 0 hard, 1 cosine, 2 tanh³ unnormalised, 3 tanh³, 4 exponential, 5–8 polynomials 1–4. */
export type CutoffType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Cutoff {
  readonly type: CutoffType;
  /** Inner radius in units of the cutoff radius, 0 ≤ α < 1; ignored by types 0, 2 and 3. */
  readonly alpha: number;
}

/** Core of a compact function: polynomial 1–4 or exponential. */
export type CompactCore = "p1" | "p2" | "p3" | "p4" | "e";

/** g(r) = exp(−η (r−rs)²) fc(r). */
export interface GaussianShape {
  /** Å⁻² */
  readonly eta: number;
  /** Å */
  readonly rs: number;
  /** Å */
  readonly rc: number;
  readonly cutoff: Cutoff;
}

/** C(r; rl, rc): a bump centred between rl and rc, zero outside. */
export interface CompactShape {
  /** Å; may be negative, so that the bump is cut at r = 0. */
  readonly rl: number;
  /** Å */
  readonly rc: number;
  readonly core: CompactCore;
  /** Steeper on the outer side: x → (2−x) x. */
  readonly asymmetric: boolean;
}

/** Atomic numbers of the neighbours: one (radial), two in ascending order (angular), none (weighted). */
type Neighbors = readonly number[];

interface PowerAngle {
  readonly lambda: number;
  readonly zeta: number;
}
interface CompactAngle {
  /** degrees */
  readonly angleLeft: number;
  /** degrees */
  readonly angleRight: number;
}

export type GaussianRadial = { readonly type: 2 | 12; readonly neighbors: Neighbors } & GaussianShape;
export type GaussianAngular = { readonly type: 3 | 9 | 13; readonly neighbors: Neighbors } & GaussianShape & PowerAngle;
export type CompactRadial = { readonly type: 20 | 23; readonly neighbors: Neighbors } & CompactShape;
export type CompactAngular = { readonly type: 21 | 22 | 24 | 25; readonly neighbors: Neighbors } & CompactShape &
  CompactAngle;

export type SymmetryFunction = GaussianRadial | GaussianAngular | CompactRadial | CompactAngular;
export type FunctionType = SymmetryFunction["type"];

export const isAngular = (f: SymmetryFunction): f is GaussianAngular | CompactAngular =>
  f.type === 3 || f.type === 9 || f.type === 13 || f.type === 21 || f.type === 22 || f.type === 24 || f.type === 25;
/** Whether the factor of r_jk is there. */
export const isNarrow = (f: SymmetryFunction): boolean =>
  f.type === 3 || f.type === 13 || f.type === 21 || f.type === 24;
export const isCompact = (f: SymmetryFunction): f is CompactRadial | CompactAngular => f.type >= 20;
/** Whether neighbours of every element count, weighted by their atomic numbers. */
export const isWeighted = (f: SymmetryFunction): boolean =>
  f.type === 12 || f.type === 13 || f.type === 23 || f.type === 24 || f.type === 25;

/** The functions around atoms of one element, in n2p2's order. */
export interface ElementDescriptors {
  /** Atomic number of the central atom. */
  readonly element: number;
  readonly functions: readonly SymmetryFunction[];
}

/** How raw values G become network inputs (n2p2's five modes). */
export type ScalingMode = "none" | "scale" | "center" | "scale-center" | "scale-sigma";

/** Statistics of one element's functions over the training data, [function] each. */
export interface DescriptorStatistics {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  /** Standard deviation with n−1. */
  readonly sigma: Float64Array;
}

export interface Scaling extends DescriptorStatistics {
  readonly mode: ScalingMode;
  /** Lower and upper end of the scaled range (n2p2's scale_min_short, scale_max_short). */
  readonly low: number;
  readonly high: number;
}
