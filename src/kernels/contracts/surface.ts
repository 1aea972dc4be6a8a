/**
 * Tables of the surface kernels, which take a network potential from neighbours to forces. Offsets in bytes; pointers, counts and
 * indices are 32-bit, numbers f64. T is f64 or f32.
 *
 * Program of one element, PROGRAM_BYTES: `cutoffs` and `cutoffTable` rows of 32 {type, α, rc, –}; `lists`, a row of LIST_BYTES for each
 * neighbour element; `wides` and `wideTable`; `groups` and `groupTable` of narrow functions; `moments`, T numbers in all classes;
 * `degree`, highest of all classes or −1; `functions`; `pairGroups` and `pairTable`, groups of angular functions that go by pairs.
 *
 * List, 32: count of shapes, pointer to rows of 32 {η, rs, cutoff, Gaussian, all f64} or, of a compact window, {left, right, core, −1}; count of radial functions, pointer to rows of 16
 * {function, shape, weight f64}; count of classes, pointer to rows of 16 {degree, first shape, shapes, first moment}; moments of a shape; pointer to
 * the Gaussians e^(−η(r−rs)²): their count, –, then rows of 24 {two Gaussians before it whose product it is, or −1 twice; η f64, rs f64}. Shapes of radial
 * functions alone come first, then those of the classes, in falling order of their degree. A class fills the first (degree + 1)² moments of
 * its shapes.
 *
 * Wide function, 48: function; 1 where both neighbours are of one element; first moment of either side; number of moments;
 * pointer to β_l N²_lm f64[moments]; element and shape of the first side; f64 prefactor; f64 prefactor × (1 + λ)^ζ where the elements
 * are the same, else element and shape of the second side.
 *
 * Core: 5–8 polynomials 1–4, 4 exponential; plus 16 where it is asymmetric. Pair group, PAIR_GROUP_BYTES: two elements; 1 where r_jk counts;
 * number of angular factors, of shapes; first shape in the lists of either element (they follow each other, their outer ends do not fall);
 * pointers to angular factors of 32 ({left, right, in radians, core, –} or {λ, ζ, 2^(1−ζ), 1 where ζ is whole}, all f64), to shapes of 32 (windows as
 * in the lists, or {η, rc, rs, cutoff}) and to functions i32[angle][shape] (−1: none); 0 of windows, 1 of powers; –; weight f64; two words for the
 * kernels' own use.
 *
 * Narrow group, 64: two elements; cutoff; count and pointer of shapes; pointer to room for a term of NARROW_TERM_BYTES for each shape; shapes
 * of degree 1; 1 where some rs is not 0; then eight words for the kernels' own
 * use, for which reason each thread has programs of its own. Shape, 48: η f64, rs f64, degree, count of functions, pointer to 3 degree + 5
 * f64 for sums and coefficients, pointer to functions {function, terms, f64[terms] coefficients of cosⁿθ}; 1, or n > 1 where the
 * exponential is the n-th power of that of the last shape that has 1; –.
 *
 * Network of a member and an element: reference energy and energy scale f64; layers; pointer to {factor, constant} f64 of each
 * function, by which values become inputs; then from byte 32 on LAYER_BYTES for each layer: inputs, outputs, bytes of a row of outputs, activation, pointers to weights T[input][row], their transpose
 * T[output][row of inputs] and biases T[row], bytes of a row of inputs. Rows are padded with zeros to multiples of 16 bytes.
 */

export const PROGRAM_BYTES = 48;
export const LIST_BYTES = 32;
export const WIDE_BYTES = 48;
export const PAIR_GROUP_BYTES = 64;
export const GROUP_BYTES = 64;
export const NARROW_SHAPE_BYTES = 48;
export const NARROW_TERM_BYTES = 48;
export const NETWORK_HEAD_BYTES = 32;
export const LAYER_BYTES = 32;
export const FIRST_MASKS_BYTES = 48;

/**
 * Context of a call. `rows`, `types`, `offsets`, `indices`: an extended list (contracts/neighbors.ts); `energies` f64[local][member];
 * `forces` f64[extended, 4] and `virial` f64[6] (Σ t r: xx yy zz yz xz xy), added to, of the mean over the members; `memberForces` and
 * `memberVirials`, f64[member][…], in place of these where they are not 0; `passes` of
 * dropout (of one member) or 0, `masks` u32[element] pointers to u32[hidden layer] pointers (see below), `passEnergies` f64[pass], added to,
 * without reference energies; `values` f64[local] rows or 0; `capacity`: room for neighbours in a row of scratch.
 *
 * Masks of the second hidden layer and those above: T[pass][neuron], rows padded with zeros to whole vectors, 0 or 1/(1 − p), in the last
 * one times the weights of the output. Of the first, whose outputs
 * are the same for all passes, the different choices: f64 −1/(1 − p), i32 1 where lists name what is left out (1/(1 − p), 0 where they name what is kept),
 * u32 pointers to the lists by choice, starts[choice + 1] and neurons, and by neuron, starts[neuron + 1] and choices, i32 choices, u32 pointer
 * to the choice of each pass; neurons and choices as bytes of their rows of the second layer's width.
 */
export const contextAt = {
  rows: 0,
  types: 4,
  offsets: 8,
  indices: 12,
  elements: 16,
  programs: 20,
  members: 24,
  networks: 28,
  radiusSquared: 32,
  scratch: 40,
  energies: 44,
  energyRow: 48,
  forces: 52,
  virial: 56,
  values: 60,
  valueRow: 64,
  memberForces: 68,
  memberForceBytes: 72,
  memberVirials: 76,
  mostFunctions: 80,
  capacity: 84,
  mostShapes: 88,
  mostCutoffs: 92,
  mostDegree: 96,
  mostMoments: 100,
  networkScratch: 104,
  mostGaussians: 108,
  passes: 112,
  masks: 116,
  passEnergies: 120,
  mostAngles: 124,
  mostPairShapes: 128,
} as const;
export const CONTEXT_BYTES = 136;

/** What the module offers. 0, or 1 + the first atom whose surroundings make no sense. */
export interface SurfaceKernels {
  surfaceF64(context: number, first: number, last: number): number;
  surfaceF32(context: number, first: number, last: number): number;
}

/** Sizes that decide how much scratch a thread needs. */
export interface SurfaceSizes {
  readonly elements: number;
  readonly members: number;
  readonly mostFunctions: number;
  readonly mostShapes: number;
  readonly mostGaussians: number;
  readonly mostCutoffs: number;
  readonly mostDegree: number;
  readonly mostMoments: number;
  /** Groups of narrow functions of the element that has most, and most shapes in one. */
  readonly mostGroups: number;
  readonly mostGroupShapes: number;
  /** Groups of pairs of the element that has most; most angular factors and shapes in one. */
  readonly mostPairGroups: number;
  readonly mostAngles: number;
  readonly mostPairShapes: number;
  readonly networkScratch: number;
}

/** Bytes of scratch for atoms with at most `neighbors` listed neighbours; `size`: bytes of T. */
export function surfaceScratchBytes(neighbors: number, size: number, s: SurfaceSizes): number {
  const capacity = surfaceCapacity(neighbors, s.elements);
  const stride = Math.ceil((capacity * size) / 64) * 64 + 64;
  const degree = Math.max(0, s.mostDegree);
  const lm = (degree + 1) ** 2;
  const rows =
    4 +
    10 +
    4 +
    4 +
    4 * s.mostAngles +
    3 * s.mostPairShapes +
    6 * s.mostCutoffs +
    3 * s.mostShapes +
    s.mostGaussians +
    2 * lm +
    (degree + 1) * (degree + 4) +
    3 +
    4;
  const pairs = (neighbors * (capacity + 4)) / 2 + 8 * neighbors;
  const perPair = 2 * size + 8 + (10 + s.mostGroupShapes) * size;
  // For the forces of every member.
  const jacobian = s.members > 1 ? (3 * s.members + 3 * lm + 4 * s.mostFunctions) * stride : 0;
  const coefficients = s.members > 1 ? 8 * s.mostFunctions * (lm + s.members + 1) + 512 : 0;
  const cells = s.mostAngles * s.mostPairShapes;
  return (
    rows * stride +
    12 * capacity +
    16 * cells +
    2 * s.mostPairGroups * ((capacity * cells + (neighbors * (capacity + 8)) / 4) * size + 64) +
    jacobian +
    coefficients +
    8 * s.mostFunctions * (4 + s.members) +
    16 * s.mostMoments +
    16 * s.mostShapes * s.elements +
    s.networkScratch +
    s.mostGroups * (pairs * perPair + 16 * neighbors + (18 + s.mostGroupShapes) * 128) +
    8192
  );
}

/** Neighbours for which a row of scratch has room: each element's part is padded to whole vectors, and one vector follows. */
export const surfaceCapacity = (neighbors: number, elements: number): number => neighbors + 4 * elements + 8;
