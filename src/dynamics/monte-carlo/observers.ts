/** What is worth keeping of a Monte Carlo run at every so many steps. */
import { checkCounts } from "../motion.js";
import type { Observer } from "./run.js";
import type { Sampler } from "./sampler.js";

export interface SampleRecord {
  readonly step: number;
  /** Set for the sampler, K. */
  readonly temperature: number;
  /** eV */
  readonly energy: number;
  /** Å³; undefined without a cell that repeats in three directions. */
  readonly volume: number | undefined;
  /** Lattice vectors as rows, Å. */
  readonly cell: readonly number[] | undefined;
  /** Atoms of each element, by atomic number, ascending. */
  readonly composition: readonly (readonly [number, number])[];
}

/** An observer that keeps what it has seen. */
export interface Sampled<R> extends Observer {
  readonly records: readonly R[];
}

/** An observer of anything that can be measured on a sampler. Measures must copy what they take from the state. */
export function observer<R>(every: number, measure: (sampler: Sampler) => R, sink?: (record: R) => void): Sampled<R> {
  checkCounts({ "every of an observer": every });
  const records: R[] = [];
  const keep = sink ?? ((record: R) => void records.push(record));
  return { every, records, look: (sampler) => keep(measure(sampler)) };
}

/** Energy, cell and composition; kept, or handed to a sink. */
export const sampleRecords = (every: number, sink?: (record: SampleRecord) => void): Sampled<SampleRecord> =>
  observer(every, recordOf, sink);

function recordOf({ state, temperature }: Sampler): SampleRecord {
  const { step, energy, cell, species } = state;
  const counts = new Map<number, number>();
  for (const z of species) counts.set(z, (counts.get(z) ?? 0) + 1);
  const volume = Number.isNaN(state.volume) ? undefined : state.volume;
  const composition = [...counts].sort(([a], [b]) => a - b);
  return { step, temperature, energy, volume, cell: cell === undefined ? undefined : [...cell], composition };
}
