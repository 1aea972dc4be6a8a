/** What the user says of the cluster. */
import { z } from "zod";
import { ConfigurationFormat } from "../../../configuration/index.js";

const count = z.int().min(1);

export const slurmSchema = z.strictObject({
  partition: z.string().min(1).optional().meta({ description: "Partition of the jobs; default: Slurm's." }),
  time: z
    .union([z.string().regex(/^(\d+-)?\d+(:\d+){0,2}$/), z.number().gt(0)])
    .optional()
    .meta({ description: "Limit of a job: 2:00:00, 1-12 (days-hours), or minutes." }),
  nodes: count.optional().meta({ description: "Nodes of a job." }),
  tasks: count.optional().meta({ description: "Processes of a job (MPI)." }),
  cpusPerTask: count.optional().meta({ description: "Cores of a process." }),
  memory: z
    .union([z.string().regex(/^\d+[KMGT]?$/), count])
    .optional()
    .meta({ description: "Memory of each node: 4G, or in MB." }),
  account: z.string().min(1).optional().meta({ description: "Who pays." }),
  qos: z.string().min(1).optional().meta({ description: "Quality of service." }),
  constraint: z.string().min(1).optional().meta({ description: "Features that the nodes must have." }),
  modules: z.array(z.string().min(1)).default([]).meta({ description: "Modules to load: [quantum-espresso/7.2]." }),
  setup: z.array(z.string()).default([]).meta({ description: "Lines of shell before the command." }),
  command: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: "Words before each command: [srun] or [mpirun, -np, '8']." }),
  options: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: "Any other options of sbatch: ['--gres=gpu:1']." }),
  shell: z
    .array(z.string().min(1))
    .min(1)
    .default(["/bin/bash", "-l"])
    .meta({ description: "Shell of the job; a login shell knows `module`." }),
  simultaneous: count.nullable().default(null).meta({ description: "Jobs of an array at a time; null for no limit." }),
  arraySize: count.default(1000).meta({ description: "Most jobs in an array (Slurm's MaxArraySize less one)." }),
  attempts: count
    .default(3)
    .meta({ description: "How often a job is submitted that a node, not the program, has lost." }),
  poll: z.number().gt(0).default(10).meta({ description: "Time between looks at the queue.", unit: "s" }),
});
export type SlurmSettings = z.infer<typeof slurmSchema>;

export const slurmFormat = new ConfigurationFormat({ schema: slurmSchema });
