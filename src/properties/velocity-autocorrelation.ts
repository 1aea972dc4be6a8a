/**
 * Velocity autocorrelation, the diffusion coefficient after Green and Kubo, and the vibrational spectrum.
 *
 *   C(t) = ⟨v(t₀)·v(t₀ + t)⟩,   D = ⅓ ∫₀^∞ C dt,   S(ν) ∝ ∫ C(t)/C(0) cos 2πνt dt
 */
import { InputError } from "../errors/index.js";
import type { Structure } from "../structure/index.js";
import { type Estimate, meanOf, type SeriesEstimate } from "./estimates.js";
import { Atoms, noFrames } from "./frames.js";
import { type CorrelationBlock, fullBlocks, TimeCorrelation, together } from "./time-correlation.js";

export interface VelocityOptions {
  /** Time between frames, fs. */
  readonly interval: number;
  /** Longest time, in frames. */
  readonly lags: number;
  /** Every how many frames a time origin is taken. Default 1. */
  readonly originEvery?: number;
  /** Blocks for the errors: this many to twice as many. Default 5. */
  readonly blocks?: number;
}

export interface VelocityCorrelationOf {
  /** Atomic number, or undefined for all atoms. */
  readonly element: number | undefined;
  /** Å²/fs², [lag] */
  readonly correlation: SeriesEstimate;
  /** C(t)/C(0), [lag] */
  readonly normalized: Float64Array;
  /** ⅓ ∫₀^t C, by trapezia, Å²/fs, [lag] */
  readonly integral: Float64Array;
  /** Its value at the longest time, Å²/fs. */
  readonly diffusion: Estimate;
}

export interface VelocityCorrelationResult {
  /** fs, [lag] */
  readonly time: Float64Array;
  readonly all: VelocityCorrelationOf;
  readonly elements: readonly VelocityCorrelationOf[];
  readonly frames: number;
  readonly units: { readonly time: "fs"; readonly correlation: "Å²/fs²"; readonly diffusion: "Å²/fs" };
}

export class VelocityAutocorrelation {
  readonly #options: VelocityOptions;
  #atoms: Atoms | undefined;
  #correlation: TimeCorrelation | undefined;

  /** Throws InputError (`bad-times`). */
  constructor(options: VelocityOptions) {
    const { interval, lags, originEvery = 1, blocks = 5 } = options;
    const whole = [lags, originEvery, blocks].every((n) => Number.isInteger(n) && n > 0);
    if (!(whole && interval > 0))
      throw new InputError({
        code: "bad-times",
        problem: `Times of ${lags} lags of ${interval} fs, an origin every ${originEvery} frames, ${blocks} blocks.`,
        expected: "Whole numbers above 0, and an interval above 0 fs.",
        remedy: "Correct them.",
      });
    this.#options = options;
  }

  /** Velocities [atom, xyz], Å/fs, are copied. Throws InputError (`changed-atoms`, `wrong-length`). */
  add(structure: Structure, velocities: Float64Array): void {
    this.#atoms ??= new Atoms(structure);
    this.#atoms.check(structure);
    const { kinds } = this.#atoms;
    if (velocities.length !== 3 * kinds.length)
      throw new InputError({
        code: "wrong-length",
        problem: `${kinds.length} atoms come with ${velocities.length} numbers of velocities.`,
        expected: "Three for each atom.",
        remedy: "Record velocities of all atoms.",
      });
    const { lags, originEvery = 1, blocks = 5 } = this.#options;
    this.#correlation ??= new TimeCorrelation({ kind: "product", lags, originEvery, blocks, kinds });
    this.#correlation.add(velocities.slice());
  }

  /** Throws InputError (`no-frames`); lags that no frame reached are left out. */
  result(): VelocityCorrelationResult {
    if (this.#atoms === undefined || this.#correlation === undefined) throw noFrames();
    const { elements, counts } = this.#atoms;
    const { blocks, frames } = this.#correlation;
    const { interval } = this.#options;
    const lags = Math.min(this.#options.lags, frames - 1);
    const full = fullBlocks(blocks, lags);
    const whole = together(blocks);
    const of = (kinds: readonly number[], element: number | undefined): VelocityCorrelationOf => {
      const curve = (block: CorrelationBlock) => meanCurve(block, { kinds, counts, lags });
      return describe(curve(whole), { blocks: full.map(curve), interval, element, samples: frames });
    };
    return {
      time: Float64Array.from({ length: lags + 1 }, (_, lag) => lag * interval),
      all: of(
        elements.map((_, kind) => kind),
        undefined,
      ),
      elements: elements.map((element, kind) => of([kind], element)),
      frames,
      units: { time: "fs", correlation: "Å²/fs²", diffusion: "Å²/fs" },
    };
  }
}

/** Sum over x, y, z and mean over the atoms of some kinds, [lag]. */
function meanCurve(
  block: CorrelationBlock,
  about: { kinds: readonly number[]; counts: readonly number[]; lags: number },
): Float64Array {
  const { kinds, counts, lags } = about;
  const total = kinds.reduce((sum, kind) => sum + counts[kind], 0);
  return Float64Array.from({ length: lags + 1 }, (_, lag) => {
    const sum = kinds.reduce((s, kind) => {
      const at = 3 * (lag * counts.length + kind);
      return s + counts[kind] * (block.sums[at] + block.sums[at + 1] + block.sums[at + 2]);
    }, 0);
    return sum / (total * block.origins[lag]);
  });
}

function describe(
  values: Float64Array,
  about: { blocks: readonly Float64Array[]; interval: number; element: number | undefined; samples: number },
): VelocityCorrelationOf {
  const { blocks, interval, element, samples } = about;
  const several = blocks.length > 1;
  const errors = several ? values.map((_, lag) => meanOf(blocks.map((b) => b[lag])).error ?? 0) : undefined;
  const integral = running(values, interval);
  const last = integral.length - 1;
  const error = several ? meanOf(blocks.map((b) => running(b, interval)[last])).error : undefined;
  return {
    ...{ element, integral, correlation: { values, errors, samples } },
    normalized: values.map((x) => (values[0] === 0 ? 0 : x / values[0])),
    diffusion: { value: integral[last], error },
  };
}

function running(values: Float64Array, interval: number): Float64Array {
  const integral = new Float64Array(values.length);
  for (let k = 1; k < values.length; k++) integral[k] = integral[k - 1] + (interval * (values[k - 1] + values[k])) / 6;
  return integral;
}

export interface Spectrum {
  /** THz, [frequency] */
  readonly frequency: Float64Array;
  /** 1/THz; its integral over positive frequencies is 1 where the range holds all of it, [frequency]. */
  readonly density: Float64Array;
}

/**
 * Vibrational density of states: cosine transform of C(t)/C(0) under a Hann window, which ends ripples at the price of a width
 * of about 1/(longest time).
 */
export function vibrationalSpectrum(
  of: Pick<VelocityCorrelationOf, "normalized">,
  options: { readonly interval: number; readonly highest: number; readonly points?: number },
): Spectrum {
  const { interval, highest, points = 400 } = options;
  const { normalized } = of;
  const window = normalized.map((c, k) => c * Math.cos((0.5 * Math.PI * k) / normalized.length) ** 2);
  const frequency = Float64Array.from({ length: points }, (_, k) => (highest * k) / (points - 1));
  // 1 THz·fs = 10⁻³ turns.
  const density = frequency.map((nu) => {
    const angle = 2 * Math.PI * nu * interval * 1e-3;
    const sum = window.reduce((s, c, k) => s + (k === 0 ? 0.5 : 1) * c * Math.cos(angle * k), 0);
    return 4 * interval * 1e-3 * sum;
  });
  return { frequency, density };
}
