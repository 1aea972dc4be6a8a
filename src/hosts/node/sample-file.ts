/** Samples of a Monte Carlo run in a file: `samples.csv` or `samples.jsonl`. */
import {
  type Move,
  type MoveTally,
  type Observer,
  observer,
  type SampleRecord,
  type Sampler,
  sampleRecords,
} from "../../dynamics/monte-carlo/index.js";
import { elementSymbol } from "../../structure/index.js";
import { type Column, type GrowingFile, type TableFormat, tableSink } from "./recorders.js";

export interface SamplesFileOptions {
  readonly every: number;
  readonly format: TableFormat;
}

export interface SamplesOf extends SamplesFileOptions {
  /** Atomic numbers that there may be. */
  readonly elements: readonly number[];
  readonly moves: readonly Move[];
}

interface Sample extends SampleRecord {
  readonly tallies: readonly MoveTally[];
}

export const samplesName = ({ format }: SamplesFileOptions): string => `samples.${format}`;

/** "atoms_Si" */
export const countColumn = (z: number): string => `atoms_${elementSymbol(z)}`;

/** In JSON lines with the cell too (rows, Å). Shares of acceptance are those since the end of equilibration. */
export function samplesFile(file: GrowingFile, { every, format, elements, moves }: SamplesOf): Observer {
  const more = ({ cell }: Sample) => ({ cell_A: cell ?? null });
  const sink = tableSink(file, { format, columns: columnsOf(elements, moves), more });
  const measure = (sampler: Sampler): Sample => {
    const plain = sampleRecords(every);
    plain.look(sampler);
    return { ...plain.records[0]!, tallies: sampler.tallies };
  };
  return observer(every, measure, sink);
}

function columnsOf(elements: readonly number[], moves: readonly Move[]): Column<Sample>[] {
  return [
    ["step", (s) => s.step],
    ["temperature_K", (s) => s.temperature],
    ["energy_eV", (s) => s.energy],
    ["volume_A3", (s) => s.volume],
    ...elements.map(
      (z): Column<Sample> => [countColumn(z), ({ composition }) => composition.find(([of]) => of === z)?.[1] ?? 0],
    ),
    ...moves.flatMap(({ name, size }, k): Column<Sample>[] => [
      [`acceptance_${name.replaceAll(" ", "_")}`, ({ tallies }) => acceptanceOf(tallies[k])],
      ...(size === undefined
        ? []
        : [[`size_${name.replaceAll(" ", "_")}`, ({ tallies }: Sample) => tallies[k]?.size] as const]),
    ]),
  ];
}

/** Undefined where nothing was tried. */
export const acceptanceOf = (tally: MoveTally | undefined): number | undefined =>
  tally === undefined || tally.attempts === 0 ? undefined : tally.accepted / tally.attempts;
