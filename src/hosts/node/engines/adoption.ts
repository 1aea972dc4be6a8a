/**
 * Runs that a process of ours has started and not lived to see the end of. Killing us does not kill the program: it is waited for,
 * or its output is taken where it has ended meanwhile, so that nothing is computed twice.
 */
import { existsSync, readlinkSync, realpathSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { signalFamily, type Usage, usageOf } from "./process-family.js";
import type { Ended, RunOptions, StopReason } from "./processes.js";
import { grace } from "./processes.js";
import { cpuSecondsIn, noteIn, noteTime } from "./run-files.js";

/** Between looks at it, ms. */
const interval = 100;
/** Between the wish to start a program and the first word of its shell there is less than this, ms. */
const moment = 2000;

/** The end of the earlier run of that input; undefined where there was none, or it has died without an end. */
export async function adoptRun(input: string, options: RunOptions): Promise<Ended | undefined> {
  const { directory } = options;
  if (noteIn(directory, "input") !== input) return undefined;
  const started = await startOf(directory);
  if (started === undefined) return undefined;
  const session = Number(noteIn(directory, "session"));
  const watched = { stopped: undefined as StopReason | undefined, largest: undefined as number | undefined };
  while (!hasEnded(directory) && runsIn(session, directory)) {
    const usage = usageOf(session);
    watched.largest = Math.max(watched.largest ?? 0, usage?.memory ?? 0);
    const reason = reasonToStop(options, { started, usage });
    if (reason !== undefined && watched.stopped === undefined) {
      watched.stopped = reason;
      void endFamily(session);
    }
    await pause(interval);
  }
  if (!hasEnded(directory) && watched.stopped === undefined) return undefined;
  const ended = noteTime(directory, "exit") ?? Date.now();
  const cost = {
    wallSeconds: Math.max(0, ended - started) / 1000,
    cpuSeconds: cpuSecondsIn(directory),
    maxMemory: watched.largest,
  };
  const code = noteIn(directory, "exit");
  return { exitCode: code === undefined ? 143 : Number(code), stopped: watched.stopped, cost };
}

/** When the shell has noted its start, ms; one that was started a moment ago is given time to do so. */
async function startOf(directory: string): Promise<number | undefined> {
  const asked = noteTime(directory, "input") ?? 0;
  while (noteTime(directory, "session") === undefined && Date.now() - asked < moment) await pause(interval);
  return noteTime(directory, "session");
}

/** The code is there with its newline: the shell may be killed in the middle of writing it. */
const hasEnded = (directory: string): boolean => /^\d+\n$/.test(noteIn(directory, "exit") ?? "");

/** Whether that number still belongs to a process that works in the directory. */
function runsIn(pid: number, directory: string): boolean {
  try {
    return existsSync(directory) && readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory);
  } catch {
    return false;
  }
}

function reasonToStop(
  { limits, signal }: RunOptions,
  { started, usage }: { readonly started: number; readonly usage: Usage | undefined },
): StopReason | undefined {
  if (signal?.aborted === true) return "cancelled";
  if (limits?.seconds !== undefined && Date.now() - started > 1000 * limits.seconds) return "time-limit";
  const { megabytes } = limits ?? {};
  return megabytes !== undefined && (usage?.memory ?? 0) > megabytes * 1e6 ? "memory-limit" : undefined;
}

async function endFamily(session: number): Promise<void> {
  signalFamily(session, "SIGTERM");
  await pause(grace);
  signalFamily(session, "SIGKILL");
}
