/** Averages of a Monte Carlo run with errors from blocks, of the samples in its file: a resumed run has the same as an unbroken one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Average, averageOf, FEWEST_SAMPLES } from "../../properties/index.js";
import { countColumn, type SamplesFileOptions, samplesName } from "./sample-file.js";
import { readTable } from "./table-file.js";

export interface SampleAverages {
  readonly samples: number;
  /** eV */
  readonly energy: Average;
  /** Å³; undefined without a cell that repeats in three directions. */
  readonly volume: Average | undefined;
  /** Atoms of each element, by atomic number. */
  readonly composition: readonly (readonly [number, Average])[];
}

export interface AveragedSampling {
  readonly samples: SamplesFileOptions | undefined;
  /** Samples up to this step do not count. */
  readonly equilibration: number;
  readonly elements: readonly number[];
}

/** Undefined where there is no file, or too little in it. */
export function sampleAverages(directory: string, sampling: AveragedSampling): SampleAverages | undefined {
  const { samples, equilibration, elements } = sampling;
  const path = samples && join(directory, samplesName(samples));
  if (samples === undefined || path === undefined || !existsSync(path)) return undefined;
  const rows = readTable(path).filter((row) => (row.get("step") ?? 0) > equilibration);
  if (rows.length < FEWEST_SAMPLES) return undefined;
  const average = (column: string): Average => averageOf(rows.map((row) => row.get(column) ?? Number.NaN));
  return {
    samples: rows.length,
    energy: average("energy_eV"),
    volume: rows[0]!.get("volume_A3") === undefined ? undefined : average("volume_A3"),
    composition: elements.map((z) => [z, average(countColumn(z))]),
  };
}
