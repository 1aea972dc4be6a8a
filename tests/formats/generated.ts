/** Frames at random for the property tests. */

import fc from "fast-check";
import type { AtomColumn, Frame, InfoValue } from "../../src/structure/index.js";

const real = fc.double({ min: -1e4, max: 1e4, noNaN: true });
const anyReal = fc.double({ noNaN: true, noDefaultInfinity: true });
const reals = (length: number) =>
  fc.array(real, { minLength: length, maxLength: length }).map((x) => Float64Array.from(x));

/** Rows with a heavy diagonal, so never flat; half of them left-handed. */
export const cells = fc
  .tuple(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 9, maxLength: 9 }), fc.boolean())
  .map(([off, left]) => {
    const cell = Float64Array.from(off, (x, i) => (i % 4 === 0 ? 7 + x : x));
    return left ? Float64Array.of(...cell.slice(3, 6), ...cell.slice(0, 3), ...cell.slice(6)) : cell;
  });

const words = fc.stringMatching(/^[A-Za-z_.+*-][\w.+*-]{0,7}$/);
const texts = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string(),
  words,
  fc.constantFrom("T", "F", "12", "1e5", "a b"),
);
const leaves = fc.oneof(texts, anyReal, fc.integer(), fc.boolean());
export const infoValues: fc.Arbitrary<InfoValue> = fc.oneof(
  leaves,
  fc.array(anyReal, { maxLength: 5 }),
  fc.array(fc.boolean(), { maxLength: 4 }),
  fc.array(fc.oneof(leaves, fc.array(leaves, { maxLength: 3 })), { maxLength: 3 }),
);

/** Keys that extended XYZ takes for itself have tests of their own. */
const taken = new Set(
  "Lattice Properties pbc energy Energy free_energy stress virial charge species symbols element pos positions forces force uid".split(
    " ",
  ),
);
const keys = fc
  .string({ minLength: 1, unit: "grapheme" })
  .filter((key) => !taken.has(key) && key.toLowerCase() !== "uid");
const names = fc.stringMatching(/^[a-z]\w{0,6}$/).filter((name) => !taken.has(name));

function column(count: number): fc.Arbitrary<AtomColumn> {
  return fc
    .tuple(fc.constantFrom("R", "I", "S", "L" as const), fc.integer({ min: 1, max: 3 }))
    .chain(([type, width]): fc.Arbitrary<AtomColumn> => {
      const size = { minLength: count * width, maxLength: count * width };
      if (type === "S") return fc.array(words, size).map((values) => ({ type, width, values }));
      if (type === "L") return fc.array(fc.boolean(), size).map((values) => ({ type, width, values }));
      const numbers: fc.Arbitrary<number> = type === "R" ? fc.double({ noDefaultInfinity: true }) : fc.integer();
      return fc
        .array(numbers, size)
        .map((values) => ({ type: type as "R" | "I", width, values: Float64Array.from(values) }));
    });
}

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Any frame: what extended XYZ must keep to the last bit. */
export const frames: fc.Arbitrary<Frame> = fc.integer({ min: 1, max: 6 }).chain((count) =>
  fc
    .record({
      species: fc.array(fc.integer({ min: 1, max: 118 }), { minLength: count, maxLength: count }),
      positions: reals(3 * count),
      cell: optional(cells),
      periodic: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
      energy: optional(anyReal),
      forces: optional(reals(3 * count)),
      stress: optional(reals(6)),
      charge: optional(real),
      info: fc.array(fc.tuple(keys, infoValues), { maxLength: 4 }),
      columns: fc.array(fc.tuple(names, column(count)), { maxLength: 3 }),
    })
    .map(({ species, positions, cell, periodic, energy, forces, stress, charge, info, columns }) => ({
      structure: {
        species: Uint8Array.from(species),
        positions,
        cell,
        periodic: cell === undefined ? ([false, false, false] as const) : periodic,
      },
      ...(energy === undefined ? {} : { energy }),
      ...(forces === undefined ? {} : { forces }),
      ...(stress === undefined ? {} : { stress }),
      ...(charge === undefined ? {} : { charge }),
      info: new Map(info),
      columns: new Map(columns),
      source: { file: "", structure: 1, line: 1 },
    })),
);
