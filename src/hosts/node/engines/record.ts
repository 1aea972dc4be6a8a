/** `calculation.json`: what came of a calculation, so that it is not done again. Version 1. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { type Calculation, type Cost, labelledFrame, type Outcome, type Preparation } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import { type OutputOptions, refuse } from "../../../formats/outputs.js";
import type { Frame, Structure } from "../../../structure/index.js";
import { fullDiskAt } from "../atomic.js";
import { writeFileSafely } from "../safe-file.js";
import { recordName } from "./record-name.js";

const numbers = z.array(z.number());
const place = z.object({
  file: z.string().optional(),
  line: z.number().optional(),
  column: z.number().optional(),
  structure: z.number().optional(),
  atom: z.number().optional(),
});

const outcomeSchema = z.discriminatedUnion("converged", [
  z.object({
    converged: z.literal(true),
    labels: z.object({ energy: z.number(), forces: numbers, stress: numbers.optional() }),
  }),
  z.object({
    converged: z.literal(false),
    failure: z.object({
      kind: z.enum([
        "unconverged",
        "time-limit",
        "memory-limit",
        "cancelled",
        "crashed",
        "cut-output",
        "wrong-structure",
        "not-finite",
        "disconnected",
        "not-started",
      ]),
      problem: z.string(),
      remedy: z.string(),
      where: place.optional(),
      excerpt: z.string().optional(),
      exitCode: z.number().optional(),
    }),
  }),
]);

const recordSchema = z.object({
  format: z.literal("potluck-calculation"),
  version: z.literal(1),
  engine: z.string(),
  program: z.string().optional(),
  /** Hash of the input files and the command. */
  input: z.string(),
  structure: z.object({
    species: numbers,
    positions: numbers,
    cell: numbers.optional(),
    periodic: z.tuple([z.boolean(), z.boolean(), z.boolean()]),
  }),
  outcome: outcomeSchema,
  cost: z.object({
    wallSeconds: z.number(),
    cpuSeconds: z.number().optional(),
    maxMemory: z.number().optional(),
  }),
});

/** Of everything that decides the result: input files and command. */
export function inputHash({ files, command }: Pick<Preparation, "files" | "command">): string {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([command.words, command.input ?? null]));
  for (const [name, text] of [...files].sort()) hash.update(JSON.stringify([name, text]));
  return hash.digest("hex");
}

/** Throws `InputError`, and leaves no trace of the run, where a failure is that of a full disk and not of the structure. */
export function writeRecord(calculation: Calculation, directory: string, input: string): void {
  const { engine, version, structure, outcome, cost } = calculation;
  const full = outcome.converged ? undefined : fullDiskAt(directory, outcome.failure.excerpt);
  if (full !== undefined) {
    rmSync(directory, { recursive: true, force: true });
    throw full;
  }
  const record = {
    format: "potluck-calculation",
    version: 1,
    engine,
    program: version,
    input,
    structure: plainStructure(structure),
    outcome: outcome.converged ? { converged: true, labels: plainLabels(outcome.labels) } : outcome,
    cost,
  };
  writeFileSafely(join(directory, recordName), `${JSON.stringify(record, undefined, 1)}\n`);
}

const plainStructure = ({ species, positions, cell, periodic }: Structure) => ({
  species: [...species],
  positions: [...positions],
  cell: cell && [...cell],
  periodic,
});

const plainLabels = ({ energy, forces, stress }: Extract<Outcome, { converged: true }>["labels"]) => ({
  energy,
  forces: [...forces],
  stress: stress && [...stress],
});

/** The frame of a converged calculation; one that has failed is refused. */
export function* readCalculationFile(path: string, options: OutputOptions): Generator<Frame> {
  const record = recordSchema.safeParse(parsed(readFileSync(path, "utf8"))).data;
  if (record === undefined) throw damaged(path);
  const { engine, program: version, cost } = record;
  const outcome = outcomeOfRecord(record.outcome);
  if (!outcome.converged) {
    const { kind, problem, remedy } = outcome.failure;
    refuse(options, { code: kind, where: { file: path, structure: 1 }, problem, remedy });
    return;
  }
  const { species, positions, cell, periodic } = record.structure;
  const structure = {
    species: Uint8Array.from(species),
    positions: Float64Array.from(positions),
    cell: cell && Float64Array.from(cell),
    periodic,
  };
  const rest = { structure, outcome, cost: costOf(cost), directory: dirname(path), reused: true };
  yield { ...labelledFrame({ engine, version, ...rest })!, source: { file: path, structure: 1, line: 1 } };
}

const damaged = (path: string): InputError =>
  new InputError({
    code: "damaged-record",
    where: { file: path },
    problem: "The record of the calculation cannot be read.",
    remedy: "Delete it and label the structure again: the calculation is repeated where its output is not complete.",
  });

const costOf = ({ wallSeconds, cpuSeconds, maxMemory }: z.infer<typeof recordSchema>["cost"]): Cost => ({
  wallSeconds,
  cpuSeconds,
  maxMemory,
});

/** The outcome and cost of an earlier run of the same input; undefined if there is none, or it cannot be read. */
export function readRecord(
  directory: string,
  input: string,
): { outcome: Outcome; cost: Cost; version: string | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, recordName), "utf8");
  } catch {
    return undefined;
  }
  const record = recordSchema.safeParse(parsed(text)).data;
  if (record?.input !== input) return undefined;
  return { outcome: outcomeOfRecord(record.outcome), cost: costOf(record.cost), version: record.program };
}

function outcomeOfRecord(outcome: z.infer<typeof outcomeSchema>): Outcome {
  if (!outcome.converged)
    return { converged: false, failure: outcome.failure as Extract<Outcome, { converged: false }>["failure"] };
  const { energy, forces, stress } = outcome.labels;
  const labels = { energy, forces: Float64Array.from(forces), stress: stress && Float64Array.from(stress) };
  return { converged: true, labels };
}

/** A file cut by a crash is no record. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
