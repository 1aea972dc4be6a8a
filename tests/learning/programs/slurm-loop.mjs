/** A loop as a process of its own, where its configuration says (`execution`): `node slurm-loop.mjs CONFIGURATION.json DIRECTORY`. */
import { readFileSync } from "node:fs";
import { learnOnTheFly } from "../../../dist/hosts/node/learn.js";
import { executionFor } from "../../../dist/hosts/node/learn-execution.js";
import { learningFormat } from "../../../dist/learning/index.js";

const [file, directory] = process.argv.slice(2);
const configuration = learningFormat.resolve(JSON.parse(readFileSync(file, "utf8")));
const onEvent = (event) => {
  if (event.kind === "record") console.log(event.record.event);
  if (event.kind === "warning") console.log(`warning: ${event.text}`);
};
const execution = (parts) => executionFor({ ...parts, directory, onEvent });
const result = await learnOnTheFly(configuration, { directory, resume: true, onEvent, execution });
console.log(`reason ${result.reason}, ${result.labels} labels`);
