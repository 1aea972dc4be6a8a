/**
 * Symmetry functions as tables of the surface kernels (kernels/contracts/surface.ts): which functions share a radial shape, the
 * polynomials of the angular parts, moments for the wide ones.
 */
import {
  GROUP_BYTES,
  LIST_BYTES,
  NARROW_SHAPE_BYTES,
  NARROW_TERM_BYTES,
  PAIR_GROUP_BYTES,
  PROGRAM_BYTES,
  WIDE_BYTES,
} from "../kernels/contracts/surface.js";
import type { Kernels } from "../kernels/index.js";
import {
  type CompactAngular,
  type CompactCore,
  type CompactRadial,
  type CompactShape,
  type ElementDescriptors,
  type GaussianAngular,
  type GaussianRadial,
  type GaussianShape,
  isAngular,
  isCompact,
  isNarrow,
  isWeighted,
  type SymmetryFunction,
} from "./definition.js";
import { gaussianRecipe } from "./exponentials.js";
import { type PairGroup, pairGroups, shapeKey } from "./pair-groups.js";

/** Highest ζ of wide functions that go by moments, (ζ+1)² of them; for ζ = 16 and 70 neighbours pairs cost less. */
const MOST_MOMENT_ZETA = 12;
/** Highest ζ of narrow functions that go by triplets with polynomials of cosθ. */
const MOST_TRIPLET_ZETA = 64;

const isPower = (f: SymmetryFunction): f is GaussianAngular => isAngular(f) && !isCompact(f);
const isPolynomial = (f: GaussianAngular, most: number): boolean =>
  Number.isInteger(f.zeta) && f.zeta >= 1 && f.zeta <= most && Math.abs(f.lambda) === 1;
const goesByMoments = (f: SymmetryFunction): f is GaussianAngular =>
  isPower(f) && !isNarrow(f) && isPolynomial(f, MOST_MOMENT_ZETA);
const goesByTriplets = (f: SymmetryFunction): f is GaussianAngular =>
  isPower(f) && isNarrow(f) && isPolynomial(f, MOST_TRIPLET_ZETA);
const goesByPairs = (f: SymmetryFunction): f is GaussianAngular | CompactAngular =>
  isAngular(f) && !goesByMoments(f) && !goesByTriplets(f);

/** Exponentials that may be multiplied into one Gaussian: their rounding errors add up. */
const MOST_FACTORS = 64;

/** Tables of all elements, and their sizes. */
export interface SurfacePrograms {
  /** Pointer to pointers, u32[element]. */
  readonly at: number;
  readonly mostFunctions: number;
  readonly mostShapes: number;
  readonly mostGaussians: number;
  readonly mostCutoffs: number;
  readonly mostDegree: number;
  readonly mostMoments: number;
  readonly mostGroups: number;
  readonly mostGroupShapes: number;
  readonly mostPairGroups: number;
  readonly mostAngles: number;
  readonly mostPairShapes: number;
}

type Radial = GaussianRadial | CompactRadial;

/** Builds the tables in the kernels' memory; each thread needs its own. Elements in the order of `descriptors`. */
export function placeSurfacePrograms(kernels: Kernels, descriptors: readonly ElementDescriptors[]): SurfacePrograms {
  const elements = descriptors.map((d) => d.element);
  const compiled = descriptors.map((d) => new ElementProgram(kernels, d.functions, elements));
  const most = (pick: (p: ElementProgram) => number): number => Math.max(...compiled.map(pick));
  return {
    at: kernels.place(Int32Array.from(compiled, (p) => p.at)),
    mostFunctions: 4 * Math.ceil(most((p) => p.functions) / 4),
    mostShapes: most((p) => p.mostShapes),
    mostGaussians: most((p) => p.mostGaussians),
    mostCutoffs: most((p) => p.cutoffs.length),
    mostDegree: most((p) => p.degree),
    mostMoments: most((p) => p.moments),
    mostGroups: most((p) => p.groups),
    mostGroupShapes: most((p) => p.mostGroupShapes),
    mostPairGroups: most((p) => p.pairGroups.length),
    mostAngles: most((p) => Math.max(0, ...p.pairGroups.map((group) => group.angles.length))),
    mostPairShapes: most((p) => Math.max(0, ...p.pairGroups.map((group) => group.shapes.length))),
  };
}

interface Shape {
  readonly key: string;
  readonly shape: GaussianShape | CompactShape;
  /** Highest ζ of the wide functions that use it; −1: none. */
  degree: number;
  /** Number among the shapes of its element, and its first moment, once they are in order. */
  index: number;
  moment: number;
}

class ElementProgram {
  readonly at: number;
  readonly functions: number;
  readonly cutoffs: GaussianShape[] = [];
  mostShapes = 0;
  mostGaussians = 0;
  degree = -1;
  moments = 0;
  groups = 0;
  mostGroupShapes = 0;
  readonly pairGroups: readonly PairGroup[];
  readonly #kernels: Kernels;
  readonly #elements: readonly number[];
  /** [neighbour element]: radial and wide shapes by key. */
  readonly #shapes: Map<string, Shape>[];
  /** [neighbour element]: shapes of pairs that follow each other, by their keys. */
  readonly #runs: Map<string, Shape[]>[];

  constructor(kernels: Kernels, functions: readonly SymmetryFunction[], elements: readonly number[]) {
    this.#kernels = kernels;
    this.#elements = elements;
    this.functions = functions.length;
    this.#shapes = elements.map(() => new Map());
    this.#runs = elements.map(() => new Map());
    this.pairGroups = pairGroups(functions, elements, goesByPairs);
    for (const f of functions) if (!isCompact(f)) this.#cutoff(f);
    for (const { elements, shapes } of this.pairGroups) for (const e of elements) this.#addRun(e, shapes);
    for (const f of functions)
      if (!isAngular(f) || goesByMoments(f))
        for (const e of this.#neighborsOf(f)) this.#addShape(e, f, isAngular(f) ? f.zeta : -1);
    const lists = this.#lists(functions);
    const wides = this.#wides(functions);
    const groups = this.#narrowGroups(functions);
    this.groups = groups.count;
    const header = new Int32Array(PROGRAM_BYTES / 4);
    const cutoffRows = this.cutoffs.flatMap(({ cutoff, rc }) => [cutoff.type, cutoff.alpha, rc, 0]);
    header.set([this.cutoffs.length, kernels.place(Float64Array.from(cutoffRows)), lists, wides.count, wides.at]);
    header.set([groups.count, groups.at, this.moments, this.degree, functions.length], 5);
    header.set([this.pairGroups.length, this.#pairTable()], 10);
    this.at = kernels.place(header);
  }

  /** Elements among which a function looks, without repetition. */
  #neighborsOf(f: SymmetryFunction): number[] {
    if (isWeighted(f)) return this.#elements.map((_, e) => e);
    return [...new Set(f.neighbors.map((z) => this.#elements.indexOf(z)))];
  }

  #cutoff({ cutoff, rc }: GaussianShape): number {
    const same = (s: GaussianShape): boolean =>
      s.rc === rc && s.cutoff.type === cutoff.type && s.cutoff.alpha === cutoff.alpha;
    const found = this.cutoffs.findIndex(same);
    if (found >= 0) return found;
    this.cutoffs.push({ eta: 0, rs: 0, rc, cutoff });
    return this.cutoffs.length - 1;
  }

  #key(s: GaussianShape): string {
    return `${s.eta} ${s.rs} ${this.#cutoff(s)}`;
  }

  #run(e: number, shapes: PairGroup["shapes"]): Shape[] | undefined {
    return this.#runs[e]!.get(shapes.map(shapeKey).join());
  }

  #addRun(e: number, shapes: PairGroup["shapes"]): void {
    if (this.#run(e, shapes) !== undefined) return;
    const run = shapes.map((shape) => ({ key: shapeKey(shape), shape, degree: -1, index: 0, moment: 0 }));
    this.#runs[e]!.set(shapes.map(shapeKey).join(), run);
    // Radial functions may use them as well; moments want an order of their own.
    const radial = run.filter(({ shape, key }) => isWindow(shape) && !this.#shapes[e]!.has(key));
    for (const shape of radial) this.#shapes[e]!.set(shape.key, shape);
  }

  #addShape(e: number, f: GaussianShape | CompactShape, degree: number): void {
    const key = shapeKey(f);
    const shapes = this.#shapes[e]!;
    const found = shapes.get(key);
    if (found === undefined) shapes.set(key, { key, shape: f, degree, index: 0, moment: 0 });
    else found.degree = Math.max(found.degree, degree);
  }

  #lists(functions: readonly SymmetryFunction[]): number {
    const kernels = this.#kernels;
    const table = new Int32Array((LIST_BYTES / 4) * this.#elements.length);
    this.#shapes.forEach((byKey, e) => {
      const shapes = [...byKey.values()];
      const runs = [...this.#runs[e]!.values()].flat();
      const inOrder = [
        ...runs,
        ...shapes.filter((s) => s.degree < 0 && !runs.includes(s)),
        ...shapes.filter((s) => s.degree >= 0).sort((a, b) => b.degree - a.degree),
      ];
      const classes: number[][] = [];
      const top = Math.max(-1, ...shapes.map((s) => s.degree));
      inOrder.forEach((s, index) => {
        s.index = index;
        if (s.degree < 0) return;
        const last = classes[classes.length - 1];
        s.moment = this.moments;
        this.moments += (top + 1) ** 2;
        if (last !== undefined && last[0] === s.degree) last[2]!++;
        else classes.push([s.degree, index, 1, s.moment]);
        this.degree = Math.max(this.degree, s.degree);
      });
      this.mostShapes = Math.max(this.mostShapes, inOrder.length);
      const radial = this.#radial(functions, e);
      const gaussians = this.#gaussians(inOrder);
      const rows = inOrder.flatMap(({ shape }) =>
        isWindow(shape) ? windowRow(shape) : [shape.eta, shape.rs, this.#cutoff(shape), gaussians.rows.get(shape)!],
      );
      const at = (LIST_BYTES / 4) * e;
      table.set([inOrder.length, kernels.place(Float64Array.from(rows)), radial.count, radial.at], at);
      table.set([classes.length, kernels.place(Int32Array.from(classes.flat())), (top + 1) ** 2, gaussians.at], at + 4);
    });
    return kernels.place(table);
  }

  #gaussians(shapes: readonly Shape[]): { at: number; rows: ReadonlyMap<GaussianShape, number> } {
    const wanted = shapes.flatMap(({ shape }) => (isWindow(shape) ? [] : [shape]));
    const { steps, rows } = gaussianRecipe(wanted, MOST_FACTORS);
    this.mostGaussians = Math.max(this.mostGaussians, steps.length);
    const bytes = new ArrayBuffer(8 + 24 * steps.length);
    new Int32Array(bytes, 0, 1)[0] = steps.length;
    steps.forEach(({ eta, rs, factors }, k) => {
      new Int32Array(bytes, 8 + 24 * k, 2).set(factors ?? [-1, -1]);
      new Float64Array(bytes, 16 + 24 * k, 2).set([eta, rs]);
    });
    return { at: this.#kernels.place(new Uint8Array(bytes)), rows: new Map(wanted.map((g, k) => [g, rows[k]!])) };
  }

  #radial(functions: readonly SymmetryFunction[], e: number): { count: number; at: number } {
    const rows = functions.flatMap((f, s) => {
      if (isAngular(f) || !this.#neighborsOf(f).includes(e)) return [];
      const weight = isWeighted(f) ? this.#elements[e]! : 1;
      return [{ words: [s, this.#shapes[e]!.get(shapeKey(f as Radial))!.index], weight }];
    });
    const bytes = new ArrayBuffer(16 * rows.length);
    rows.forEach(({ words, weight }, k) => {
      new Int32Array(bytes, 16 * k, 2).set(words);
      new Float64Array(bytes, 16 * k + 8, 1)[0] = weight;
    });
    return { count: rows.length, at: this.#kernels.place(new Uint8Array(bytes)) };
  }

  #wides(functions: readonly SymmetryFunction[]): { count: number; at: number } {
    const wides = functions.flatMap((f, s) => (goesByMoments(f) ? [{ f, s }] : []));
    const bytes = new ArrayBuffer(WIDE_BYTES * wides.length);
    wides.forEach(({ f, s }, k) => {
      const [e1, e2] = f.neighbors.map((z) => this.#elements.indexOf(z)) as [number, number];
      const first = this.#shapes[e1]!.get(shapeKey(f))!;
      const second = this.#shapes[e2]!.get(shapeKey(f))!;
      const beta = this.#kernels.place(momentWeights(f.lambda, f.zeta));
      const words = [s, e1 === e2 ? 1 : 0, first.moment, second.moment, (f.zeta + 1) ** 2, beta, e1, first.index];
      new Int32Array(bytes, WIDE_BYTES * k, 8).set(words);
      const factor = 2 ** (1 - f.zeta);
      new Float64Array(bytes, WIDE_BYTES * k + 32, 1)[0] = factor;
      if (e1 === e2) new Float64Array(bytes, WIDE_BYTES * k + 40, 1)[0] = factor * (1 + f.lambda) ** f.zeta;
      else new Int32Array(bytes, WIDE_BYTES * k + 40, 2).set([e2, second.index]);
    });
    return { count: wides.length, at: this.#kernels.place(new Uint8Array(bytes)) };
  }

  /** One group for each pair of neighbour elements and each cutoff. */
  #narrowGroups(functions: readonly SymmetryFunction[]): { count: number; at: number } {
    const rows: number[][] = [];
    for (let e1 = 0; e1 < this.#elements.length; e1++)
      for (let e2 = e1; e2 < this.#elements.length; e2++)
        for (let c = 0; c < this.cutoffs.length; c++) {
          const members = functions.flatMap((f, s) =>
            goesByTriplets(f) && this.#cutoff(f) === c && this.#concerns(f, e1, e2) ? [{ f, s }] : [],
          );
          if (members.length > 0) rows.push(this.#group(members, { e1, e2, cutoff: c }));
        }
    const table = new Int32Array((GROUP_BYTES / 4) * rows.length);
    rows.forEach((row, k) => {
      table.set(row, (GROUP_BYTES / 4) * k);
    });
    return { count: rows.length, at: this.#kernels.place(table) };
  }

  #concerns(f: GaussianAngular, e1: number, e2: number): boolean {
    if (isWeighted(f)) return true;
    const [a, b] = f.neighbors.map((z) => this.#elements.indexOf(z)).sort((x, y) => x - y);
    return a === e1 && b === e2;
  }

  #pairTable(): number {
    const kernels = this.#kernels;
    const bytes = new ArrayBuffer(PAIR_GROUP_BYTES * this.pairGroups.length);
    this.pairGroups.forEach(({ elements: [e1, e2], compact, narrow, angles, shapes, functions, weight }, k) => {
      const first = (e: number): number => this.#run(e, shapes)![0]!.index;
      new Int32Array(bytes, PAIR_GROUP_BYTES * k, 11).set([
        ...[e1, e2, narrow ? 1 : 0, angles.length, shapes.length, first(e1), first(e2)],
        kernels.place(Float64Array.from(angles.flatMap(angleRow))),
        kernels.place(Float64Array.from(shapes.flatMap((shape) => this.#pairShapeRow(shape)))),
        kernels.place(Int32Array.from(functions)),
        compact ? 0 : 1,
      ]);
      new Float64Array(bytes, PAIR_GROUP_BYTES * k + 48, 1)[0] = weight;
    });
    return kernels.place(new Uint8Array(bytes));
  }

  #pairShapeRow(shape: CompactShape | GaussianShape): number[] {
    return isWindow(shape) ? windowRow(shape) : [shape.eta, shape.rc, shape.rs, this.#cutoff(shape)];
  }

  #group(
    members: readonly { f: GaussianAngular; s: number }[],
    { e1, e2, cutoff }: { e1: number; e2: number; cutoff: number },
  ): number[] {
    const kernels = this.#kernels;
    const byShape = new Map<string, { f: GaussianAngular; s: number }[]>();
    for (const member of members) {
      const key = this.#key(member.f);
      byShape.set(key, [...(byShape.get(key) ?? []), member]);
    }
    const shapes = withPowers([...byShape.values()].map((list) => ({ list, ...list[0]!.f })));
    const bytes = new ArrayBuffer(NARROW_SHAPE_BYTES * shapes.length);
    shapes.forEach(({ list, eta, rs, power }, k) => {
      const degree = Math.max(...list.map(({ f }) => f.zeta));
      new Float64Array(bytes, NARROW_SHAPE_BYTES * k, 2).set([eta, rs]);
      const sums = kernels.allocate(8 * (3 * degree + 5));
      const functions = this.#narrowFunctions(list, e1, e2);
      new Int32Array(bytes, NARROW_SHAPE_BYTES * k + 16, 5).set([degree, list.length, sums, functions, power]);
    });
    this.mostGroupShapes = Math.max(this.mostGroupShapes, byShape.size);
    const shifted = members.some(({ f }) => f.rs !== 0) ? 1 : 0;
    const terms = kernels.allocate(NARROW_TERM_BYTES * shapes.length);
    const lines = shapes.filter(({ list }) => list.every(({ f }) => f.zeta === 1)).length;
    return [e1, e2, cutoff, byShape.size, kernels.place(new Uint8Array(bytes)), terms, lines, shifted];
  }

  #narrowFunctions(list: readonly { f: GaussianAngular; s: number }[], e1: number, e2: number): number {
    const bytes = new ArrayBuffer(list.reduce((sum, { f }) => sum + 8 + 8 * (f.zeta + 1), 0));
    let at = 0;
    for (const { f, s } of list) {
      const weight = isWeighted(f) ? this.#elements[e1]! * this.#elements[e2]! : 1;
      const coefficients = powerCoefficients(f.lambda, f.zeta).map((x) => x * weight * 2 ** (1 - f.zeta));
      new Int32Array(bytes, at, 2).set([s, coefficients.length]);
      new Float64Array(bytes, at + 8, coefficients.length).set(coefficients);
      at += 8 + 8 * coefficients.length;
    }
    return this.#kernels.place(new Uint8Array(bytes));
  }
}

const isWindow = (shape: GaussianShape | CompactShape): shape is CompactShape => "rl" in shape;

/** Numbers that the kernels have for cores: those of the cutoffs that are made of them. */
const cores: Readonly<Record<CompactCore, number>> = { e: 4, p1: 5, p2: 6, p3: 7, p4: 8 };
const ASYMMETRIC = 16;
const windowRow = ({ rl, rc, core, asymmetric }: CompactShape): number[] => [
  ...[rl, rc, cores[core] + (asymmetric ? ASYMMETRIC : 0), -1],
];

const RADIANS = Math.PI / 180;
const angleRow = (f: CompactAngular | GaussianAngular): number[] =>
  isCompact(f)
    ? [f.angleLeft * RADIANS, f.angleRight * RADIANS, cores[f.core], 0]
    : [f.lambda, f.zeta, 2 ** (1 - f.zeta), Number.isInteger(f.zeta) && f.zeta >= 1 ? 1 : 0];

/** Highest power that replaces an exponential: n products' rounding errors add up. */
const MOST_POWER = 32;

/**
 * Orders shapes so that those whose η is a whole multiple of another's follow it: their exponentials are its powers, a few
 * products instead of a series. Only where rs = 0.
 */
function withPowers<S extends GaussianShape>(shapes: readonly S[]): (S & { power: number })[] {
  const left = [...shapes].sort((a, b) => a.eta - b.eta);
  const ordered: (S & { power: number })[] = [];
  while (left.length > 0) {
    const base = left.shift()!;
    ordered.push({ ...base, power: 1 });
    if (base.rs !== 0 || base.eta <= 0) continue;
    for (const shape of [...left]) {
      const power = Math.round(shape.eta / base.eta);
      const exact = Math.abs(shape.eta / base.eta - power) < 1e-13 * power;
      if (shape.rs !== 0 || power < 2 || power > MOST_POWER || !exact) continue;
      ordered.push({ ...shape, power });
      left.splice(left.indexOf(shape), 1);
    }
  }
  return ordered;
}

/** Coefficients of cⁿ in (1 + λc)^ζ. */
function powerCoefficients(lambda: number, zeta: number): number[] {
  let polynomial = [1];
  for (let k = 0; k < zeta; k++)
    polynomial = [...polynomial, 0].map((x, n) => x + (n > 0 ? lambda * polynomial[n - 1]! : 0));
  return polynomial;
}

/** β_l N²_lm of (1 + λc)^ζ = Σ β_l P_l(c), in the order m = 0, then real and imaginary part of m = 1, 2, … for l = 0, 1, … */
function momentWeights(lambda: number, zeta: number): Float64Array {
  // Times (1 + λc) in the basis of the P_l: c P_l = ((l+1) P_{l+1} + l P_{l−1})/(2l+1).
  let beta = [1];
  for (let k = 0; k < zeta; k++) {
    const next = [...beta, 0];
    beta.forEach((b, l) => {
      next[l + 1]! += (lambda * b * (l + 1)) / (2 * l + 1);
      if (l > 0) next[l - 1]! += (lambda * b * l) / (2 * l + 1);
    });
    beta = next;
  }
  const weights: number[] = [];
  beta.forEach((b, l) => {
    weights.push(b);
    let ratio = 1;
    for (let m = 1; m <= l; m++) {
      ratio /= (l - m + 1) * (l + m);
      weights.push(2 * b * ratio, 2 * b * ratio);
    }
  });
  return Float64Array.from(weights);
}
