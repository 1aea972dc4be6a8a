/** A worker thread of a loop: legs of walkers and properties, one at a time, with the potential of the last job kept open. */
import { measure, walk } from "../../learning/index.js";
import type { Potential } from "../../potentials/potential.js";
import { networkPotential } from "../../potentials/surface-potential.js";
import { angstromElectronvolt } from "../../units/index.js";
import { answerJobs } from "./asking.js";
import { createKernels } from "./kernels.js";
import type { LearnJob, LearnOutcomes, PotentialFile } from "./learn-worker-messages.js";
import { loadPotential } from "./potentials.js";
import { openSimulationPotential, type SimulationPotential } from "./simulate-potential.js";

answerJobs(run);

interface Opened {
  readonly key: string;
  readonly field: SimulationPotential;
  readonly plain: Potential;
}

let opened: Opened | undefined;

async function run(job: LearnJob): Promise<LearnOutcomes[LearnJob["kind"]]> {
  if (job.kind === "measure") return measure((await open(job.potential, { threads: 1, atoms: 0 })).plain, job.measure);
  const { task, threads } = job;
  const atoms = task.walker.structures[0]?.species.length ?? 0;
  const { field, plain } = await open(job.potential, { threads, atoms });
  try {
    return walk({ field, plain }, task);
  } finally {
    field.forget();
    // The memory of threads that share an evaluation is not given back.
    if (field.threads > 1) await close();
  }
}

async function open(
  { file, digest }: PotentialFile,
  { threads, atoms }: { readonly threads: number; readonly atoms: number },
): Promise<Opened> {
  const key = `${digest} ${threads} ${atoms}`;
  if (opened?.key === key) return opened;
  await close();
  const field = await openSimulationPotential(file, { units: angstromElectronvolt, threads, atoms });
  const { potential } = loadPotential(file, angstromElectronvolt);
  opened = { key, field, plain: networkPotential(createKernels(), potential) };
  return opened;
}

async function close(): Promise<void> {
  await opened?.field.close();
  opened = undefined;
}
