/** `potluck label` as a process of its own, which can be killed: the built command (`npm run build`). */

import { EndedEarly } from "../../dist/cli/ended-early.js";
import { tellFailure } from "../../dist/cli/failures.js";
import { labelCommand } from "../../dist/cli/label.js";

const terminal = { out: process.stdout, err: process.stderr };
try {
  await labelCommand(terminal).exitOverride().parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.exitCode =
    error instanceof EndedEarly ? error.exitCode : tellFailure(error, terminal, { json: true, debug: true });
}
