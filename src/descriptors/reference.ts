/**
 * Symmetry functions around one atom and their derivatives, straight from the equations of `definition.ts`: one function
 * after the other, every pair anew. It defines the truth for the kernels and is far too slow for anything else.
 *
 *   G = Σ_j w_j R(r_ij)                                        radial
 *   G = Σ_{j<k} w_j w_k A(cosθ) R(r_ij) R(r_ik) [R(r_jk)]      angular; the last factor in narrow functions only
 *
 *   R  g or C (kernels/reference/radial.ts)     A  power or window (angular.ts)     w  1, or Z in weighted functions
 *
 * With u = r_ij/|r_ij|, v = r_ik/|r_ik|, c = u·v:  ∂c/∂r_j = (v − c u)/|r_ij|,  ∂|r_jk|/∂r_j = (r_j − r_k)/|r_jk|.
 */
import { angularPower, angularWindow, bump, gaussian, type ValueSlope } from "../kernels/reference/index.js";
import {
  type CompactAngular,
  type GaussianAngular,
  isAngular,
  isCompact,
  isNarrow,
  isWeighted,
  type SymmetryFunction,
} from "./definition.js";

/** The neighbours of one atom: every image within the largest cutoff. */
export interface Environment {
  /** Atomic number of each neighbour, [neighbour]. */
  readonly species: Uint8Array;
  /** From the central atom to each neighbour, [neighbour, xyz] row-major, Å. */
  readonly vectors: Float64Array;
}

export interface DescriptorResult {
  /** G, [function]. */
  readonly values: Float64Array;
  /**
   * ∂G/∂(vector of neighbour), [function, neighbour, xyz] row-major, 1/Å. The derivative with respect to the central
   * atom is minus the sum over neighbours.
   */
  readonly derivatives: Float64Array;
}

export function referenceDescriptors(
  functions: readonly SymmetryFunction[],
  environment: Environment,
): DescriptorResult {
  const row = environment.vectors.length;
  const values = new Float64Array(functions.length);
  const derivatives = new Float64Array(functions.length * row);
  functions.forEach((f, s) => {
    const gradient = derivatives.subarray(s * row, (s + 1) * row);
    const participants = participantsOf(f, environment);
    values[s] = isAngular(f) ? angularSum(f, participants, gradient) : radialSum(participants, gradient);
  });
  return { values, derivatives };
}

/** A neighbour that counts in a function. */
interface Participant {
  readonly index: number;
  readonly species: number;
  readonly weight: number;
  readonly distance: number;
  /** Unit vector from the central atom. */
  readonly direction: readonly number[];
  readonly radial: ValueSlope;
}

function participantsOf(f: SymmetryFunction, { species, vectors }: Environment): Participant[] {
  const found: Participant[] = [];
  species.forEach((z, index) => {
    if (!isWeighted(f) && !f.neighbors.includes(z)) return;
    const vector = vectors.subarray(3 * index, 3 * index + 3);
    const distance = Math.sqrt(dot(vector, vector));
    const radial = radialFactor(f, distance);
    if (radial.value === 0 && radial.slope === 0) return;
    const direction = Array.from(vector, (x) => x / distance);
    found.push({ index, species: z, weight: isWeighted(f) ? z : 1, distance, direction, radial });
  });
  return found;
}

/** R(r) and R'(r). */
function radialFactor(f: SymmetryFunction, r: number): ValueSlope {
  if (isCompact(f)) return bump(r, { left: f.rl, right: f.rc, core: f.core, asymmetric: f.asymmetric });
  return gaussian(r, { eta: f.eta, rs: f.rs, cutoff: { ...f.cutoff, rc: f.rc } });
}

function radialSum(participants: readonly Participant[], gradient: Float64Array): number {
  let sum = 0;
  for (const { index, weight, direction, radial } of participants) {
    sum += weight * radial.value;
    for (let x = 0; x < 3; x++) gradient[3 * index + x] += weight * radial.slope * direction[x];
  }
  return sum;
}

type Angular = GaussianAngular | CompactAngular;

function angularSum(f: Angular, participants: readonly Participant[], gradient: Float64Array): number {
  let sum = 0;
  participants.forEach((j, at) => {
    for (const k of participants.slice(at + 1)) if (concerns(f, j, k)) sum += addPair(f, { j, k }, gradient);
  });
  return sum;
}

function concerns(f: Angular, j: Participant, k: Participant): boolean {
  if (isWeighted(f)) return true;
  const [a, b] = f.neighbors;
  return (j.species === a && k.species === b) || (j.species === b && k.species === a);
}

interface Pair {
  readonly j: Participant;
  readonly k: Participant;
}

/**
 * The contribution of one pair of neighbours; its derivatives are added to `gradient`.
 *
 * Straight pairs (θ = 0 or 180°) count like any others. n2p2 leaves them out of compact functions where its cosine comes
 * out as ±1 or beyond, which rounding decides, although a window centred there is largest there: its energies of perfect
 * crystals jump when atoms move by nothing.
 */
function addPair(f: Angular, { j, k }: Pair, gradient: Float64Array): number {
  const cosine = Math.max(-1, Math.min(1, dot(j.direction, k.direction)));
  const angle = isCompact(f) ? angularWindow(cosine, f) : angularPower(cosine, f);
  if (angle.value === 0 && angle.slope === 0) return 0;
  const between = isNarrow(f) ? betweenOf(f, { j, k }) : { radial: ONE, direction: NOWHERE };
  const third = between.radial;
  const weight = j.weight * k.weight;

  const alongCosine = weight * angle.slope * j.radial.value * k.radial.value * third.value;
  const alongJ = weight * angle.value * j.radial.slope * k.radial.value * third.value;
  const alongK = weight * angle.value * j.radial.value * k.radial.slope * third.value;
  const alongBetween = weight * angle.value * j.radial.value * k.radial.value * third.slope;
  for (let x = 0; x < 3; x++) {
    const [u, v] = [j.direction[x], k.direction[x]];
    const separating = alongBetween * between.direction[x];
    gradient[3 * j.index + x] += alongJ * u + (alongCosine * (v - cosine * u)) / j.distance + separating;
    gradient[3 * k.index + x] += alongK * v + (alongCosine * (u - cosine * v)) / k.distance - separating;
  }
  return weight * angle.value * j.radial.value * k.radial.value * third.value;
}

const ONE: ValueSlope = { value: 1, slope: 0 };
const NOWHERE = [0, 0, 0];

/** R(r_jk), and the unit vector from k to j. */
function betweenOf(f: Angular, { j, k }: Pair): { radial: ValueSlope; direction: readonly number[] } {
  const vector = [0, 1, 2].map((x) => j.distance * j.direction[x] - k.distance * k.direction[x]);
  const distance = Math.sqrt(dot(vector, vector));
  // Two neighbours at one place have no direction between them; any will do, as their forces on each other are undefined.
  const direction = distance === 0 ? NOWHERE : vector.map((x) => x / distance);
  return { radial: radialFactor(f, distance), direction };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
