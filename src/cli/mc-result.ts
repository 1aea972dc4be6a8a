/** What Monte Carlo ends with, as a record and as text. */
import type { SampleResult } from "../hosts/node/sample.js";
import type { Locality } from "../hosts/node/simulate-potential.js";
import type { Average } from "../properties/index.js";
import { duration, significant, withError } from "../reports/index.js";
import { elementSymbol } from "../structure/index.js";
import { type EndRecord, endLines, endRecord, GUESSED, labelled, type RunFacts } from "./simulation-result.js";
import { layOut } from "./table.js";

/** As `result.json` and --json have it: eV, Å³, atoms. */
export interface SamplingRecord extends EndRecord {
  readonly reason: SampleResult["reason"];
  readonly step: number;
  readonly steps: number;
  readonly equilibration: number;
  /** How energy changes are found: "own" and "shared" from neighbourhoods where these are smaller than the system, "none" from all atoms. */
  readonly locality: Locality;
  readonly worstDrift: number;
  readonly moves: readonly MoveRecord[];
  readonly last: {
    readonly energy: number;
    readonly volume: number | null;
    readonly composition: Readonly<Record<string, number>>;
  };
  /** Null for an annealing, and where there are too few samples. */
  readonly averages: AveragesRecord | null;
}

export interface MoveRecord {
  readonly move: string;
  readonly attempts: number;
  readonly accepted: number;
  readonly impossible: number;
  readonly acceptance: number | null;
  /** In the unit of the move; null for moves without one. */
  readonly size: number | null;
}

export interface AveragesRecord {
  readonly samples: number;
  readonly energy: Average;
  readonly volume: Average | null;
  readonly composition: Readonly<Record<string, Average>>;
}

export interface SamplingFacts extends RunFacts {
  readonly steps: number;
  readonly equilibration: number;
  readonly locality: Locality;
  /** Whether the temperature changes, so that averages mean nothing. */
  readonly annealed: boolean;
}

export function samplingRecord(result: SampleResult, facts: SamplingFacts): SamplingRecord {
  const { reason, step, moves, worstDrift, last } = result;
  const { steps, equilibration, locality } = facts;
  return {
    ...{ ...endRecord(result, facts), reason, step, steps, equilibration, locality, worstDrift },
    moves: moves.map(({ size, ...tally }) => ({
      ...{ ...tally, acceptance: tally.attempts === 0 ? null : tally.accepted / tally.attempts, size: size ?? null },
    })),
    last: { energy: last.energy, volume: last.volume ?? null, composition: bySymbol(last.composition) },
    averages: facts.annealed ? null : averagesOf(result),
    advice: step <= equilibration ? `All ${step} attempts were equilibration, so that there are no averages.` : null,
  };
}

function averagesOf({ averages }: SampleResult): AveragesRecord | null {
  if (averages === undefined) return null;
  const { samples, energy, volume, composition } = averages;
  return { samples, energy, volume: volume ?? null, composition: bySymbol(composition) };
}

const bySymbol = <T>(counts: readonly (readonly [number, T])[]): Readonly<Record<string, T>> =>
  Object.fromEntries(counts.map(([z, count]) => [elementSymbol(z), count]));

export function samplingText(record: SamplingRecord, out: string): string {
  const { reason, message, atoms, seed, step, steps, last, averages, moves, seconds } = record;
  const counts = Object.entries(last.composition);
  return [
    ...(message === null ? [] : [message]),
    `${reason === "finished" ? "Finished" : "Ended"} at attempt ${step} of ${steps}  (${atoms} atoms, seed ${seed}, ${duration(seconds)})`,
    ...(averages === null
      ? [labelled("Energy", `${last.energy.toFixed(4)} eV, the last`)]
      : averageLines(averages, atoms)),
    ...(counts.length < 2 ? [] : [labelled("Last", counts.map(([symbol, n]) => `${n} ${symbol}`).join(", "))]),
    ...(moves.some(({ attempts }) => attempts > 0) ? [moveTable(moves)] : []),
    ...endLines(record, out),
  ].join("\n");
}

function averageLines({ samples, energy, volume, composition }: AveragesRecord, atoms: number): string[] {
  const share = { mean: energy.mean / atoms, error: energy.error / atoms };
  const varied = Object.entries(composition).filter(([, { deviation }]) => deviation > 0);
  return [
    labelled("Energy", `${withError(energy)} eV (${withError(share)} eV/atom) from ${samples} samples`),
    ...(volume === null || volume.deviation === 0 ? [] : [labelled("Volume", `${withError(volume)} Å³`)]),
    ...varied.map(([symbol, average]) => labelled(symbol, `${withError(average)} atoms`)),
    ...(energy.plateau ? [] : [GUESSED]),
  ];
}

const UNITS: Readonly<Record<string, string>> = { displacement: " Å", hybrid: " fs" };

function moveTable(moves: readonly MoveRecord[]): string {
  const rows = moves.map(({ move, attempts, acceptance, size }) => [
    ...[move, String(attempts), acceptance === null ? "–" : `${(100 * acceptance).toFixed(1)} %`],
    size === null ? "–" : `${significant(size)}${UNITS[move] ?? ""}`,
  ]);
  return layOut([["move", "attempts", "accepted", "size"], ...rows], { text: 1 });
}
