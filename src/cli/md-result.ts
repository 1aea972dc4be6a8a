/** What a simulation ends with, as a record, as text and as an exit code. */

import { join, resolve } from "node:path";
import type { Tally, ThermoRecord } from "../dynamics/index.js";
import type { SimulationResult } from "../hosts/node/simulate.js";
import { duration, significant } from "../reports/index.js";
import { gigapascal } from "../units/index.js";
import { EndedEarly } from "./ended-early.js";

/** As `result.json` and --json have it. */
export interface SimulationRecord {
  readonly directory: string;
  readonly reason: SimulationResult["reason"];
  readonly message: string | null;
  readonly atoms: number;
  readonly seed: number;
  readonly step: number;
  readonly steps: number;
  readonly last: LastRecord | null;
  readonly thresholds: readonly Tally[];
  readonly advice: string | null;
  /** Absolute paths. */
  readonly files: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** fs, K, eV, GPa, Å³; null where there is no such number. */
export interface LastRecord {
  readonly time: number;
  readonly temperature: number;
  readonly potential: number;
  readonly kinetic: number;
  readonly conserved: number;
  readonly pressure: number | null;
  readonly volume: number | null;
}

export function simulationRecord(
  result: SimulationResult,
  about: { readonly directory: string; readonly atoms: number; readonly seed: number; readonly steps: number },
): SimulationRecord {
  const { reason, message, step, last, tallies, advice, files, seconds } = result;
  return {
    ...{ ...about, directory: resolve(about.directory), reason, message: message ?? null, step, seconds },
    last: last === undefined ? null : lastOf(last),
    thresholds: tallies,
    advice: advice === undefined ? null : `${advice.problem} ${advice.remedy}`,
    files: Object.fromEntries(
      Object.entries(files).map(([what, name]) => [what, resolve(about.directory, String(name))]),
    ),
  };
}

function lastOf({ time, temperature, potential, kinetic, conserved, pressure, volume }: ThermoRecord): LastRecord {
  return {
    ...{ time, temperature, potential, kinetic, conserved, volume: volume ?? null },
    pressure: pressure === undefined ? null : pressure / gigapascal,
  };
}

export function simulationText(record: SimulationRecord, out: string): string {
  const { reason, message, atoms, seed, step, steps, last, thresholds, files, seconds } = record;
  const state =
    last === null
      ? []
      : [
          `Temperature   ${significant(last.temperature)} K`,
          `Energy        ${last.potential.toFixed(4)} eV (${(last.potential / atoms).toFixed(4)} eV/atom)`,
          ...(last.pressure === null ? [] : [`Pressure      ${significant(last.pressure)} GPa`]),
        ];
  const passed = thresholds.map(
    ({ threshold: t, count, largest }) =>
      `${t.quantity} above ${t.above} (${t.action}): ${count} times, at most ${significant(largest)}`,
  );
  return [
    ...(message === null ? [] : [message]),
    `${reason === "finished" ? "Finished" : "Ended"} at step ${step} of ${steps}${last === null ? "" : `, ${last.time} fs`}  (${atoms} atoms, seed ${seed}, ${duration(seconds)})`,
    ...state,
    ...passed,
    ...Object.entries(files).map(
      ([what, path]) => `${titled(what).padEnd(13)} ${join(out, path.split(/[\\/]/).at(-1) ?? "")}`,
    ),
  ].join("\n");
}

const titled = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** Throws where the run did not come to its end. */
export function checkEnded({ reason, message }: SimulationRecord): void {
  if (reason === "stopped") throw new EndedEarly(message ?? "stopped", 3);
  if (reason === "failed") throw new EndedEarly(message ?? "failed", 1);
}
