/** One process at a time in a run directory: two would start the same calculations, each over the other's files. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { InputError } from "../../../errors/index.js";

const prefix = ".running-";

/** Takes the directory, or throws `InputError` where another process has it. The dead hold nothing. */
export function lockDirectory(directory: string): () => void {
  const own = join(directory, `${prefix}${hostname()}-${process.pid}`);
  // Everybody first says that he is here, then looks around: two who come at once both see the other, and nobody goes in.
  writeFileSync(own, startOf(process.pid) ?? "");
  const release = (): void => rmSync(own, { force: true });
  for (const name of readdirSync(directory).filter((file) => file.startsWith(prefix))) {
    const path = join(directory, name);
    if (path === own) continue;
    if (isDead(path, name)) {
      rmSync(path, { force: true });
      continue;
    }
    release();
    throw taken(directory, path);
  }
  return release;
}

/** A process of this machine that is not there any more, or whose number belongs to a later one. */
function isDead(path: string, name: string): boolean {
  const [, host, pid] = /^\.running-(.*)-(\d+)$/.exec(name) ?? [];
  if (host !== hostname()) return false;
  const start = startOf(Number(pid));
  if (start === undefined) return !answers(Number(pid));
  try {
    const noted = readFileSync(path, "utf8");
    return noted !== "" && noted !== start;
  } catch {
    return true;
  }
}

/** When a process was started, in ticks since the machine was; undefined where it cannot be told. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

const taken = (directory: string, path: string): InputError =>
  new InputError({
    code: "directory-in-use",
    where: { file: directory },
    problem: `Another process is at work in this directory (${path.split("/").at(-1)?.slice(prefix.length)}: machine and process).`,
    remedy: `Wait for it, or take another directory; if that process has ended on another machine, delete ${path}.`,
  });
