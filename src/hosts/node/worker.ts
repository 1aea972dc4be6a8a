/** A worker thread: kernels over the shared memory, one job at a time. */
import { workerData } from "node:worker_threads";
import { InputError } from "../../errors/index.js";
import { Kernels, Scratch } from "../../kernels/index.js";

import type { Demand, Potential } from "../../potentials/potential.js";
import { networkPotential } from "../../potentials/surface-potential.js";
import type { Structure } from "../../structure/index.js";
import { fillStructure } from "../../training/cache.js";
import { fitMember, problemParts } from "../../training/member.js";
import { type MeanPrediction, type PredictionTask, predictCached } from "../../training/predictions.js";
import { encodeSnapshot } from "../../training/snapshot.js";
import { assist } from "../../training/team.js";
import { answerJobs } from "./asking.js";
import { writeFileSafely } from "./safe-file.js";
import type { Evaluated, FitOutcome, Job, News, Outcomes, WorkerStart } from "./worker-messages.js";

const { module, memory } = workerData as WorkerStart;
const kernels = Kernels.create(module, memory);
const scratch = new Scratch(kernels);
const tell = answerJobs<Job, News>(run);

function run(job: Job): Outcomes[Job["kind"]] {
  switch (job.kind) {
    case "fill":
      for (const task of job.tasks) {
        fillStructure({ kernels, scratch }, job.program, task);
        tell({ kind: "progress", count: 1 });
      }
      return undefined;
    case "assist":
      assist(problemParts(kernels, job.plan, { chunk: job.team.crew.chunk }), job.team, job.thread);
      return undefined;
    case "fit":
      return fitWhole(job);
    case "predict":
      return predict(job.task);
    case "open":
      evaluator = networkPotential(kernels, job.potential);
      return undefined;
    case "evaluate":
      return job.structures.map((structure) => evaluated(structure, job.demand));
  }
}

/** Of the potential that was opened last. */
let evaluator: Potential | undefined;

/** Structures that a potential cannot take are told one by one, so that the others do not suffer. */
function evaluated(structure: Structure, demand: Demand): Evaluated {
  if (evaluator === undefined) throw new Error("no potential was opened");
  try {
    return { evaluation: evaluator.evaluate(structure, demand) };
  } catch (error) {
    if (error instanceof InputError) return { trouble: error.trouble };
    throw error;
  }
}

function predict(task: PredictionTask): readonly MeanPrediction[] {
  let told = 0;
  return predictCached(kernels, task, (share) => {
    tell({ kind: "progress", count: (share - told) * task.structures.length });
    told = share;
  });
}

/** Power losses cost no more than this; kills cost nothing. */
const SECONDS_BETWEEN_FLUSHES = 10;

function fitWhole(job: Extract<Job, { kind: "fit" }>): FitOutcome {
  const { checkpoint, plan, resume, team } = job;
  const flag = kernels.i32(job.stopFlag, 1);
  let flushed = Number.NEGATIVE_INFINITY;
  return fitMember(kernels, plan, {
    resume,
    team,
    now: () => performance.now() / 1000,
    onEpoch: (record, snapshot) => {
      const stopping = Atomics.load(flag, 0) !== 0;
      const due = record.epoch % (checkpoint?.every ?? 1) === 0 || record.epoch === plan.epochs || stopping;
      // The checkpoint comes before the news: what has been reported can be resumed.
      if (checkpoint !== undefined && due) {
        const flush = performance.now() - flushed > SECONDS_BETWEEN_FLUSHES * 1000;
        if (flush) flushed = performance.now();
        writeFileSafely(checkpoint.path, encodeSnapshot(snapshot(), checkpoint.identity), { flush });
      }
      tell({ kind: "epoch", record });
      return stopping;
    },
  });
}
