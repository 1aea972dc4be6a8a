/** Steps of metadynamics in a file: `metasteps.csv` or `metasteps.jsonl`. */
import { CELL_COMPONENTS, type MetadynamicsRecord, sixOf } from "../../dynamics/metadynamics/index.js";
import { type Column, type GrowingFile, type TableFormat, tableSink } from "./recorders.js";

/** What was found at one place: averages over the stretch of dynamics there. */
export interface MetastepRecord {
  /** From 1 on. */
  readonly metastep: number;
  /** Å³ */
  readonly volume: number;
  /** Potential energy, eV. */
  readonly energy: number;
  /** U + PV, eV */
  readonly enthalpy: number;
  /** K */
  readonly temperature: number;
  /** Undefined where none is counted. */
  readonly coordination: number | undefined;
  /** s, −∂G/∂s, its standard error, and the force of the hills before, [component]. */
  readonly value: Float64Array;
  readonly force: Float64Array;
  readonly error: Float64Array;
  readonly hillForce: Float64Array;
}

/** As it is written. */
export interface WrittenMetastep extends MetastepRecord {
  /** Lattice vectors as rows, Å. */
  readonly cell: Float64Array | undefined;
  /** Energy of the hills before at this place, eV. */
  readonly bias: number;
}

/** `pressure` in eV/Å³. */
export function metastepOf(record: MetadynamicsRecord, pressure: number): MetastepRecord {
  const { step, value, force, error, hillForce, observed } = record;
  // In the order of the observables of a `CellVariable`.
  const [volume = Number.NaN, energy = Number.NaN, temperature = Number.NaN, coordination = Number.NaN] = observed;
  return {
    ...{ metastep: step + 1, volume, energy, enthalpy: energy + pressure * volume, temperature },
    coordination: Number.isNaN(coordination) ? undefined : coordination,
    ...{ value, force, error, hillForce },
  };
}

/** Forces in eV per unit of s, which is Å, or √eV where it is scaled. */
export function metastepSink(
  file: GrowingFile,
  { format, dimensions }: { readonly format: TableFormat; readonly dimensions: number },
): (record: WrittenMetastep) => void {
  const each = (name: string, pick: (record: WrittenMetastep) => Float64Array): Column<WrittenMetastep>[] =>
    Array.from({ length: dimensions }, (_, k) => [`${name}_${k + 1}`, (r: WrittenMetastep) => pick(r)[k]] as const);
  const columns: Column<WrittenMetastep>[] = [
    ["metastep", (r) => r.metastep],
    ...CELL_COMPONENTS.map(
      (name, c): Column<WrittenMetastep> => [
        `${name}_A`,
        ({ cell }) => (cell === undefined ? undefined : sixOf(cell)[c]),
      ],
    ),
    ["volume_A3", (r) => r.volume],
    ["energy_eV", (r) => r.energy],
    ["enthalpy_eV", (r) => r.enthalpy],
    ["temperature_K", (r) => r.temperature],
    ["coordination", (r) => r.coordination],
    ["hills_eV", (r) => r.bias],
    ...each("s", (r) => r.value),
    ...each("force", (r) => r.force),
    ...each("error", (r) => r.error),
    ...each("hill_force", (r) => r.hillForce),
  ];
  return tableSink(file, { format, columns, more: ({ cell }) => ({ cell_A: cell === undefined ? null : [...cell] }) });
}
