/** A thread that relaxes structures, one at a time, see relaxations.ts. */
import { workerData } from "node:worker_threads";
import { type Relaxation, type RelaxationStep, relax } from "../../relaxation/index.js";
import { answerJobs } from "./asking.js";
import type { RelaxJob, RelaxNews, RelaxOutcomes, RelaxStart } from "./relax-worker-messages.js";
import { openSimulationPotential, type SimulationPotential } from "./simulate-potential.js";

/** Milliseconds between steps that are told. */
const TELLING = 50;

const { source, options, stop } = workerData as RelaxStart;
let opened: SimulationPotential | undefined;
const tell = answerJobs<RelaxJob, RelaxNews>(run);

async function run(job: RelaxJob): Promise<RelaxOutcomes[RelaxJob["kind"]]> {
  // Here rather than at the start, so that what is wrong with the potential is the answer to a job.
  opened ??= await openSimulationPotential(source, options);
  if (job.kind === "relax") return relaxWith(opened, job);
  const { elements, warnings } = opened;
  return { elements, warnings };
}

function relaxWith(potential: SimulationPotential, { task }: Extract<RelaxJob, { kind: "relax" }>): Relaxation {
  let told = Number.NEGATIVE_INFINITY;
  const onStep = (step: RelaxationStep): "stop" | undefined => {
    if (performance.now() - told > TELLING) {
      told = performance.now();
      tell({ kind: "step", step });
    }
    return Atomics.load(stop, 0) === 0 ? undefined : "stop";
  };
  try {
    return relax(potential, task, { onStep });
  } finally {
    potential.forget();
  }
}
