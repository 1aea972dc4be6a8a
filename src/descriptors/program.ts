/** Writes the tables of `kernels/contracts/descriptors.ts` for a set of symmetry functions. */
import { GROUP_WORDS, HEADER_WORDS, type Kernels, LIST_WORDS } from "../kernels/index.js";
import {
  type CompactShape,
  type ElementDescriptors,
  type GaussianShape,
  isAngular,
  isCompact,
  isNarrow,
  isWeighted,
  type SymmetryFunction,
} from "./definition.js";

const cores = { e: 0, p1: 1, p2: 2, p3: 3, p4: 4 } as const;

export interface DescriptorProgram {
  /** Pointer to one program per element, i32[element]. */
  readonly programs: number;
  /** Columns of the longest list, even. */
  readonly rowLength: number;
  /** Å */
  readonly cutoff: number;
  /** Atomic numbers of the elements, ascending; the kernels' element indices. */
  readonly elements: readonly number[];
  /** Number of functions per element. */
  readonly functionCounts: readonly number[];
  /** f64 entries of a row of values: functions, the dummy, padding to even. */
  readonly valueLength: number;
  /** Columns toward each neighbour element, [central][neighbour]: function numbers, padded to multiples of 4 (i32 in memory). */
  readonly columns: readonly (readonly { readonly length: number; readonly at: number }[])[];
  /** Bytes that the tables of shapes take in an atom's scratch. */
  readonly tableBytes: number;
}

export function compileDescriptors(kernels: Kernels, descriptors: readonly ElementDescriptors[]): DescriptorProgram {
  const elements = descriptors.map((d) => d.element);
  const compiled = descriptors.map((d) => compileElement(kernels, d, elements));
  const counts = descriptors.map((d) => d.functions.length);
  const rowLength = Math.max(2, ...compiled.flatMap((c) => c.lists.map((list) => list.functions.length)));
  const tableBytes = Math.max(...compiled.map((c) => c.tableBytes));
  return {
    programs: kernels.place(Int32Array.from(compiled, (c) => c.header)),
    rowLength,
    cutoff: Math.max(0, ...descriptors.flatMap((d) => d.functions.map((f) => f.rc))),
    elements,
    functionCounts: counts,
    valueLength: even(Math.max(...counts) + 1),
    columns: compiled.map((c) => c.lists.map((list) => placeColumns(kernels, list.functions, c.dummy))),
    tableBytes,
  };
}

const even = (n: number): number => n + (n % 2);

function placeColumns(kernels: Kernels, functions: readonly number[], dummy: number): { length: number; at: number } {
  const padded = [...functions];
  while (padded.length % 4 !== 0) padded.push(dummy);
  return { length: padded.length, at: kernels.place(Int32Array.from(padded)) };
}

/** Columns toward one neighbour element. */
interface ColumnList {
  readonly shapes: number[];
  readonly weights: number[];
  readonly functions: number[];
  radial: number;
}

/** Distinct values in order of first use. */
class Table<T> {
  readonly rows: T[] = [];
  readonly #index = new Map<string, number>();

  add(row: T): number {
    const key = JSON.stringify(row);
    let index = this.#index.get(key);
    if (index === undefined) {
      index = this.rows.length;
      this.rows.push(row);
      this.#index.set(key, index);
    }
    return index;
  }
}

interface Shapes {
  readonly gaussians: Table<{ eta: number; rs: number; cutoff: number }>;
  readonly cutoffs: Table<readonly number[]>;
  readonly compacts: Table<readonly number[]>;
  readonly powers: Table<readonly number[]>;
  readonly windows: Table<readonly number[]>;
}

function compileElement(kernels: Kernels, { functions }: ElementDescriptors, elements: readonly number[]) {
  const dummy = functions.length;
  const tables: Shapes = {
    gaussians: new Table(),
    cutoffs: new Table(),
    compacts: new Table(),
    powers: new Table(),
    windows: new Table(),
  };
  // Shapes used with r_jk come first, so that the kernels need not compute the others there.
  const narrow = functions.filter(isNarrow);
  for (const f of narrow) shapeKey(tables, f);
  const narrowCounts = [tables.gaussians.rows.length, tables.compacts.rows.length, tables.cutoffs.rows.length];
  for (const f of functions) shapeKey(tables, f);
  const compactAt = even(tables.gaussians.rows.length);
  const shapeOf = (f: SymmetryFunction): number => (isCompact(f) ? compactAt : 0) + shapeKey(tables, f);
  for (const f of functions) if (isAngular(f)) angleKey(tables, f);
  const angleOf = (f: SymmetryFunction): number =>
    isAngular(f) ? (isCompact(f) ? tables.powers.rows.length : 0) + angleKey(tables, f) : 0;

  const lists: ColumnList[] = elements.map(() => ({ shapes: [], weights: [], functions: [], radial: 0 }));
  functions.forEach((f, s) => {
    if (isAngular(f)) return;
    elements.forEach((z, e) => {
      if (!isWeighted(f) && f.neighbors[0] !== z) return;
      push(lists[e]!, shapeOf(f), isWeighted(f) ? z : 1, s);
    });
  });
  for (const list of lists) {
    pad(list, dummy);
    list.radial = list.functions.length;
  }
  const groups = compileGroups({ kernels, functions, elements, lists, shapeOf, angleOf });
  const f64 = (values: number[]): number => kernels.place(Float64Array.from(values));
  const i32 = (values: number[]): number => kernels.place(Int32Array.from(values));

  const gaussians = [...tables.gaussians.rows];
  if (gaussians.length % 2 !== 0) gaussians.push({ eta: 0, rs: 0, cutoff: gaussians[0]!.cutoff });
  const listTable = new Int32Array(LIST_WORDS * lists.length);
  lists.forEach((list, e) => {
    const row = [
      list.functions.length,
      list.radial,
      i32(list.shapes),
      f64(list.weights.slice(0, list.radial)),
      i32(list.functions),
    ];
    listTable.set(row, e * LIST_WORDS);
  });
  const header = new Int32Array(HEADER_WORDS);
  header.set([
    elements.length,
    gaussians.length,
    tables.compacts.rows.length,
    tables.cutoffs.rows.length,
    tables.powers.rows.length,
    tables.windows.rows.length,
    groups.count,
    functions.length,
    f64(gaussians.map((g) => g.eta)),
    f64(gaussians.map((g) => g.rs)),
    i32(gaussians.map((g) => g.cutoff)),
    f64(tables.compacts.rows.flat()),
    f64(tables.cutoffs.rows.flat()),
    f64(tables.powers.rows.flat()),
    f64(tables.windows.rows.flat()),
    kernels.place(listTable),
    groups.table,
    Math.min(even(narrowCounts[0]!), gaussians.length),
    narrowCounts[1]!,
    // An odd number of narrow Gaussians drags the next one along, whose cutoff must be there too.
    narrowCounts[0]! % 2 === 0 ? narrowCounts[2]! : tables.cutoffs.rows.length,
  ]);
  header[22] = compactAt;
  new Float64Array(header.buffer, 80, 1)[0] = Math.max(0, ...narrow.map((f) => f.rc));
  const tableBytes =
    (8 * (compactAt + tables.compacts.rows.length + 4) +
      8 * (tables.powers.rows.length + tables.windows.rows.length + 4)) *
      4 +
    16 * tables.cutoffs.rows.length +
    8 * elements.length;
  return { header: kernels.place(header), lists, dummy, tableBytes };
}

function push(list: ColumnList, shape: number, weight: number, index: number): void {
  list.shapes.push(shape);
  list.weights.push(weight);
  list.functions.push(index);
}

function pad(list: ColumnList, dummy: number): void {
  if (list.functions.length % 2 !== 0) push(list, 0, 0, dummy);
}

function shapeKey(tables: Shapes, f: SymmetryFunction): number {
  if (isCompact(f)) return tables.compacts.add(compactRow(f));
  return tables.gaussians.add({ eta: f.eta, rs: f.rs, cutoff: tables.cutoffs.add(cutoffRow(f)) });
}

const compactRow = (f: CompactShape): number[] => [f.rl, f.rc, cores[f.core], f.asymmetric ? 1 : 0];
const cutoffRow = (f: GaussianShape): number[] => [f.cutoff.type, f.cutoff.alpha, f.rc, 0];

function angleKey(tables: Shapes, f: SymmetryFunction): number {
  if (!isAngular(f)) throw new Error("not an angular function");
  if (isCompact(f)) {
    const radians = Math.PI / 180;
    return tables.windows.add([f.angleLeft * radians, f.angleRight * radians, cores[f.core], 0]);
  }
  return tables.powers.add([f.lambda, f.zeta, Number.isInteger(f.zeta) && f.zeta >= 1 ? 1 : 0, 0]);
}

interface GroupInput {
  readonly kernels: Kernels;
  readonly functions: readonly SymmetryFunction[];
  readonly elements: readonly number[];
  readonly lists: ColumnList[];
  shapeOf(f: SymmetryFunction): number;
  angleOf(f: SymmetryFunction): number;
}

/** Angular functions per pair of neighbour elements, narrow ones first; appends their columns to the lists. */
function compileGroups(input: GroupInput): { table: number; count: number } {
  const { kernels, functions, elements, lists } = input;
  const rows: number[][] = [];
  for (let e1 = 0; e1 < elements.length; e1++)
    for (let e2 = e1; e2 < elements.length; e2++)
      for (const narrow of [true, false]) {
        const members = functions.flatMap((f, s) =>
          isAngular(f) && isNarrow(f) === narrow && concerns(f, elements[e1]!, elements[e2]!) ? [{ f, s }] : [],
        );
        if (members.length === 0) continue;
        const at1 = lists[e1]!.functions.length;
        const at2 = lists[e2]!.functions.length;
        const own: ColumnList = { shapes: [], weights: [], functions: [], radial: 0 };
        for (const { f, s } of members) push(own, input.shapeOf(f), pairWeight(f, elements[e1]!, elements[e2]!), s);
        pad(own, functions.length);
        for (const list of new Set([lists[e1]!, lists[e2]!]))
          own.functions.forEach((s, i) => {
            push(list, own.shapes[i]!, 0, s);
          });
        const angles = own.functions.map((s) => (s < functions.length ? input.angleOf(functions[s]!) : 0));
        rows.push([
          e1,
          e2,
          own.functions.length,
          at1,
          at2,
          narrow ? 1 : 0,
          kernels.place(Int32Array.from(angles)),
          kernels.place(Int32Array.from(own.shapes)),
          kernels.place(Float64Array.from(own.weights)),
          kernels.place(Int32Array.from(own.functions)),
        ]);
      }
  const table = Int32Array.from(rows.flat());
  if (table.length !== GROUP_WORDS * rows.length) throw new Error("group table is malformed");
  return { table: kernels.place(table), count: rows.length };
}

function concerns(f: SymmetryFunction, z1: number, z2: number): boolean {
  if (isWeighted(f)) return true;
  const [a, b] = [...f.neighbors].sort((x, y) => x - y);
  return a === z1 && b === z2;
}

/** Prefactor 2^(1−ζ) of power angles and the product of atomic numbers of weighted functions. */
function pairWeight(f: SymmetryFunction, z1: number, z2: number): number {
  const product = isWeighted(f) ? z1 * z2 : 1;
  return isAngular(f) && !isCompact(f) ? product * 2 ** (1 - f.zeta) : product;
}
