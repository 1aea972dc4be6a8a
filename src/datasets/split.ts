/** Which frames are learnt from and which are kept back. Splits are lists of 0-based indices in ascending order. */
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/random.js";
import type { Frame } from "../structure/index.js";
import { groupsOf } from "./groups.js";

export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export type SplitRule =
  /** A part of all frames (0 < fraction < 1), drawn by chance. */
  | { readonly by: "fraction"; readonly fraction: number; readonly seed: number }
  /** The same part of every group. */
  | { readonly by: "stratified"; readonly fraction: number; readonly seed: number }
  /** Whole groups, by name. */
  | { readonly by: "groups"; readonly test: readonly string[] }
  /** What the file says: `set`, `tag` or `split` of each frame is train or test. */
  | { readonly by: "info" }
  /** The n-th frame, the 2n-th, … */
  | { readonly by: "nth"; readonly n: number };

export function splitFrames(frames: readonly Frame[], rule: SplitRule): Split {
  const test = new Set(testIndices(frames, rule));
  const all = frames.map((_, k) => k);
  return { train: all.filter((k) => !test.has(k)), test: all.filter((k) => test.has(k)) };
}

function testIndices(frames: readonly Frame[], rule: SplitRule): number[] {
  const all = frames.map((_, k) => k);
  switch (rule.by) {
    case "fraction":
      return drawn(all, checked(rule.fraction), new RandomStream(rule.seed, "split"));
    case "stratified":
      return stratified(frames, rule);
    case "groups":
      return byGroups(frames, rule.test);
    case "info":
      return all.filter((k) => role(frames[k]!) === "test");
    case "nth":
      if (!(Number.isInteger(rule.n) && rule.n > 1)) throw new RangeError(`every ${rule.n}-th: a whole number above 1`);
      return all.filter((k) => (k + 1) % rule.n === 0);
  }
}

function checked(fraction: number): number {
  if (!(fraction > 0 && fraction < 1)) throw new RangeError(`test fraction ${fraction}: between 0 and 1`);
  return fraction;
}

/** A rounded part of `indices`, but never all of them and never none where there are two or more. */
function drawn(indices: readonly number[], fraction: number, stream: RandomStream): number[] {
  const wanted = Math.round(fraction * indices.length);
  const count = Math.max(Math.min(1, indices.length - 1), Math.min(wanted, indices.length - 1));
  return stream.shuffle([...indices]).slice(0, Math.max(0, count));
}

function stratified(frames: readonly Frame[], rule: { fraction: number; seed: number }): number[] {
  checked(rule.fraction);
  return [...indicesByGroup(frames)].flatMap(([group, indices]) =>
    // A stream per group: a group that is added later does not change what is drawn from the others.
    drawn(indices, rule.fraction, new RandomStream(rule.seed, `split ${group}`)),
  );
}

/** Group → its frames, in the order of first appearance. */
export function indicesByGroup(frames: readonly Frame[]): Map<string, number[]> {
  const members = new Map<string, number[]>();
  groupsOf(frames).forEach((group, k) => {
    members.set(group, [...(members.get(group) ?? []), k]);
  });
  return members;
}

function byGroups(frames: readonly Frame[], names: readonly string[]): number[] {
  const members = indicesByGroup(frames);
  return names.flatMap((name) => {
    const indices = members.get(name);
    if (indices !== undefined) return indices;
    throw new InputError({
      code: "unknown-group",
      problem: `No structure belongs to the group "${name}".`,
      expected: `The groups are ${[...members.keys()].join(", ")}.`,
      remedy: "Name one of these groups for the test set.",
    });
  });
}

const ROLES = new Map([
  ["train", "train"],
  ["training", "train"],
  ["test", "test"],
  ["testing", "test"],
]);

/** What a frame's file says that it is for; throws where it says nothing of the kind. */
function role(frame: Frame): string {
  const values = ["set", "tag", "split"].map((key) => frame.info.get(key)).filter((value) => value !== undefined);
  for (const value of values) {
    const known = ROLES.get(String(value).toLowerCase());
    if (known !== undefined) return known;
  }
  throw new InputError({
    code: "no-split",
    where: frame.source,
    problem:
      values.length === 0
        ? "This structure says neither set=, tag= nor split=."
        : `This structure is marked "${String(values[0])}", which is neither train nor test.`,
    remedy: "Mark every structure with set=train or set=test, or split by fraction.",
  });
}

/**
 * `count` disjoint parts of `indices`, of sizes that differ by one at most: one to validate each member of a committee,
 * which learns from the others.
 */
export function validationFolds(indices: readonly number[], count: number, seed: number): number[][] {
  if (!(Number.isInteger(count) && count > 0)) throw new RangeError(`${count} folds: a whole number above 0`);
  if (indices.length < count) {
    throw new InputError({
      code: "too-few-structures",
      problem: `${indices.length} structures cannot be divided into ${count} parts.`,
      remedy: "Give more structures or ask for fewer members.",
    });
  }
  const shuffled = new RandomStream(seed, "folds").shuffle([...indices]);
  return Array.from({ length: count }, (_, fold) =>
    shuffled.filter((_, k) => k % count === fold).sort((a, b) => a - b),
  );
}
