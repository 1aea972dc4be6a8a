/** Jobs through Slurm by a process of its own, which can be killed: the built code (`npm run build`). One word: a file of JSON. */
import { readFileSync } from "node:fs";
import { runJobs, slurmFormat } from "../../dist/hosts/node/slurm/index.js";

const { jobs, directory, settings } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const outcomes = await runJobs(jobs, { directory, settings: slurmFormat.resolve(settings) });
console.log(JSON.stringify(outcomes));
