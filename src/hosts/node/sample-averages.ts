/** Averages of a Monte Carlo run with errors from blocks, of the samples in its file: a resumed run has the same as an unbroken one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Blocking, blocking } from "../../properties/index.js";
import { countColumn, type SamplesFileOptions, samplesName } from "./sample-file.js";

export interface Average {
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
  /** Standard deviation of the samples. */
  readonly deviation: number;
  /** False where the run is so short that the error is a guess, probably too small. */
  readonly plateau: boolean;
}

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

/** Fewer samples have no error. */
const FEWEST = 4;

/** Undefined where there is no file, or too little in it. */
export function sampleAverages(directory: string, sampling: AveragedSampling): SampleAverages | undefined {
  const { samples, equilibration, elements } = sampling;
  const path = samples && join(directory, samplesName(samples));
  if (samples === undefined || path === undefined || !existsSync(path)) return undefined;
  const rows = rowsOf(readFileSync(path, "utf8"), samples.format).filter(
    (row) => (row.get("step") ?? 0) > equilibration,
  );
  if (rows.length < FEWEST) return undefined;
  const average = (column: string): Average => averageOf(rows.map((row) => row.get(column) ?? Number.NaN));
  return {
    samples: rows.length,
    energy: average("energy_eV"),
    volume: rows[0]!.get("volume_A3") === undefined ? undefined : average("volume_A3"),
    composition: elements.map((z) => [z, average(countColumn(z))]),
  };
}

type Row = ReadonlyMap<string, number>;

function rowsOf(text: string, format: SamplesFileOptions["format"]): Row[] {
  const lines = text.trimEnd().split("\n");
  if (format === "jsonl") return lines.map((line) => numbersOf(Object.entries(JSON.parse(line) as object)));
  const [titles = [], ...rows] = lines.map((line) => line.split(","));
  return rows.map((cells) =>
    numbersOf(cells.map((cell, k) => [titles[k] ?? "", cell === "" ? undefined : Number(cell)])),
  );
}

const numbersOf = (entries: readonly (readonly [string, unknown])[]): Row =>
  new Map(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));

function averageOf(series: readonly number[]): Average {
  const { mean, error, deviation, plateau }: Blocking = blocking(series);
  return { mean, error, deviation, plateau };
}
