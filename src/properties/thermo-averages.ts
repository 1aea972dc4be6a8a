/** Averages of molecular dynamics, of the thermodynamics that it recorded. */
import { type Average, averageOf, FEWEST_SAMPLES, type TableRow } from "./averages.js";
import { equilibrated } from "./equilibration.js";

/** Names in the file. */
export const thermoColumns = {
  time: "time_fs",
  temperature: "temperature_K",
  potential: "potential_eV",
  pressure: "pressure_GPa",
  volume: "volume_A3",
  conserved: "conserved_eV",
  disagreement: "disagreement_eV_per_A",
  extrapolations: "extrapolations",
} as const;

export interface ThermoAverages {
  readonly records: number;
  /** Time from which on records count, fs: before it energy and volume still drift. */
  readonly from: number;
  readonly to: number;
  /** K */
  readonly temperature: Average;
  /** eV */
  readonly potential: Average;
  /** GPa; null without a stress. */
  readonly pressure: Average | null;
  /** Å³; null without a cell that repeats in three directions, and where it is fixed. */
  readonly volume: Average | null;
}

/**
 * Undefined where there are too few records. `after`: fs that are passed over; default: until energy and volume have settled
 * (`equilibrated`).
 */
export function thermoAverages(rows: readonly TableRow[], after?: number): ThermoAverages | undefined {
  const start = after === undefined ? settled(rows) : rows.findIndex((row) => timeOf(row) >= after);
  const counted = start < 0 ? [] : rows.slice(start);
  if (counted.length < FEWEST_SAMPLES) return undefined;
  const average = (column: string): Average | undefined => {
    const values = counted.flatMap((row) => row.get(column) ?? []);
    return values.length === counted.length ? averageOf(values) : undefined;
  };
  const [temperature, potential] = [average(thermoColumns.temperature), average(thermoColumns.potential)];
  if (temperature === undefined || potential === undefined) return undefined;
  return {
    ...{
      records: counted.length,
      from: timeOf(counted[0]),
      to: timeOf(counted[counted.length - 1]),
      temperature,
      potential,
    },
    ...{ pressure: average(thermoColumns.pressure) ?? null, volume: changing(average(thermoColumns.volume)) },
  };
}

const timeOf = (row: TableRow): number => row.get(thermoColumns.time) ?? Number.NaN;

/** Potential energy and volume each settle in their own time; the later one counts. */
function settled(rows: readonly TableRow[]): number {
  const starts = [thermoColumns.potential, thermoColumns.volume].map((column) => {
    const values = rows.flatMap((row) => row.get(column) ?? []);
    return values.length === rows.length ? equilibrated(values) : 0;
  });
  return Math.max(...starts);
}

/** More than rounding. */
const changing = (average: Average | undefined): Average | null =>
  average !== undefined && average.deviation > 1e-9 * Math.abs(average.mean) ? average : null;
