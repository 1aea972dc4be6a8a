/** One command of the program by itself, with the exit code that the program would give. */
import { Command } from "commander";
import { EndedEarly } from "../../src/cli/ended-early.js";
import { tellFailure } from "../../src/cli/failures.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { memoryTerminal } from "./memory-terminal.js";

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function runAlone(build: (terminal: Terminal) => Command, args: readonly string[]): Promise<Said> {
  const terminal = memoryTerminal();
  const command = build(terminal).exitOverride();
  command.configureOutput({
    writeOut: (text) => terminal.out.write(text),
    writeErr: (text) => terminal.err.write(text),
  });
  const said = (code: number): Said => ({ code, out: terminal.out.text, err: terminal.err.text });
  try {
    await new Command("potluck")
      .exitOverride()
      .addCommand(command)
      .parseAsync([command.name(), ...args], { from: "user" });
    return said(0);
  } catch (error) {
    if (error instanceof EndedEarly) return said(error.exitCode);
    return said(tellFailure(error, terminal, { json: args.includes("--json"), debug: false }));
  }
}
