/** `potluck serve`: a potential as the force provider of i-PI, ASE's SocketIOCalculator and whoever else speaks the protocol. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import type { SocketAddress } from "../engines/index.js";
import { InputError } from "../errors/index.js";
import type { Evaluation } from "../potentials/potential.js";
import { duration, significant } from "../reports/index.js";
import { atomCount, type Frame, type Structure } from "../structure/index.js";
import { EndedEarly } from "./ended-early.js";
import { interruptible } from "./interruption.js";
import { openSimulationPotential, servePotential } from "./label-wiring.js";
import { realNumber } from "./numbers.js";
import { addCommonOptions, type CommonOptions, unitsOf, wholeNumber } from "./options.js";
import { Progress } from "./progress.js";
import { printLine, type Terminal } from "./terminal.js";
import { readFrames } from "./wiring.js";

interface ServeCommandOptions extends CommonOptions {
  readonly address?: string;
  readonly unix?: string;
  readonly frame: number;
  readonly patience: number;
  readonly uncertainty?: true;
  readonly stopAbove?: number;
}

const example = `
Examples:
  potluck serve runs/silicon start.extxyz --unix silicon
  potluck serve runs/silicon start.extxyz --address localhost:31415 --stop-above 0.3

The server is started first, with the same structure: the protocol sends positions and cell, not which atoms they are.
  i-PI      <ffsocket mode="unix"><address>silicon</address></ffsocket>
  ASE       with SocketIOCalculator(unixsocket="silicon") as atoms.calc: …
The service ends when the server does, with exit code 0; --stop-above ends it with exit code 3. With --uncertainty the spread comes
along as JSON beside the forces (i-PI's extras): {"energy_std", "disagreement", "extrapolating_atoms"}, eV and eV/Å.`;

export function serveCommand(terminal: Terminal): Command {
  const command = new Command("serve")
    .description("A potential as a client of the i-PI protocol: forces for i-PI, ASE and others.")
    .argument("<potential>", "potential.json, run or n2p2 directory, or LAMMPS's file (.eam, .sw, .tersoff)")
    .argument("<structure>", "file with the atoms in the order in which the server has them")
    .option("--address <host:port>", "where the server listens")
    .option("--unix <name>", "name of the server's Unix socket, /tmp/ipi_NAME")
    .option("--frame <n>", "which structure of the file", wholeNumber("--frame", 1), 1)
    .option("--patience <s>", "how long to wait for the server", realNumber("--patience", { unit: "s" }), 30)
    .option("--uncertainty", "work out spread and extrapolation of every structure")
    .option(
      "--stop-above <γ>",
      "end where the disagreement is above this, eV/Å",
      realNumber("--stop-above", { unit: "eV/Å" }),
    );
  return addCommonOptions(command)
    .addHelpText("after", example)
    .action((potential: string, file: string, options: ServeCommandOptions) =>
      serve({ potential, file, options }, terminal),
    );
}

interface Task {
  readonly potential: string;
  readonly file: string;
  readonly options: ServeCommandOptions;
}

async function serve({ potential: path, file, options }: Task, terminal: Terminal): Promise<void> {
  const address = addressOf(options);
  const structure = await structureOf(file, options);
  const units = unitsOf(options);
  const threads = options.threads ?? availableParallelism();
  const potential = await openSimulationPotential(path, { units, threads, atoms: atomCount(structure) });
  const progress = new Progress({ stream: terminal.err, silent: options.quiet === true });
  for (const warning of potential.warnings) progress.note(`Warning: ${warning}`);
  const interruption = interruptible(progress, "Leaving the server.");
  const watch = new Watch(options, progress);
  try {
    if (options.stopAbove !== undefined && !potential.hasSpread) throw noSpread(path);
    progress.note(`Serving ${atomCount(structure)} atoms at ${textOf(address)}.`);
    await servePotential(potential, structure, {
      address,
      patience: options.patience,
      signal: interruption.signal,
      uncertainty: watch.wanted,
      onEvaluation: (evaluation) => watch.see(evaluation),
    });
  } catch (error) {
    if (!(error instanceof TooDoubtful)) throw error;
  } finally {
    progress.finish();
    interruption.end();
    await potential.close();
  }
  printLine(terminal.out, options.json ? JSON.stringify(watch.record) : watch.text);
  if (watch.stopped) throw new EndedEarly("too much doubt", 3);
}

/** Ends the service from inside an evaluation. */
class TooDoubtful extends Error {}

/** What has been served. */
class Watch {
  readonly wanted: boolean;
  readonly #limit: number | undefined;
  readonly #progress: Progress;
  readonly #started = performance.now();
  #count = 0;
  #largest: { readonly disagreement: number; readonly structure: number } | undefined;
  #extrapolating = 0;
  stopped = false;

  constructor({ uncertainty, stopAbove }: ServeCommandOptions, progress: Progress) {
    this.wanted = uncertainty === true || stopAbove !== undefined;
    this.#limit = stopAbove;
    this.#progress = progress;
  }

  see({ uncertainty, extrapolation }: Evaluation): void {
    this.#count++;
    if (this.wanted && extrapolation.length > 0) this.#noteExtrapolation();
    const { disagreement } = uncertainty ?? {};
    if (disagreement === undefined) return;
    if (disagreement > (this.#largest?.disagreement ?? 0)) this.#largest = { disagreement, structure: this.#count };
    if (this.#limit === undefined || disagreement <= this.#limit) return;
    this.stopped = true;
    throw new TooDoubtful();
  }

  /** Once is enough on the way; how often is said at the end. */
  #noteExtrapolation(): void {
    if (this.#extrapolating++ === 0)
      this.#progress.note(`Warning: structure ${this.#count} is outside the range of the training data.`);
  }

  get record() {
    const seconds = (performance.now() - this.#started) / 1000;
    const { disagreement = null, structure = null } = this.#largest ?? {};
    const doubt = this.wanted ? { disagreement, structure, extrapolating: this.#extrapolating } : {};
    return { structures: this.#count, seconds, stopped: this.stopped, ...doubt };
  }

  get text(): string {
    const { structures, seconds } = this.record;
    const lines = [`${structures} structures served in ${duration(seconds)}`];
    if (this.#largest !== undefined)
      lines.push(`largest γ ${significant(this.#largest.disagreement)} eV/Å, at structure ${this.#largest.structure}`);
    if (this.#extrapolating > 0) lines.push(`${this.#extrapolating} structures outside the range of the training data`);
    if (this.stopped) lines.push(`Stopped there: γ is above ${this.#limit} eV/Å, and its forces were not sent.`);
    return lines.join("\n");
  }
}

function addressOf({ address, unix }: ServeCommandOptions): SocketAddress {
  if (unix !== undefined && address === undefined) return { unix };
  const [, host, port] = /^(.+):(\d+)$/.exec(address ?? "") ?? [];
  if (unix === undefined && host !== undefined && Number(port) > 0 && Number(port) < 65536)
    return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
  throw new InputError({
    code: "bad-option",
    where: { file: unix === undefined ? `--address ${address ?? ""}`.trim() : "--unix" },
    problem:
      unix !== undefined
        ? "Both --unix and --address are given."
        : address === undefined
          ? "Nothing says where the server is."
          : "This is no host and port.",
    remedy: "Write --unix NAME, or --address HOST:PORT such as localhost:31415.",
  });
}

const textOf = (address: SocketAddress): string =>
  "unix" in address ? `/tmp/ipi_${address.unix}` : `${address.host}:${address.port}`;

async function structureOf(file: string, options: ServeCommandOptions): Promise<Structure> {
  let count = 0;
  for await (const { structure } of readFrames(file, { units: unitsOf(options) }) as AsyncIterable<Frame>)
    if (++count === options.frame) return structure;
  throw new InputError({
    code: "no-such-structure",
    where: { file },
    problem: `Structure ${options.frame} is asked for, and the file has ${count}.`,
    remedy: "Correct --frame.",
  });
}

const noSpread = (path: string): InputError =>
  new InputError({
    code: "no-spread",
    where: { file: path },
    problem: "This potential has one network and no dropout, so that it cannot say how sure it is.",
    remedy: "Fit a committee, or leave --stop-above out.",
  });
