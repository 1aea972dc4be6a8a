/**
 * A pair potential fitted to forces alone: it knows nothing of the energies' unit or zero, so its energies tell how much
 * the energies of a set ought to vary.
 *
 * U = ½ Σ_ij φ(r_ij), φ(r) = Σ_k c_k g_k(r), g_k(r) = exp(−(r−μ_k)²/2w²) (1−r²/R²)², one set of c_k for each pair of
 * elements. Least squares on F_i = Σ_j φ′(r_ij) r̂_ij (r̂ from i to j), structures weighted by 1/(n(f₀² + f²)), f their
 * root mean square force and f₀ its median, so that a few clashing atoms do not decide.
 */
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { neighborList } from "../neighbors/index.js";
import type { Frame } from "../structure/index.js";

/** R, Å: first and second neighbours in nearly everything. */
const CUTOFF = 5;
/** μ of the first function, Å; the last is 0.3 Å inside the cutoff, where functions are nearly zero. */
const FIRST_CENTRE = 1;
/** Ridge, as part of the mean diagonal: functions that no distance reaches stay at zero. */
const RIDGE = 1e-6;

interface Basis {
  readonly elements: readonly number[];
  readonly centres: readonly number[];
  readonly width: number;
  readonly size: number;
}

export interface LabelledFrame extends Frame {
  readonly energy: number;
  readonly forces: Float64Array;
}

/** Energies of a pair potential fitted to the forces of `frames`, [frame], eV/atom; all zero if the forces are. */
export function energiesFromForces(frames: readonly LabelledFrame[]): Float64Array {
  const basis = basisFor(frames);
  const sums = frames.map(() => new Float64Array(basis.size));
  const normal = new Float64Array(basis.size * basis.size);
  const right = new Float64Array(basis.size);
  const typical = median(frames.map((frame) => rootMeanSquare(frame.forces)).filter((f) => f > 1e-6));
  if (typical === 0) return new Float64Array(frames.length);
  frames.forEach((frame, k) => {
    const weight = 1 / (frame.structure.species.length * (typical ** 2 + rootMeanSquare(frame.forces) ** 2));
    accumulate(frame, { basis, sums: sums[k]!, normal, right, weight });
  });
  const coefficients = solve(normal, right);
  return Float64Array.from(sums, (sum, k) => {
    const energy = sum.reduce((total, value, c) => total + value * coefficients[c]!, 0);
    return energy / frames[k]!.structure.species.length;
  });
}

function basisFor(frames: readonly Frame[]): Basis {
  const elements = [...new Set(frames.flatMap((frame) => [...new Set(frame.structure.species)]))];
  const pairs = (elements.length * (elements.length + 1)) / 2;
  // Few functions each where there are many kinds of pairs: the normal matrix grows as the square.
  const count = pairs <= 3 ? 12 : pairs <= 10 ? 8 : 4;
  const width = (CUTOFF - 0.3 - FIRST_CENTRE) / (count - 1);
  const centres = Array.from({ length: count }, (_, k) => FIRST_CENTRE + k * width);
  return { elements, centres, width, size: pairs * count };
}

/** Adds a structure's rows to the normal equations, and ½ Σ g of its pairs to `sums`. */
function accumulate(
  frame: LabelledFrame,
  into: { basis: Basis; sums: Float64Array; normal: Float64Array; right: Float64Array; weight: number },
): void {
  const { basis, sums, normal, right, weight } = into;
  const { species } = frame.structure;
  const list = neighborList(frame.structure, CUTOFF);
  const rows = [0, 1, 2].map(() => new Float64Array(basis.size));
  const elementOf = Array.from(species, (z) => basis.elements.indexOf(z));
  for (let i = 0; i < species.length; i++) {
    for (const row of rows) row.fill(0);
    for (let p = list.offsets[i]!; p < list.offsets[i + 1]!; p++) {
      const start = pairIndex(elementOf[i]!, elementOf[list.indices[p]!]!) * basis.centres.length;
      addPair({ vectors: list.vectors, at: 3 * p }, start, { basis, rows, sums });
    }
    rows.forEach((row, x) => {
      addSquare(row, { normal, right, weight, value: frame.forces[3 * i + x]! });
    });
  }
}

/** Index of an unordered pair: (0,0), (0,1), (1,1), (0,2), … */
const pairIndex = (a: number, b: number): number => (Math.max(a, b) * (Math.max(a, b) + 1)) / 2 + Math.min(a, b);

function addPair(
  pair: { vectors: Float64Array; at: number },
  start: number,
  into: { basis: Basis; rows: readonly Float64Array[]; sums: Float64Array },
): void {
  const { centres, width } = into.basis;
  const x = pair.vectors[pair.at]!;
  const y = pair.vectors[pair.at + 1]!;
  const z = pair.vectors[pair.at + 2]!;
  const r = Math.sqrt(x * x + y * y + z * z);
  const inside = 1 - (r / CUTOFF) ** 2;
  const slope = (-4 * inside * r) / CUTOFF ** 2;
  const [rowX, rowY, rowZ] = into.rows as readonly [Float64Array, Float64Array, Float64Array];
  for (let k = 0; k < centres.length; k++) {
    const offset = (r - centres[k]!) / width;
    const bell = Math.exp(-0.5 * offset * offset);
    const derivative = (bell * (slope - (inside * inside * offset) / width)) / r;
    into.sums[start + k]! += 0.5 * bell * inside * inside;
    rowX[start + k]! += derivative * x;
    rowY[start + k]! += derivative * y;
    rowZ[start + k]! += derivative * z;
  }
}

/** Adds weight·row·rowᵀ (its lower half) and weight·row·value. */
function addSquare(
  row: Float64Array,
  into: { normal: Float64Array; right: Float64Array; weight: number; value: number },
): void {
  const size = row.length;
  for (let a = 0; a < size; a++) {
    const scaled = into.weight * row[a]!;
    if (scaled === 0) continue;
    into.right[a]! += scaled * into.value;
    for (let b = 0; b <= a; b++) into.normal[a * size + b]! += scaled * row[b]!;
  }
}

function solve(normal: Float64Array, right: Float64Array): number[] {
  const matrix = Matrix.from1DArray(right.length, right.length, Array.from(normal));
  const ridge = (RIDGE * matrix.trace()) / right.length;
  if (!(ridge > 0)) return Array.from(right, () => 0);
  for (let a = 0; a < right.length; a++) {
    matrix.set(a, a, matrix.get(a, a) + ridge);
    for (let b = 0; b < a; b++) matrix.set(b, a, matrix.get(a, b));
  }
  return new CholeskyDecomposition(matrix).solve(Matrix.columnVector(Array.from(right))).to1DArray();
}

const rootMeanSquare = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / Math.max(1, values.length));

function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.floor(ascending.length / 2)] ?? 0;
}
