/** What metadynamics ends with, as a record and as text. */
import type { StructuralChange } from "../dynamics/metadynamics/index.js";
import type { MetadynamicsEnd } from "../hosts/node/metadynamics.js";
import type { MetastepRecord } from "../hosts/node/metadynamics-records.js";
import { duration, significant } from "../reports/index.js";
import { type EndRecord, endLines, endRecord, labelled, type RunFacts } from "./simulation-result.js";

/** As `result.json` and --json have it. */
export interface MetadynamicsEndRecord extends EndRecord {
  readonly reason: MetadynamicsEnd["reason"];
  /** Metasteps that are done. */
  readonly metastep: number;
  readonly metasteps: number;
  readonly changes: readonly ChangeRecord[];
  readonly last: PlaceRecord | null;
  readonly lowest: PlaceRecord | null;
}

/** Metasteps from 1 on; Å³ or neighbours. */
export interface ChangeRecord extends Omit<StructuralChange, "step"> {
  readonly metastep: number;
}

/** eV, Å³, K; averages at one place. */
export interface PlaceRecord {
  readonly metastep: number;
  readonly volume: number;
  readonly energy: number;
  readonly enthalpy: number;
  readonly temperature: number;
  readonly coordination: number | null;
}

export function metadynamicsRecord(
  end: MetadynamicsEnd,
  facts: RunFacts & { readonly metasteps: number },
): MetadynamicsEndRecord {
  const { reason, metastep, changes, last, lowest } = end;
  // The parts of an end that all simulations share; its reason is our own.
  const shared = endRecord({ ...end, reason: reason === "changed" ? "finished" : reason }, facts);
  return {
    ...{ ...shared, reason, metastep, metasteps: facts.metasteps, advice: null },
    changes: changes.map(({ step, ...change }) => ({ metastep: step + 1, ...change })),
    last: placeOf(last),
    lowest: placeOf(lowest),
  };
}

function placeOf(record: MetastepRecord | undefined): PlaceRecord | null {
  if (record === undefined) return null;
  const { metastep, volume, energy, enthalpy, temperature, coordination } = record;
  return { metastep, volume, energy, enthalpy, temperature, coordination: coordination ?? null };
}

export function metadynamicsText(record: MetadynamicsEndRecord, out: string): string {
  const { reason, message, atoms, seed, metastep, metasteps, changes, last, lowest, seconds } = record;
  const found = changes.map(
    ({ metastep: at, observable, before, after }) =>
      `At metastep ${at} the ${observable} has changed from ${significant(before)} to ${significant(after)}.`,
  );
  return [
    ...(message === null ? [] : [message]),
    `${reason === "finished" ? "Finished" : "Ended"} after ${metastep} of ${metasteps} metasteps  (${atoms} atoms, seed ${seed}, ${duration(seconds)})`,
    ...found,
    ...(last === null ? [] : [labelled("Last", placeText(last, atoms))]),
    ...(lowest === null ? [] : [labelled("Lowest", `${placeText(lowest, atoms)}, metastep ${lowest.metastep}`)]),
    ...endLines(record, out),
  ].join("\n");
}

function placeText({ volume, enthalpy, temperature, coordination }: PlaceRecord, atoms: number): string {
  const neighbors = coordination === null ? "" : `, ${significant(coordination)} neighbours`;
  return `enthalpy ${(enthalpy / atoms).toFixed(4)} eV/atom, volume ${(volume / atoms).toFixed(3)} Å³/atom, ${significant(temperature)} K${neighbors}`;
}
