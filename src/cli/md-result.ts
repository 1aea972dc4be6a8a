/** What molecular dynamics ends with, as a record and as text. */
import type { ThermoRecord } from "../dynamics/index.js";
import type { SimulationResult } from "../hosts/node/simulate.js";
import type { ThermoAverages } from "../properties/index.js";
import { duration, significant, withError } from "../reports/index.js";
import { gigapascal } from "../units/index.js";
import { type EndRecord, endLines, endRecord, GUESSED, labelled, type RunFacts } from "./simulation-result.js";

/** As `result.json` and --json have it. */
export interface SimulationRecord extends EndRecord {
  readonly reason: SimulationResult["reason"];
  readonly step: number;
  readonly steps: number;
  readonly last: LastRecord | null;
  /** Null where temperature or pressure change by a ramp, and where too little was recorded. */
  readonly averages: ThermoAverages | null;
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
  about: RunFacts & { readonly steps: number; readonly averages: ThermoAverages | undefined },
): SimulationRecord {
  const { reason, step, last, advice } = result;
  return {
    averages: about.averages ?? null,
    ...{ ...endRecord(result, about), reason, step, steps: about.steps },
    last: last === undefined ? null : lastOf(last),
    advice: advice === undefined ? null : `${advice.problem} ${advice.remedy}`,
  };
}

function lastOf({ time, temperature, potential, kinetic, conserved, pressure, volume }: ThermoRecord): LastRecord {
  return {
    ...{ time, temperature, potential, kinetic, conserved, volume: volume ?? null },
    pressure: pressure === undefined ? null : pressure / gigapascal,
  };
}

export function simulationText(record: SimulationRecord, out: string): string {
  const { reason, message, atoms, seed, step, steps, last, averages = null, seconds } = record;
  const state =
    last === null
      ? []
      : [
          labelled("Temperature", `${significant(last.temperature)} K`),
          labelled("Energy", `${last.potential.toFixed(4)} eV (${(last.potential / atoms).toFixed(4)} eV/atom)`),
          ...(last.pressure === null ? [] : [labelled("Pressure", `${significant(last.pressure)} GPa`)]),
        ];
  return [
    ...(message === null ? [] : [message]),
    `${reason === "finished" ? "Finished" : "Ended"} at step ${step} of ${steps}${last === null ? "" : `, ${last.time} fs`}  (${atoms} atoms, seed ${seed}, ${duration(seconds)})`,
    ...(averages === null ? state : averageLines(averages, atoms)),
    ...endLines(record, out),
  ].join("\n");
}

/** fs to ps where that reads better. */
const timeText = (time: number): string => (time < 1000 ? `${significant(time)} fs` : `${significant(time / 1000)} ps`);

export function averageLines(averages: ThermoAverages, atoms: number): string[] {
  const { records, from, to, temperature, potential, pressure, volume } = averages;
  const share = { mean: potential.mean / atoms, error: potential.error / atoms };
  return [
    labelled("Temperature", `${withError(temperature)} K`),
    labelled("Energy", `${withError(potential)} eV (${withError(share)} eV/atom)`),
    ...(pressure === null ? [] : [labelled("Pressure", `${withError(pressure)} GPa`)]),
    ...(volume === null ? [] : [labelled("Volume", `${withError(volume)} Å³`)]),
    labelled("", `mean and standard error of ${records} records from ${timeText(from)} to ${timeText(to)}`),
    ...(potential.plateau ? [] : [labelled("", GUESSED)]),
  ];
}
