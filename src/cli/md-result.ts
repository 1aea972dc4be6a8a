/** What molecular dynamics ends with, as a record and as text. */
import type { ThermoRecord } from "../dynamics/index.js";
import type { SimulationResult } from "../hosts/node/simulate.js";
import { duration, significant } from "../reports/index.js";
import { gigapascal } from "../units/index.js";
import { type EndRecord, endLines, endRecord, labelled, type RunFacts } from "./simulation-result.js";

/** As `result.json` and --json have it. */
export interface SimulationRecord extends EndRecord {
  readonly reason: SimulationResult["reason"];
  readonly step: number;
  readonly steps: number;
  readonly last: LastRecord | null;
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
  about: RunFacts & { readonly steps: number },
): SimulationRecord {
  const { reason, step, last, advice } = result;
  return {
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
  const { reason, message, atoms, seed, step, steps, last, seconds } = record;
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
    ...state,
    ...endLines(record, out),
  ].join("\n");
}
