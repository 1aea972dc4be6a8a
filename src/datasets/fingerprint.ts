/**
 * Is it the same structure? Numbers that do not change when atoms are renumbered, moved by a lattice vector, or all
 * moved together; and the hash of a whole data set.
 *
 * |Σ_j Z_j exp(2πi k·f_j)| / Σ_j Z_j for some small whole-number k, f the fractional coordinates (along a direction that
 * does not repeat: distances in units of 10 Å), and the metric tensor of the cell. Being smooth they survive the rounding
 * of a file, which a hash of rounded positions does not.
 */
import type { Trouble } from "../errors/index.js";
import { inverse3, timesMatrix } from "../math/matrix3.js";
import { RandomStream } from "../math/random.js";
import { type Frame, periodicFrame, type Structure } from "../structure/index.js";
import { countsByElement } from "./groups.js";

export interface Fingerprint {
  /** Atoms by element and periodicity; must be equal. */
  readonly key: string;
  /** 6 numbers of the cell (Å²), then structure factors; must be nearly equal. */
  readonly numbers: Float64Array;
}

const WAVES = 24;
/** A displacement of one atom in 64 by 0.001 Å changes some number by more. */
const TOLERANCE = 1e-5;

/** Whole-number waves up to ±4, the same in every run, [wave, direction]. */
const waves: readonly (readonly number[])[] = (() => {
  const stream = new RandomStream(0, "fingerprint waves");
  return Array.from({ length: WAVES }, () => [0, 1, 2].map(() => stream.integer(9) - 4));
})();

export function fingerprint(structure: Structure): Fingerprint {
  const { cell, periodic } = structure;
  const frame = periodicFrame(cell, periodic);
  for (let d = 0; d < 3; d++) if (!periodic[d]) for (let x = 0; x < 3; x++) frame[3 * d + x]! *= 10;
  const counts = [...countsByElement(structure)].sort(([a], [b]) => a - b);
  return {
    key: `${counts.flat().join(",")} ${periodic.map(Number).join("")}`,
    numbers: Float64Array.from([...metric(frame), ...structureFactors(structure, frame)]),
  };
}

/** a·a, b·b, c·c, b·c, a·c, a·b. */
function metric(frame: Float64Array): number[] {
  const product = (i: number, j: number) =>
    [0, 1, 2].reduce((sum, x) => sum + frame[3 * i + x]! * frame[3 * j + x]!, 0);
  return [product(0, 0), product(1, 1), product(2, 2), product(1, 2), product(0, 2), product(0, 1)];
}

function structureFactors({ species, positions }: Structure, frame: Float64Array): Float64Array {
  const inverse = inverse3(frame);
  const cosines = new Float64Array(WAVES);
  const sines = new Float64Array(WAVES);
  let charge = 0;
  species.forEach((z, i) => {
    const f = timesMatrix(positions.subarray(3 * i, 3 * i + 3), inverse);
    charge += z;
    waves.forEach((k, wave) => {
      const phase = 2 * Math.PI * (k[0]! * f[0] + k[1]! * f[1] + k[2]! * f[2]);
      cosines[wave]! += z * Math.cos(phase);
      sines[wave]! += z * Math.sin(phase);
    });
  });
  return cosines.map((c, wave) => Math.hypot(c, sines[wave]!) / Math.max(1, charge));
}

export function sameFingerprint(a: Fingerprint, b: Fingerprint): boolean {
  const near = (x: number, k: number) => Math.abs(x - b.numbers[k]!) <= TOLERANCE * Math.max(1, Math.abs(x));
  return a.key === b.key && a.numbers.every(near);
}

/** Pairs of equal structures, the earlier one first; every later copy is paired with the first of its kind only. */
export function duplicatePairs(frames: readonly Frame[]): [number, number][] {
  const prints = frames.map((frame) => fingerprint(frame.structure));
  const firsts = new Map<string, number[]>();
  const pairs: [number, number][] = [];
  prints.forEach((print, k) => {
    const candidates = nearbyBuckets(print).flatMap((bucket) => firsts.get(bucket) ?? []);
    const original = candidates.find((first) => sameFingerprint(prints[first]!, print));
    if (original !== undefined) pairs.push([original, k]);
    else {
      const own = nearbyBuckets(print)[0]!;
      firsts.set(own, [...(firsts.get(own) ?? []), k]);
    }
  });
  return pairs;
}

/** The bucket of a fingerprint and its two neighbours: equal ones may lie on either side of an edge. */
function nearbyBuckets({ key, numbers }: Fingerprint): string[] {
  const factors = numbers.subarray(6).reduce((sum, x) => sum + x, 0);
  const bucket = Math.floor(factors / (2 * WAVES * TOLERANCE));
  return [bucket, bucket - 1, bucket + 1].map((b) => `${key} ${b}`);
}

/** Warns of structures of `test` that are in `train` too. */
export function duplicates(train: readonly Frame[], test: readonly Frame[]): Trouble[] {
  const across = duplicatePairs([...train, ...test]).filter(([a, b]) => a < train.length && b >= train.length);
  if (across.length === 0) return [];
  const [a, b] = across[0]!;
  const copy = test[b - train.length]!;
  const count = across.length === 1 ? "1 structure is" : `${across.length} structures are`;
  return [
    {
      code: "duplicates-across-sets",
      where: placeOf(copy),
      problem: `${count} in both the training and the test set; this one is also ${named(train[a]!)}.`,
      remedy: "Remove them from one of the two sets, or test errors will look better than they are.",
    },
  ];
}

/** Warns of structures that occur more than once. */
export function duplicatesWithin(frames: readonly Frame[]): Trouble[] {
  const pairs = duplicatePairs(frames);
  if (pairs.length === 0) return [];
  const [a, b] = pairs[0]!;
  return [
    {
      code: "duplicates",
      where: placeOf(frames[b]!),
      problem:
        `${pairs.length} of ${frames.length} structures ${pairs.length === 1 ? "repeats" : "repeat"} another one; ` +
        `this one is also ${named(frames[a]!)}.`,
      remedy: "Remove the copies, unless they are to count more than others.",
    },
  ];
}

const named = (frame: Frame): string => `structure ${frame.source.structure} of ${frame.source.file}`;

const placeOf = ({ source }: Frame) => ({ file: source.file, structure: source.structure });

/** SHA-256 over species, positions, cells, periodicity, energies and forces in their order, as hexadecimal digits. */
export async function dataHash(frames: readonly Frame[]): Promise<string> {
  const digests = new Uint8Array(32 * frames.length);
  for (const [k, frame] of frames.entries()) digests.set(await sha256(frameBytes(frame)), 32 * k);
  return [...(await sha256(digests))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The web's SHA-256, which Node has too: this folder must run in a browser. */
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes));

/** Counts first, so that no two different frames have the same bytes; numbers as doubles in the machine's order. */
function frameBytes({ structure, energy, forces }: Frame): Uint8Array<ArrayBuffer> {
  const { species, positions, cell, periodic } = structure;
  const numbers = Float64Array.from([
    ...[species.length, cell?.length ?? 0, forces?.length ?? 0, ...periodic.map(Number), energy ?? Number.NaN],
    ...[...species, ...positions, ...(cell ?? []), ...(forces ?? [])],
  ]);
  return new Uint8Array(numbers.buffer);
}
