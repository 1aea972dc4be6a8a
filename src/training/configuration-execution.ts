/** Where work is done: on this machine, or as jobs of a Slurm cluster. Keys that fits, labels and learning share. */
import { z } from "zod";

const count = z.int().min(1);
const words = z.array(z.string().min(1));
const name = z.string().min(1);

/** Null leaves the choice to Slurm. */
const orSlurms = <S extends z.ZodType>(schema: S, description: string) =>
  schema.nullable().default(null).meta({ description });

/** What every job asks for. */
const request = {
  partition: orSlurms(name, "Partition of the jobs; null for Slurm's."),
  time: orSlurms(
    z.union([z.string().regex(/^(\d+-)?\d+(:\d+){0,2}$/), z.number().gt(0)]),
    "Limit of a job: 2:00:00, 1-12 (days-hours), or minutes.",
  ),
  cpusPerTask: orSlurms(count, "Cores of a process; a fit has as many threads, 1 by default."),
  memory: orSlurms(z.union([z.string().regex(/^\d+[KMGT]?$/), count]), "Memory of each node: 4G, or in MB."),
};

/** For programs of several processes. */
const processes = {
  nodes: orSlurms(count, "Nodes of a job."),
  tasks: orSlurms(count, "Processes of a job (MPI)."),
};

const fitKeys = {
  ...request,
  account: orSlurms(name, "Who pays."),
  qos: orSlurms(name, "Quality of service."),
  constraint: orSlurms(name, "Features that the nodes must have."),
  modules: words.default([]).meta({ description: "Modules to load: [quantum-espresso/7.2]." }),
  setup: z.array(z.string()).default([]).meta({ description: "Lines of shell before the command." }),
  command: words.default([]).meta({ description: "Words before each command: [srun] or [mpirun, -np, '8']." }),
  options: words.default([]).meta({ description: "Any other options of sbatch: ['--gres=gpu:1']." }),
  shell: words
    .min(1)
    .default(["/bin/bash", "-l"])
    .meta({ description: "Shell of the job; a login shell knows `module`." }),
  simultaneous: count.nullable().default(null).meta({ description: "Jobs of an array at a time; null for no limit." }),
  arraySize: count.default(1000).meta({ description: "Most jobs in an array (Slurm's MaxArraySize less one)." }),
  attempts: count.default(3).meta({
    description: "How often a job is submitted that a node, not the program, has lost (a fit: without having got on).",
  }),
  poll: z.number().gt(0).default(10).meta({ description: "Time between looks at the queue.", unit: "s" }),
};

/** What the user says of the cluster. */
export const slurmKeys = { ...request, ...processes, ...fitKeys };
export type SlurmSettings = z.output<z.ZodObject<typeof slurmKeys>>;

const local = z.strictObject({ kind: z.literal("local") });
const here = { kind: "local" } as const;

/** Of a fit: every member is one process. */
export const fitExecutionSchema = z
  .discriminatedUnion("kind", [local, z.strictObject({ kind: z.literal("slurm"), ...fitKeys })])
  .prefault(here)
  .meta({ description: "Where members are fitted. `execution: slurm` is short for its kind." });
export type FitExecution = z.output<typeof fitExecutionSchema>;

/** Of a loop, whose labels are often programs of several processes, and whose fits are not. */
export const learningExecutionSchema = z
  .discriminatedUnion("kind", [
    local,
    z.strictObject({
      kind: z.literal("slurm"),
      ...slurmKeys,
      fits: z
        .strictObject({
          ...request,
          command: words.default([]).meta({ description: "Words before the command of a fit: [srun]." }),
          options: words.nullable().default(null).meta({ description: "Other options of sbatch for fits." }),
        })
        .prefault({})
        .meta({ description: "What is different for fits, each of which is one process; null for the same." }),
    }),
  ])
  .prefault(here)
  .meta({ description: "Where labels and fits are computed. `execution: slurm` is short for its kind." });
export type LearningExecution = z.output<typeof learningExecutionSchema>;

/** Where the fits of a loop are done. */
export function fitExecutionOf(execution: LearningExecution): FitExecution {
  if (execution.kind === "local") return here;
  const { nodes: _, tasks: __, fits, ...shared } = execution;
  const given = Object.fromEntries(Object.entries(fits).filter(([, value]) => value !== null));
  return { ...shared, ...given };
}
