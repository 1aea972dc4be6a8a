/**
 * ASE's databases in SQLite (`ase.db`, versions 5 to 9): rows of the table `systems`. Å, eV, eV/Å, stress in eV/Å³ and ASE's sign.
 *
 * Arrays are blobs of little-endian numbers, int32 or float64. SQLite itself is not here: the host hands in a `SqlRows`. ASE does
 * not record convergence; a calculator that fails leaves no row, so that what is in a database is taken for converged. Rows whose
 * numbers are not finite are refused.
 */
import { InputError } from "../errors/index.js";
import type { AtomColumn, Frame, InfoValue } from "../structure/index.js";
import { given } from "./frames.js";
import { type OutputOptions, refuse } from "./outputs.js";

/** What a reader of SQLite must offer. */
export interface SqlRows {
  /** Rows of a query as records by column name; blobs as bytes. */
  query(sql: string): Iterable<Readonly<Record<string, unknown>>>;
}

/** Rows fetched at a time. */
const page = 500;

/** Frame after frame by row id; `source.structure` is the id, as ASE shows it. */
export function* readAseDatabase(rows: SqlRows, options: OutputOptions): Generator<Frame> {
  checkSchema(rows, options.file);
  for (let last = 0; ; ) {
    let found = 0;
    for (const row of rows.query(`SELECT * FROM systems WHERE id > ${last} ORDER BY id LIMIT ${page}`)) {
      found++;
      last = Number(row.id);
      const frame = frameOfRow(row, last, options);
      if (frame !== undefined) yield frame;
    }
    if (found === 0) return;
  }
}

/** Whether the beginning of a file is SQLite's. */
export const looksLikeSqlite = (head: Uint8Array): boolean =>
  new TextDecoder("latin1").decode(head.subarray(0, 16)) === "SQLite format 3\0";

function checkSchema(rows: SqlRows, file: string): void {
  const tables = [...rows.query("SELECT name FROM sqlite_master WHERE type = 'table'")].map((row) => String(row.name));
  if (tables.includes("systems")) return;
  throw new InputError({
    code: "no-ase-database",
    where: { file },
    problem: `The database has no table "systems"; it has ${tables.join(", ") || "none at all"}.`,
    expected: "Expected a database written by ase.db.",
    remedy: "Check which program has written it.",
  });
}

type Row = Readonly<Record<string, unknown>>;

function frameOfRow(row: Row, id: number, options: OutputOptions): Frame | undefined {
  const where = { file: options.file, structure: id };
  const numbers = integers(row.numbers);
  const positions = reals(row.positions);
  if (numbers === undefined || positions?.length !== 3 * numbers.length) throw damaged(where, "positions");
  const free = real(row.free_energy);
  const zero = real(row.energy);
  const energy = options.energy === "zero" ? (zero ?? free) : (free ?? zero);
  const forces = reals(row.forces);
  const stress = reals(row.stress);
  if (forces !== undefined && forces.length !== positions.length) throw damaged(where, "forces");
  const bad = Object.entries({ positions, forces, stress }).find(([, values]) =>
    values?.some((x) => !Number.isFinite(x)),
  );
  if (bad !== undefined || (energy !== undefined && !Number.isFinite(energy))) {
    refuse(options, {
      code: "not-finite",
      where,
      problem: `Row ${id}: not every number of its ${bad?.[0] ?? "energy"} is finite.`,
      remedy: "Repeat the calculation behind it, or delete the row.",
    });
    return undefined;
  }
  const cell = reals(row.cell);
  const flags = Number(row.pbc ?? 0);
  const hasCell = cell?.some((x) => x !== 0) === true;
  return {
    structure: {
      species: Uint8Array.from(numbers),
      positions,
      cell: hasCell ? cell : undefined,
      periodic: hasCell ? [(flags & 1) > 0, (flags & 2) > 0, (flags & 4) > 0] : [false, false, false],
    },
    ...given("energy", energy),
    ...given("forces", forces),
    ...given("stress", stress?.length === 6 ? stress : undefined),
    ...given("charge", nonZero(real(row.charge))),
    info: infoOf(row, { free, zero, byZero: options.energy === "zero" }),
    columns: columnsOf(row, numbers.length),
    source: { file: options.file, structure: id, line: 1 },
  };
}

const nonZero = (value: number | undefined): number | undefined => (value === 0 ? undefined : value);

const damaged = (where: { file: string; structure: number }, what: string): InputError =>
  new InputError({
    code: "damaged-row",
    where,
    problem: `Row ${where.structure}: its ${what} do not fit its number of atoms.`,
    remedy: "Delete the row, or write it again with ASE.",
  });

/** The calculator's name, both energies where they differ, and the user's key-value pairs. */
function infoOf(
  row: Row,
  { free, zero, byZero }: { free: number | undefined; zero: number | undefined; byZero: boolean },
) {
  const info = new Map<string, InfoValue>();
  if (typeof row.calculator === "string" && row.calculator !== "") info.set("program", row.calculator);
  if (free !== undefined && zero !== undefined && free !== zero)
    info.set(byZero ? "free_energy" : "energy_zero", byZero ? free : zero);
  const pairs: unknown = JSON.parse(text(row.key_value_pairs) || "{}");
  for (const [key, value] of Object.entries(pairs as Record<string, unknown>))
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") info.set(key, value);
  return info;
}

const columnNames = [
  ["tags", "I", 1, integers],
  ["momenta", "R", 3, reals],
  ["magmoms", "R", 1, reals],
  ["charges", "R", 1, reals],
  ["initial_magmoms", "R", 1, reals],
  ["initial_charges", "R", 1, reals],
] as const;

function columnsOf(row: Row, count: number): Map<string, AtomColumn> {
  const columns = new Map<string, AtomColumn>();
  for (const [name, type, width, decode] of columnNames) {
    const values = decode(row[name]);
    if (values?.length === count * width) columns.set(name, { type, width, values: Float64Array.from(values) });
  }
  return columns;
}

const real = (value: unknown): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

const text = (value: unknown): string =>
  typeof value === "string" ? value : value instanceof Uint8Array ? new TextDecoder().decode(value) : "";

/** Bytes may begin anywhere in their buffer: a view copes with that, a typed array would not. */
function reals(blob: unknown): Float64Array | undefined {
  if (!(blob instanceof Uint8Array) || blob.byteLength % 8 !== 0) return undefined;
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  return Float64Array.from({ length: blob.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true));
}

function integers(blob: unknown): Int32Array | undefined {
  if (!(blob instanceof Uint8Array) || blob.byteLength % 4 !== 0) return undefined;
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  return Int32Array.from({ length: blob.byteLength / 4 }, (_, i) => view.getInt32(4 * i, true));
}
