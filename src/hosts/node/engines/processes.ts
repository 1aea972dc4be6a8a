/**
 * Programs under limits of time and memory, in a session of their own, so that they can be ended with everything that they have
 * started. Memory is looked at some times a second: a program that asks for very much at once is beyond the limit for that long.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Command, Cost, FailureKind, Limits } from "../../../engines/index.js";
import { errorsName, outputName } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import { signalFamily, type Usage, usageOf } from "./process-family.js";
import { cpuSecondsIn, runFiles } from "./run-files.js";

/** Why we have ended a program ourselves. */
export type StopReason = Extract<FailureKind, "time-limit" | "memory-limit" | "cancelled">;

export interface Ended {
  /** 128 + n after signal n; undefined where it could not even be started. */
  readonly exitCode: number | undefined;
  readonly stopped: StopReason | undefined;
  readonly cost: Cost;
}

export interface RunOptions {
  /** Where it runs and where `output` and `errors` go. */
  readonly directory: string;
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** Ends it with all its children; resolves when it has ended. */
  stop(reason: StopReason): Promise<Ended>;
  /** What it uses now; undefined where it cannot be told. */
  usage(): Usage | undefined;
}

/** Between SIGTERM, on which MPI tidies up, and SIGKILL, ms. */
export const grace = 1500;
/** Between looks at time and memory, ms. */
const interval = 100;

/**
 * The shell adds up the processor time of what it has run, also of children of children, when it has ended. What it notes lets
 * another process of ours take up a run whose first owner was killed (`adoption.ts`).
 */
const script = `echo $$ > ${runFiles.session}; "$@"; code=$?; times > ${runFiles.times}; echo $code > ${runFiles.exit}; exit $code`;

/** The program with its shell, for where somebody else starts it; its input and what it prints are files of its directory. */
export const shellWords = ({ words, input = "/dev/null" }: Command): [string, ...string[]] => {
  const files = `exec < "$0" > ${outputName} 2> ${errorsName}; ${script}`;
  return ["/bin/sh", "-c", files, input, ...words];
};

/** Start a program. Throws `InputError` where a limit cannot be kept on this system. */
export function startProgram(command: Command, options: RunOptions): Running {
  checkLimits(options.limits);
  const { directory } = options;
  const input = command.input === undefined ? undefined : openSync(join(directory, command.input), "r");
  const output = openSync(join(directory, outputName), "w");
  const errors = openSync(join(directory, errorsName), "w");
  const child = spawn("/bin/sh", ["-c", script, "sh", ...command.words], {
    cwd: directory,
    env: { ...process.env, ...command.environment },
    stdio: [input ?? "ignore", output, errors],
    detached: true,
  });
  for (const file of [input, output, errors]) if (file !== undefined) closeSync(file);
  return new Watch(child, options).running();
}

/** Run a program to its end. */
export const runProgram = (command: Command, options: RunOptions): Promise<Ended> =>
  startProgram(command, options).ended;

function checkLimits(limits: Limits | undefined): void {
  if (limits?.megabytes === undefined || usageOf(process.pid) !== undefined) return;
  throw new InputError({
    code: "no-memory-limit",
    problem: "The memory of programs cannot be watched on this system (there is no /proc).",
    remedy: "Leave the limit out, or run on Linux.",
  });
}

class Watch {
  private readonly child: ReturnType<typeof spawn>;
  private readonly options: RunOptions;
  private readonly started = performance.now();
  private readonly ended: Promise<Ended>;
  private last: Usage | undefined;
  private largest: number | undefined;
  private stopped: StopReason | undefined;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(child: ReturnType<typeof spawn>, options: RunOptions) {
    this.child = child;
    this.options = options;
    this.ended = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve(this.finish(code, signal)));
      child.once("error", () => resolve(this.finish(null, null)));
    });
    if (child.pid !== undefined) watchOver(child.pid);
    this.timers.push(setInterval(() => this.look(), interval));
    const seconds = options.limits?.seconds;
    if (seconds !== undefined) this.timers.push(setTimeout(() => this.end("time-limit"), seconds * 1000));
    // Short runs are over before the first interval.
    for (const soon of [15, 45]) this.timers.push(setTimeout(() => this.look(), soon));
    if (options.signal?.aborted === true) this.end("cancelled");
    options.signal?.addEventListener("abort", this.cancel, { once: true });
  }

  running(): Running {
    return { ended: this.ended, stop: (reason) => this.end(reason), usage: () => this.look() };
  }

  private readonly cancel = (): void => void this.end("cancelled");

  private look(): Usage | undefined {
    const { pid, exitCode } = this.child;
    if (pid === undefined || exitCode !== null) return this.last;
    const usage = usageOf(pid);
    if (usage === undefined || usage.memory === 0) return this.last;
    this.last = usage;
    this.largest = Math.max(this.largest ?? 0, usage.memory);
    const { megabytes } = this.options.limits ?? {};
    if (megabytes !== undefined && usage.memory > megabytes * 1e6) void this.end("memory-limit");
    return usage;
  }

  private end(reason: StopReason): Promise<Ended> {
    const { pid, exitCode } = this.child;
    if (pid === undefined || exitCode !== null || this.stopped !== undefined) return this.ended;
    this.stopped = reason;
    // What eats the memory of the machine gets no time to tidy up.
    signalFamily(pid, reason === "memory-limit" ? "SIGKILL" : "SIGTERM");
    this.timers.push(setTimeout(() => signalFamily(pid, "SIGKILL"), grace));
    return this.ended;
  }

  private finish(code: number | null, signal: NodeJS.Signals | null): Ended {
    for (const timer of this.timers) clearInterval(timer);
    this.options.signal?.removeEventListener("abort", this.cancel);
    const { pid } = this.child;
    if (pid !== undefined) {
      // What the program has left behind goes with it.
      if (this.stopped !== undefined || signal !== null) signalFamily(pid, "SIGKILL");
      letGo(pid);
    }
    const wallSeconds = (performance.now() - this.started) / 1000;
    const exitCode = code ?? (signal === null ? undefined : 128 + (signal === "SIGKILL" ? 9 : 15));
    const cpuSeconds = cpuSecondsIn(this.options.directory) ?? this.last?.cpuSeconds;
    return { exitCode, stopped: this.stopped, cost: { wallSeconds, cpuSeconds, maxMemory: this.largest } };
  }
}

/** Sessions that must not outlive us. */
const family = new Set<number>();
const deadly = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function watchOver(session: number): void {
  if (family.size === 0) for (const signal of deadly) process.on(signal, fallWith);
  family.add(session);
}

function letGo(session: number): void {
  family.delete(session);
  if (family.size === 0) for (const signal of deadly) process.off(signal, fallWith);
}

function endAll(): void {
  for (const session of family) signalFamily(session, "SIGKILL");
}

/** A terminal's Ctrl-C does not reach other sessions. Where somebody else listens, it is for them to cancel what runs. */
function fallWith(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  endAll();
  process.off(signal, fallWith);
  process.kill(process.pid, signal);
}

process.once("exit", endAll);
