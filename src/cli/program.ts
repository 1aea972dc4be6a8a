/** All commands together. */
import { Command } from "commander";
import { packageVersion } from "../hosts/node/built.js";
import { EndedEarly } from "./ended-early.js";
import { tellFailure } from "./failures.js";
import type { Terminal } from "./terminal.js";

/** Each command is loaded when it is asked for: a prediction should not wait for what only a fit needs. */
const commands: Readonly<Record<string, () => Promise<(terminal: Terminal) => Command>>> = {
  train: async () => (await import("./train.js")).trainCommand,
  evaluate: async () => (await import("./evaluate.js")).evaluateCommand,
  predict: async () => (await import("./predict.js")).predictCommand,
  info: async () => (await import("./info.js")).infoCommand,
  build: async () => (await import("./build.js")).buildCommand,
  convert: async () => (await import("./convert.js")).convertCommand,
  md: async () => (await import("./md.js")).mdCommand,
  mc: async () => (await import("./mc.js")).mcCommand,
  metadynamics: async () => (await import("./metadynamics.js")).metadynamicsCommand,
  relax: async () => (await import("./relax.js")).relaxCommand,
  learn: async () => (await import("./learn.js")).learnCommand,
  label: async () => (await import("./label.js")).labelCommand,
  serve: async () => (await import("./serve.js")).serveCommand,
  analyze: async () => (await import("./analyze.js")).analyzeCommand,
  rdf: async () => (await import("./rdf.js")).rdfCommand,
};

const example = `
Example:
  potluck train --data silicon.extxyz --out runs/silicon
  potluck evaluate runs/silicon new.extxyz
  potluck predict runs/silicon structures.extxyz -o predicted.extxyz

Exit codes: 0 done, 1 failed, 2 bad input, 3 stopped by an uncertainty threshold, 130 interrupted.`;

/** The program with the command that `args` name, or with all of them where they name none. */
export async function buildProgram(terminal: Terminal, args: readonly string[] = []): Promise<Command> {
  const program = new Command("potluck")
    .description("Neural-network potentials that can be trusted.")
    .version(packageVersion())
    .addHelpText("after", example);
  const named = args.length > 0 && Object.hasOwn(commands, args[0]!) ? [args[0]!] : Object.keys(commands);
  for (const name of named) program.addCommand((await commands[name]!())(terminal));
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
    const program = await buildProgram(terminal, args);
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof EndedEarly) return error.exitCode;
    return tellFailure(error, terminal, { json: args.includes("--json"), debug: args.includes("--debug") });
  }
}

/** Some terminals say 0 columns. */
const helpWidth = ({ out }: Terminal): number => (out.columns && out.columns >= 40 ? Math.min(out.columns, 120) : 100);
