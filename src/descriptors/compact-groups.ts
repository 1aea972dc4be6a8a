/**
 * Compact angular functions in groups that the kernels do at once: all products of some windows of the angle and some windows of the
 * distance, for one pair of neighbour elements. Sets of such functions mostly are products.
 */
import {
  type CompactAngular,
  type CompactCore,
  type CompactShape,
  isAngular,
  isCompact,
  isNarrow,
  isWeighted,
  type SymmetryFunction,
} from "./definition.js";

export interface AngularWindow {
  /** degrees */
  readonly left: number;
  /** degrees */
  readonly right: number;
  readonly core: CompactCore;
}

export interface CompactGroup {
  /** Numbers of the neighbours' elements, in ascending order. */
  readonly elements: readonly [number, number];
  readonly narrow: boolean;
  readonly angles: readonly AngularWindow[];
  /** Their outer ends do not fall. */
  readonly windows: readonly CompactShape[];
  /** [angle][window], the number of the function, or −1. */
  readonly functions: readonly number[];
  readonly weight: number;
}

/** What tells windows of the distance apart. */
export const windowKey = (f: CompactShape): string => `${f.rl} ${f.rc} ${f.core} ${f.asymmetric}`;
const angleKey = (f: CompactAngular): string => `${f.angleLeft} ${f.angleRight} ${f.core}`;

interface Member {
  readonly f: CompactAngular;
  readonly index: number;
}

/** Least share of the products that must be wanted, for a group to have all of them. */
const LEAST_WANTED = 0.6;

export function compactGroups(functions: readonly SymmetryFunction[], elements: readonly number[]): CompactGroup[] {
  const groups: CompactGroup[] = [];
  elements.forEach((z1, e1) => {
    elements.slice(e1).forEach((z2, k) => {
      for (const narrow of [false, true]) {
        const members = functions.flatMap((f, index) =>
          isAngular(f) && isCompact(f) && isNarrow(f) === narrow && concerns(f, z1, z2) ? [{ f, index }] : [],
        );
        // Weighted functions have another factor than those of one pair of elements.
        for (const weighted of [false, true]) {
          const like = members.filter(({ f }) => isWeighted(f) === weighted);
          const weight = weighted ? z1 * z2 : 1;
          for (const part of products(like)) groups.push({ elements: [e1, e1 + k], narrow, weight, ...part });
        }
      }
    });
  });
  return groups;
}

function concerns(f: CompactAngular, z1: number, z2: number): boolean {
  if (isWeighted(f)) return true;
  const [a, b] = f.neighbors;
  return (a === z1 && b === z2) || (a === z2 && b === z1);
}

type Product = Pick<CompactGroup, "angles" | "windows" | "functions">;

/** One product for all, where most of it is wanted; otherwise one for the angles that share their windows. */
function products(members: readonly Member[]): Product[] {
  if (members.length === 0) return [];
  const { once, again } = withoutRepetition(members);
  const whole = product(once);
  const parts = once.length >= LEAST_WANTED * whole.functions.length ? [whole] : byWindows(once).map(product);
  return [...parts, ...products(again)];
}

/** Functions that are there twice make two groups. */
function withoutRepetition(members: readonly Member[]): { once: Member[]; again: Member[] } {
  const seen = new Set<string>();
  const once: Member[] = [];
  const again: Member[] = [];
  for (const member of members) {
    const key = `${angleKey(member.f)} ${windowKey(member.f)}`;
    (seen.has(key) ? again : once).push(member);
    seen.add(key);
  }
  return { once, again };
}

function byWindows(members: readonly Member[]): Member[][] {
  const ofAngle = groupBy(members, ({ f }) => angleKey(f));
  const sameWindows = groupBy(ofAngle, (list) =>
    list
      .map(({ f }) => windowKey(f))
      .sort()
      .join(),
  );
  return sameWindows.map((lists) => lists.flat());
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

function product(members: readonly Member[]): Product {
  const angles = groupBy(members, ({ f }) => angleKey(f)).map((list) => list[0]!.f);
  const windows = groupBy(members, ({ f }) => windowKey(f))
    .map((list) => list[0]!.f)
    .sort((a, b) => a.rc - b.rc);
  const found = new Map(members.map(({ f, index }) => [`${angleKey(f)} ${windowKey(f)}`, index]));
  return {
    angles: angles.map((f) => ({ left: f.angleLeft, right: f.angleRight, core: f.core })),
    windows,
    functions: angles.flatMap((a) => windows.map((w) => found.get(`${angleKey(a)} ${windowKey(w)}`) ?? -1)),
  };
}
