/** All commands together. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { convertCommand } from "./convert.js";
import { evaluateCommand } from "./evaluate.js";
import { tellFailure } from "./failures.js";
import { infoCommand } from "./info.js";
import { mdCommand } from "./md.js";
import { EndedEarly } from "./md-result.js";
import { predictCommand } from "./predict.js";
import { rdfCommand } from "./rdf.js";
import { relaxCommand } from "./relax.js";
import type { Terminal } from "./terminal.js";
import { trainCommand } from "./train.js";

const example = `
Example:
  potluck train --data silicon.extxyz --out runs/silicon
  potluck evaluate runs/silicon new.extxyz
  potluck predict runs/silicon structures.extxyz -o predicted.extxyz

Exit codes: 0 done, 1 failed, 2 bad input, 3 stopped by an uncertainty threshold, 130 interrupted.`;

export function buildProgram(terminal: Terminal): Command {
  const program = new Command("potluck")
    .description("Neural-network potentials that can be trusted.")
    .version(packageVersion())
    .addHelpText("after", example);
  const fitting = [trainCommand, evaluateCommand, predictCommand, infoCommand, convertCommand];
  const simulating = [mdCommand, relaxCommand, rdfCommand];
  for (const make of [...fitting, ...simulating]) program.addCommand(make(terminal));
  for (const command of [program, ...program.commands]) {
    command.exitOverride().showHelpAfterError("(--help shows all options and an example)");
    command.configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => helpWidth(terminal),
      getErrHelpWidth: () => helpWidth(terminal),
    });
  }
  return program;
}

/** Runs one command line and returns the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await buildProgram(terminal).parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof EndedEarly) return error.exitCode;
    return tellFailure(error, terminal, { json: args.includes("--json"), debug: args.includes("--debug") });
  }
}

/** Some terminals say 0 columns. */
const helpWidth = ({ out }: Terminal): number => (out.columns && out.columns >= 40 ? Math.min(out.columns, 120) : 100);

/** From src/cli and from dist/cli alike. */
function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
