/**
 * All processes of one session, as Linux shows them in /proc: what they have used, and how to end every one of them. A program
 * started by mpirun is in a process group of its own, but still in the session that was opened for it.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface Usage {
  /** Of the processes that are there and of their children that have ended, s. */
  readonly cpuSeconds: number;
  /** Resident now, bytes. */
  readonly memory: number;
}

/** Clock ticks per second in /proc, the same on all Linux machines that Node runs on. */
const ticks = 100;

/** Fields of /proc/PID/stat after the name, which may itself contain blanks and brackets. */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Processes of the session; undefined where there is no /proc. */
function membersOf(session: number): { pid: number; stat: string[] }[] | undefined {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return undefined;
  }
  const members: { pid: number; stat: string[] }[] = [];
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(name);
    // state ppid pgrp session …; a zombie has ended already.
    if (stat !== undefined && Number(stat[3]) === session && stat[0] !== "Z") members.push({ pid: Number(name), stat });
  }
  return members;
}

/** What a session uses; undefined where it cannot be told. */
export function usageOf(session: number): Usage | undefined {
  const members = membersOf(session);
  if (members === undefined) return undefined;
  let [cpu, memory] = [0, 0];
  for (const { pid, stat } of members) {
    // utime stime cutime cstime
    for (const field of [11, 12, 13, 14]) cpu += Number(stat[field]) / ticks;
    memory += residentOf(pid);
  }
  return { cpuSeconds: cpu, memory };
}

function residentOf(pid: number): number {
  try {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Send a signal to every process of the session; whether any was left. */
export function signalFamily(session: number, signal: "SIGTERM" | "SIGKILL"): boolean {
  const members = membersOf(session);
  const targets = members?.map(({ pid }) => pid) ?? [-session];
  let any = false;
  for (const pid of targets) {
    try {
      process.kill(pid, signal);
      any = true;
    } catch {
      // It has ended in the meantime.
    }
  }
  return any;
}
