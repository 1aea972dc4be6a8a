/**
 * An engine of a program that stays running and takes one structure after another over a Unix socket (i-PI). It is started anew
 * where a structure does not suit it (other atoms, too much strain), where it has left, and after a failure.
 */
import { join } from "node:path";
import type { Calculation, Installation, LabelOptions, Program } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import type { Structure } from "../../../structure/index.js";
import { freshDirectory, nextDirectory, writeInputs } from "./directories.js";
import { directoryName, earlierOf, type FileEngineOptions, type KeepingEngine, reuse } from "./file-engine.js";
import { checkProgram, requireInstalled } from "./installation.js";
import { freeSocketName, IpiServer } from "./ipi-server.js";
import { inputHash, writeRecord } from "./record.js";
import { WarmSession } from "./warm-session.js";

/** One structure at a time, in the order in which they are asked for. */
export function warmEngine(program: Program, options: FileEngineOptions): KeepingEngine {
  if (program.prepareWarm !== undefined) return new WarmEngine(program, options);
  throw new InputError({
    code: "no-warm-engine",
    problem: `${program.title} cannot be kept running between structures.`,
    remedy: "Leave `warm` out.",
  });
}

class WarmEngine implements KeepingEngine {
  readonly name: string;
  readonly title: string;
  private readonly program: Program;
  private readonly options: FileEngineOptions;
  private version: Promise<string | undefined> | undefined;
  private session: WarmSession | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(program: Program, options: FileEngineOptions) {
    this.name = program.name;
    this.title = program.title;
    this.program = program;
    this.options = options;
  }

  check(): Promise<Installation> {
    return checkProgram(this.program, this.options.requirement);
  }

  keyOf(structure: Structure): string {
    return inputHash(this.program.prepare(structure));
  }

  earlier(structure: Structure): Calculation | undefined {
    return earlierOf(this.program, structure, { input: this.keyOf(structure), root: this.options.directory });
  }

  label(structure: Structure, how: LabelOptions = {}): Promise<Calculation> {
    const next = this.queue.then(() => this.one(structure, how));
    this.queue = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    await this.queue;
    await this.leave();
  }

  private async one(structure: Structure, how: LabelOptions): Promise<Calculation> {
    const prepared = this.program.prepare(structure);
    const input = inputHash(prepared);
    const directory = join(this.options.directory, how.name ?? directoryName(input));
    const earlier = reuse(this.program, { structure, input, directory });
    if (earlier !== undefined) return earlier;
    this.version ??= this.check().then(requireInstalled);
    const version = await this.version;
    const { outcome, cost } = await this.ask(structure, how.signal);
    freshDirectory(directory);
    // The input of a run of its own, so that the calculation can be repeated by hand.
    writeInputs(directory, prepared.files);
    const rest = { outcome, cost, directory, reused: false };
    const calculation: Calculation = { engine: this.name, version, structure, ...rest };
    if (outcome.converged || outcome.failure.kind !== "cancelled") writeRecord(calculation, directory, input);
    return calculation;
  }

  /** Asks the program that is running, or a new one; after a failure it is not trusted with the next structure. */
  private async ask(structure: Structure, signal: AbortSignal | undefined) {
    let trusted = false;
    try {
      const session = await this.sessionFor(structure);
      const answer = await session.label(structure, signal);
      trusted = answer.outcome.converged;
      return answer;
    } finally {
      if (!trusted) await this.leave();
    }
  }

  private async sessionFor(structure: Structure): Promise<WarmSession> {
    if (this.session?.suits(structure) === true) return this.session;
    await this.leave();
    const directory = nextDirectory(this.options.directory, "warm");
    const server = await IpiServer.listen({ unix: freeSocketName() });
    const prepared = this.program.prepareWarm!(structure, server.address);
    this.session = new WarmSession(prepared, { server, directory, limits: this.options.limits });
    return this.session;
  }

  private async leave(): Promise<void> {
    await this.session?.close();
    this.session = undefined;
  }
}
