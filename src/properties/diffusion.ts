/** From sums over time origins to curves and diffusion coefficients. */
import { type Estimate, meanOf, type SeriesEstimate } from "./estimates.js";
import type { Atoms } from "./frames.js";
import { lineThrough } from "./line.js";
import { type CorrelationBlock, fullBlocks, together } from "./time-correlation.js";

export interface DisplacementOptions {
  /** Time between frames, fs. */
  readonly interval: number;
  /** Longest time, in frames. */
  readonly lags: number;
  /** Every how many frames a time origin is taken. Default 1, all of them. */
  readonly originEvery?: number;
  /** Window of the straight line, as shares of the longest time. Default 0.2 to 0.8. */
  readonly fit?: readonly [number, number];
  /** Blocks for the errors: this many to twice as many. Default 5. */
  readonly blocks?: number;
  /**
   * Masses in amu, [atom], whose centre is held: takes out a drift of the whole. Default: positions as they are.
   */
  readonly masses?: ArrayLike<number>;
}

export interface Diffusion {
  /** Å²/fs */
  readonly coefficient: Estimate;
  /** cm²/s, the same. */
  readonly squareCentimetresPerSecond: Estimate;
  /** Along x, y, z, Å²/fs. */
  readonly components: readonly [number, number, number];
  /** Of the fit, fs. */
  readonly window: readonly [number, number];
  /** Of the fitted line, Å². */
  readonly intercept: number;
}

export interface DisplacementOf {
  /** Atomic number, or undefined for all atoms. */
  readonly element: number | undefined;
  /** Å², [lag] */
  readonly msd: SeriesEstimate;
  /** Along x, y, z, Å², [lag, xyz] */
  readonly components: Float64Array;
  readonly diffusion: Diffusion;
}

export interface DisplacementResult {
  /** fs, [lag] */
  readonly time: Float64Array;
  readonly all: DisplacementOf;
  readonly elements: readonly DisplacementOf[];
  readonly frames: number;
  /** Largest step of an atom between frames, as a share of a cell vector; above about 0.4 unwrapping is a guess. */
  readonly largestStep: number;
  readonly units: { readonly time: "fs"; readonly msd: "Å²"; readonly diffusion: "Å²/fs" };
}

/** 1 Å²/fs = 10⁻¹⁶ cm² / 10⁻¹⁵ s. */
const SQUARE_CENTIMETRES_PER_SECOND = 0.1;

export interface DisplacementContext {
  readonly atoms: Atoms;
  readonly options: DisplacementOptions;
  readonly frames: number;
  readonly largestStep: number;
  /** Where the blocks are not all there is. */
  readonly whole?: CorrelationBlock;
}

export function displacementResult(
  blocks: readonly CorrelationBlock[],
  context: DisplacementContext,
): DisplacementResult {
  const { atoms, options, frames, largestStep } = context;
  const whole = context.whole ?? together(blocks);
  const lags = Math.min(options.lags, frames - 1);
  const time = Float64Array.from({ length: lags + 1 }, (_, lag) => lag * options.interval);
  const full = fullBlocks(blocks, lags);
  const of = (kinds: readonly number[], element: number | undefined): DisplacementOf => {
    const weights = kinds.map((kind) => atoms.counts[kind]);
    const curve = (block: CorrelationBlock): Float64Array => componentsOf(block, { kinds, weights, lags, atoms });
    return describe(curve(whole), { blocks: full.map(curve), time, options, element, samples: frames });
  };
  return {
    ...{ time, frames, largestStep },
    all: of(
      atoms.elements.map((_, kind) => kind),
      undefined,
    ),
    elements: atoms.elements.map((element, kind) => of([kind], element)),
    units: { time: "fs", msd: "Å²", diffusion: "Å²/fs" },
  };
}

/** Mean over the atoms of some kinds, [lag, xyz]. */
function componentsOf(
  block: CorrelationBlock,
  about: { kinds: readonly number[]; weights: readonly number[]; lags: number; atoms: Atoms },
): Float64Array {
  const { kinds, weights, lags, atoms } = about;
  const total = weights.reduce((sum, w) => sum + w, 0);
  return Float64Array.from({ length: 3 * (lags + 1) }, (_, k) => {
    const [lag, x] = [Math.floor(k / 3), k % 3];
    const sum = kinds.reduce(
      (s, kind, m) => s + weights[m] * block.sums[3 * (lag * atoms.elements.length + kind) + x],
      0,
    );
    return sum / (total * block.origins[lag]);
  });
}

const traceOf = (components: Float64Array): Float64Array =>
  Float64Array.from(
    { length: components.length / 3 },
    (_, k) => components[3 * k] + components[3 * k + 1] + components[3 * k + 2],
  );

function describe(
  components: Float64Array,
  about: {
    blocks: readonly Float64Array[];
    time: Float64Array;
    options: DisplacementOptions;
    element: number | undefined;
    samples: number;
  },
): DisplacementOf {
  const { blocks, time, options, element, samples } = about;
  const traces = blocks.map(traceOf);
  const values = traceOf(components);
  const errors = traces.length > 1 ? values.map((_, lag) => meanOf(traces.map((t) => t[lag])).error ?? 0) : undefined;
  const diffusion = fitted(components, { traces, time, fit: options.fit ?? [0.2, 0.8] });
  return { element, msd: { values, errors, samples }, components, diffusion };
}

function fitted(
  components: Float64Array,
  about: { traces: readonly Float64Array[]; time: Float64Array; fit: readonly [number, number] },
): Diffusion {
  const { traces, time, fit } = about;
  const last = time.length - 1;
  const from = Math.min(Math.ceil(fit[0] * last), Math.max(0, last - 1));
  const to = Math.max(Math.floor(fit[1] * last), Math.min(from + 1, last)) + 1;
  const times = time.subarray(from, to);
  const line = (curve: Float64Array) => lineThrough(times, curve.subarray(from, to));
  const along = (x: number): number => line(components.filter((_, k) => k % 3 === x)).slope / 2;
  const { slope, intercept } = line(traceOf(components));
  const error = traces.length > 1 ? meanOf(traces.map((trace) => line(trace).slope / 6)).error : undefined;
  const coefficient: Estimate = { value: slope / 6, error };
  return {
    coefficient,
    squareCentimetresPerSecond: {
      value: coefficient.value * SQUARE_CENTIMETRES_PER_SECOND,
      error: error === undefined ? undefined : error * SQUARE_CENTIMETRES_PER_SECOND,
    },
    components: [along(0), along(1), along(2)],
    window: [time[from], time[to - 1]],
    intercept,
  };
}
