/** Fits the members, each in a worker or a team of them, with checkpoints that a later run takes up. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../errors/index.js";
import { parameterCount } from "../../networks/index.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import type { Labelled } from "../../training/loss.js";
import type { MemberPlan, MemberSnapshot } from "../../training/member.js";
import { decodeSnapshot } from "../../training/snapshot.js";
import { placeTeam } from "../../training/team.js";
import type { Journal } from "./train-journal.js";
import { type FitRun, memberFiles, TrainingStopped } from "./train-run.js";
import type { FitOutcome } from "./worker-messages.js";

/** "4 members, 100 epochs of soap, 2 threads, 220 MB of descriptors"; "… as jobs of Slurm, …" */
export function describeFit(
  { configuration, pool }: FitRun,
  plans: readonly MemberPlan[],
  structures: readonly Labelled[],
): string {
  const megabytes = structures.reduce((sum, s) => sum + s.cached.bytes, 0) / 1e6;
  const members = plans.length === 1 ? "one network" : `${plans.length} members`;
  const { optimizer, execution } = configuration;
  const where = execution.kind === "slurm" ? "as jobs of Slurm" : `${pool.size} threads`;
  return `${members}, ${plans[0]!.epochs} epochs of ${optimizer.method}, ${where}, ${megabytes.toFixed(0)} MB of descriptors`;
}

/**
 * What a checkpoint belongs to: another configuration, other data, another potential to go on from or other threads would not go on
 * with the same bits.
 */
export function fitIdentity(
  { start: _, execution: __, memory: ___, ...configuration }: TrainingConfiguration,
  { hash, threads, start }: { hash: string; threads: number; start?: string | undefined },
) {
  const { dropout, ...network } = configuration.network;
  // Without dropout and start as before there were any, so that older checkpoints can be resumed.
  const identified = dropout.probability > 0 ? configuration : { ...configuration, network };
  return JSON.stringify({
    hash,
    ...(start === undefined ? {} : { start }),
    configuration: { ...identified, threads, out: null },
  });
}

export interface FitPlaces {
  readonly identity: string;
  readonly journal: Journal;
}

/** Rounds of as many members as there are threads; where fewer are left, each gets a team. */
export async function fitMembers(run: FitRun, plans: readonly MemberPlan[], places: FitPlaces): Promise<FitOutcome[]> {
  const { pool, options } = run;
  const { signal } = options;
  const stopFlag = pool.kernels.allocate(64);
  const flag = pool.kernels.i32(stopFlag, 1);
  flag[0] = 0;
  const stop = (): void => {
    Atomics.store(flag, 0, 1);
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const outcomes: FitOutcome[] = [];
  while (outcomes.length < plans.length) {
    const round = plans.slice(outcomes.length, outcomes.length + pool.size);
    const threads = Math.floor(pool.size / round.length);
    const fits = round.map((plan, k) => fitOne(run, plan, { ...places, first: k * threads, threads, stopFlag }));
    outcomes.push(...(await Promise.all(fits)));
    if (signal?.aborted) throw new TrainingStopped(`stopped; the checkpoints in ${options.directory} can be resumed`);
  }
  return outcomes;
}

/** Workers first … first + threads − 1 on one member. */
async function fitOne(
  { configuration, options, pool }: FitRun,
  plan: MemberPlan,
  place: FitPlaces & { first: number; threads: number; stopFlag: number },
): Promise<FitOutcome> {
  const { first, threads, stopFlag, identity, journal } = place;
  const size = {
    parameters: plan.shapes.reduce((sum, shape) => sum + parameterCount(shape), 0),
    structures: plan.structures.length,
    mostAtoms: plan.structures.reduce((most, { cached }) => Math.max(most, cached.atoms), 0),
  };
  const team = threads > 1 ? placeTeam(pool.kernels, threads, size) : undefined;
  const path = join(options.directory, memberFiles.checkpoint(plan.member));
  const checkpoint = { path, every: configuration.checkpoint.every, identity };
  const resume = options.resume ? snapshotAt(path, identity) : undefined;
  const { members } = configuration.committee;
  const leader = pool.run(first, { kind: "fit", plan, team, checkpoint, resume, stopFlag }, (reply) => {
    if (reply.kind !== "epoch") return;
    journal.write({ event: "epoch", ...reply.record });
    options.onEvent({ kind: "epoch", record: reply.record, epochs: plan.epochs, members });
  });
  const others = Array.from({ length: threads - 1 }, (_, k) =>
    pool.run(first + 1 + k, { kind: "assist", plan, team: team!, thread: k + 1 }),
  );
  const [outcome] = await Promise.all([leader, ...others]);
  return outcome;
}

/** Throws InputError where a checkpoint is of another fit, before anybody is asked to go on from it. */
export function checkCheckpoints({ options }: FitRun, plans: readonly MemberPlan[], identity: string): void {
  for (const { member } of plans) snapshotAt(join(options.directory, memberFiles.checkpoint(member)), identity);
}

function snapshotAt(path: string, identity: string): MemberSnapshot | undefined {
  if (!existsSync(path)) return undefined;
  const snapshot = decodeSnapshot(readFileSync(path), identity);
  if (typeof snapshot !== "string") return snapshot;
  throw new InputError({
    code: "unusable-checkpoint",
    where: { file: path },
    problem: `This checkpoint cannot be resumed: ${snapshot}.`,
    remedy: "Use the same configuration, data and number of threads, or start anew with --overwrite.",
  });
}
