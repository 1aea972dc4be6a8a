/** What has come of `potluck label`: frames for the files, a record for --json, a text for people. */
import { type Calculation, type Cost, countFailures, type FailureKind, labelledFrame } from "../engines/index.js";
import { duration, significant } from "../reports/index.js";
import type { Frame, InfoValue } from "../structure/index.js";
import type { Labelling } from "./label-wiring.js";
import { layOut } from "./table.js";

interface Facts {
  readonly frames: readonly Frame[];
  readonly labelling: Labelling;
  readonly out: string;
  readonly directory: string;
  readonly jobs: number;
  readonly engine: string;
  readonly version: string | undefined;
  readonly seconds: number;
}

export interface LabelRecord {
  readonly out: string | null;
  readonly directory: string;
  readonly engine: string;
  readonly version: string | null;
  readonly structures: number;
  readonly labelled: number;
  /** Calculations of this run; the others were found. */
  readonly computed: number;
  readonly failed: number;
  readonly failures: readonly FailureRecord[];
  /** Of all attempts, of earlier runs in the directory too. */
  readonly cost: Cost;
  readonly jobs: number;
  /** Wall time of this run. */
  readonly seconds: number;
}

interface FailureRecord {
  readonly file: string;
  readonly structure: number;
  readonly kind: FailureKind;
  readonly problem: string;
  readonly remedy: string;
  readonly directory: string | null;
  readonly excerpt: string | null;
}

export function labelRecord({ frames, labelling, out, version, ...rest }: Facts): LabelRecord {
  const { directory, engine, jobs, seconds } = rest;
  const failures = frames.flatMap((frame, i) => failureRecord(frame, labelling.calculations[i]));
  const labelled = frames.length - failures.length;
  return {
    out: labelled === 0 ? null : out,
    directory,
    engine,
    version: version ?? null,
    structures: frames.length,
    labelled,
    computed: labelling.computed,
    failed: failures.length,
    failures,
    cost: labelling.cost,
    jobs,
    seconds,
  };
}

function failureRecord({ source }: Frame, calculation: Calculation | undefined): FailureRecord[] {
  if (calculation === undefined || calculation.outcome.converged) return [];
  const { kind, problem, remedy, excerpt } = calculation.outcome.failure;
  const where = { file: source.file, structure: source.structure };
  return [{ ...where, kind, problem, remedy, directory: calculation.directory ?? null, excerpt: excerpt ?? null }];
}

/** The frames as they were given, with the engine's labels in place of any that they had. */
export function labelledFrames(frames: readonly Frame[], { calculations }: Labelling): Frame[] {
  return frames.flatMap((frame, i) => {
    const calculation = calculations[i];
    const labelled = calculation && labelledFrame(calculation);
    if (labelled === undefined) return [];
    return [{ ...bare(frame), ...labelled, info: withInfo(frame, labelled.info), columns: frame.columns }];
  });
}

/** The frames without labels, with why they have none. */
export function failedFrames(frames: readonly Frame[], { calculations }: Labelling): Frame[] {
  return frames.flatMap((frame, i) => {
    const outcome = calculations[i]?.outcome;
    if (outcome === undefined || outcome.converged) return [];
    return [{ ...bare(frame), info: withInfo(frame, [["failure", outcome.failure.kind]]) }];
  });
}

function bare({ energy, forces, stress, charge, ...rest }: Frame): Frame {
  return rest;
}

const withInfo = ({ info }: Frame, more: Iterable<readonly [string, InfoValue]>): Map<string, InfoValue> =>
  new Map<string, InfoValue>([...info, ...more]);

export function labelText(record: LabelRecord): string {
  const { structures, labelled, computed, failures, out, directory } = record;
  const found = computed === 0 ? ", all found from before" : "";
  const lines = [`${labelled} of ${structures} structures labelled${found}${out === null ? "" : ` → ${out}`}`];
  if (failures.length > 0) lines.push("", failuresTable(failures), "");
  return [...lines, costLine(record), `Run   ${directory}`].join("\n");
}

const mostShown = 20;

function failuresTable(failures: readonly FailureRecord[]): string {
  const kinds = countFailures(
    failures.map(({ excerpt, ...failure }) => ({ ...failure, excerpt: excerpt ?? undefined })),
  );
  const counts = kinds.map(([kind, count]) => `${count} ${kind}`);
  const rows = failures
    .slice(0, mostShown)
    .map((one) => [`${one.file} #${one.structure}`, one.kind, one.directory ?? "–"]);
  const more =
    failures.length > mostShown ? `\nand ${failures.length - mostShown} more, all in failed.extxyz of the run` : "";
  const first = failures[0]!;
  const table = layOut([["failed", "why", "calculation"], ...rows], { text: 3 });
  return `${failures.length} failed: ${counts.join(", ")}\n${table}${more}\nThe first one: ${first.problem} ${first.remedy}`;
}

function costLine({ cost, jobs, seconds, computed }: LabelRecord): string {
  const { cpuSeconds, wallSeconds, maxMemory } = cost;
  const time =
    cpuSeconds === undefined ? `${duration(wallSeconds)} of running time` : `${duration(cpuSeconds)} of processor time`;
  const memory = maxMemory === undefined ? "" : `, at most ${significant(maxMemory / 1e6)} MB in one`;
  const now = computed === 0 ? "" : `; this run ${duration(seconds)} with ${jobs} at a time`;
  return `Cost  ${time} in all${memory}${now}`;
}
