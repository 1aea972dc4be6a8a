/** A loop as a process of its own, from the built package: `node loop.mjs CONFIGURATION.json DIRECTORY`. It goes on with what it finds. */
import { readFileSync } from "node:fs";
import { learnOnTheFly } from "../../../dist/hosts/node/learn.js";
import { learningFormat } from "../../../dist/learning/index.js";

const [file, directory] = process.argv.slice(2);
const configuration = learningFormat.resolve(JSON.parse(readFileSync(file, "utf8")));
const result = await learnOnTheFly(configuration, {
  ...{ directory, resume: true },
  onEvent: (event) => {
    if (event.kind === "record") console.log(event.record.event);
  },
});
console.log(`reason ${result.reason}, ${result.labels} labels`);
