/**
 * Angular functions that go by pairs of neighbours, in groups that the kernels do at once: all products of some factors of the angle and
 * some factors of the distance, for one pair of neighbour elements. Sets of such functions mostly are products.
 */
import {
  type CompactAngular,
  type CompactShape,
  type GaussianAngular,
  type GaussianShape,
  isCompact,
  isNarrow,
  isWeighted,
  type SymmetryFunction,
} from "./definition.js";

type Angular = CompactAngular | GaussianAngular;

export interface PairGroup {
  /** Numbers of the neighbours' elements, in ascending order. */
  readonly elements: readonly [number, number];
  /** Whether all its functions are compact, or none is. */
  readonly compact: boolean;
  readonly narrow: boolean;
  /** A function for each angular factor. */
  readonly angles: readonly Angular[];
  /** Factors of the distance; their outer ends do not fall. */
  readonly shapes: readonly (CompactShape | GaussianShape)[];
  /** [angle][shape], the number of the function, or −1. */
  readonly functions: readonly number[];
  readonly weight: number;
}

/** What tells factors of the distance apart. */
export const shapeKey = (f: CompactShape | GaussianShape): string =>
  "rl" in f
    ? `${f.rl} ${f.rc} ${f.core} ${f.asymmetric}`
    : `${f.eta} ${f.rs} ${f.rc} ${f.cutoff.type} ${f.cutoff.alpha}`;
const angleKey = (f: Angular): string =>
  isCompact(f) ? `${f.angleLeft} ${f.angleRight} ${f.core}` : `${f.lambda} ${f.zeta}`;

interface Member {
  readonly f: Angular;
  readonly index: number;
}

/** Least share of the products that must be wanted, for a group to have all of them. */
const LEAST_WANTED = 0.6;

/** Groups of the functions that `goesByPairs` names. */
export function pairGroups(
  functions: readonly SymmetryFunction[],
  elements: readonly number[],
  goesByPairs: (f: SymmetryFunction) => f is Angular,
): PairGroup[] {
  const members = functions.flatMap((f, index) => (goesByPairs(f) ? [{ f, index }] : []));
  // Weighted functions have another factor than those of one pair of elements.
  const alike = groupBy(members, ({ f }) => `${isCompact(f)} ${isNarrow(f)} ${isWeighted(f)}`);
  return elements.flatMap((z1, e1) =>
    elements.slice(e1).flatMap((z2, k) =>
      alike.flatMap((list) => {
        const { f } = list[0]!;
        const about = {
          ...{ elements: [e1, e1 + k] as const, compact: isCompact(f), narrow: isNarrow(f) },
          weight: isWeighted(f) ? z1 * z2 : 1,
        };
        return products(list.filter((m) => concerns(m.f, z1, z2))).map((product) => ({ ...about, ...product }));
      }),
    ),
  );
}

function concerns(f: Angular, z1: number, z2: number): boolean {
  if (isWeighted(f)) return true;
  const [a, b] = f.neighbors;
  return (a === z1 && b === z2) || (a === z2 && b === z1);
}

type Product = Pick<PairGroup, "angles" | "shapes" | "functions">;

/** One product for all, where most of it is wanted; otherwise one for the angles that share their shapes. */
function products(members: readonly Member[]): Product[] {
  if (members.length === 0) return [];
  const { once, again } = withoutRepetition(members);
  const whole = product(once);
  const parts = once.length >= LEAST_WANTED * whole.functions.length ? [whole] : byShapes(once).map(product);
  return [...parts, ...products(again)];
}

/** Functions that are there twice make two groups. */
function withoutRepetition(members: readonly Member[]): { once: Member[]; again: Member[] } {
  const seen = new Set<string>();
  const once: Member[] = [];
  const again: Member[] = [];
  for (const member of members) {
    const key = `${angleKey(member.f)} ${shapeKey(member.f)}`;
    (seen.has(key) ? again : once).push(member);
    seen.add(key);
  }
  return { once, again };
}

function byShapes(members: readonly Member[]): Member[][] {
  const ofAngle = groupBy(members, ({ f }) => angleKey(f));
  const sameShapes = groupBy(ofAngle, (list) =>
    list
      .map(({ f }) => shapeKey(f))
      .sort()
      .join(),
  );
  return sameShapes.map((lists) => lists.flat());
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
  const shapes = groupBy(members, ({ f }) => shapeKey(f))
    .map((list) => list[0]!.f)
    .sort((a, b) => a.rc - b.rc);
  const found = new Map(members.map(({ f, index }) => [`${angleKey(f)} ${shapeKey(f)}`, index]));
  return {
    ...{ angles, shapes },
    functions: angles.flatMap((a) => shapes.map((s) => found.get(`${angleKey(a)} ${shapeKey(s)}`) ?? -1)),
  };
}
