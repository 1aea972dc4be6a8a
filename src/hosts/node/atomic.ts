/** Replace a file by a new one all at once: whatever goes wrong, the old one is untouched and nothing is left behind. */

import { randomBytes } from "node:crypto";
import { createWriteStream, statfsSync } from "node:fs";
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { InputError } from "../../errors/index.js";

/** Few large writes: a piece per frame would cost a system call per frame. */
const pieceSize = 1 << 18;

/** Write texts to `path` through a temporary file beside it; gzip if the name ends in .gz. */
export async function writeAtomically(path: string, texts: AsyncIterable<string> | Iterable<string>): Promise<void> {
  // A link stays a link: what it points to is replaced.
  const target = await realpath(path).catch(() => path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeStream(temporary, Readable.from(pieces(texts)), { compress: path.endsWith(".gz") });
    await synchronise(temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writeTrouble(path, error);
  }
}

async function* pieces(texts: AsyncIterable<string> | Iterable<string>): AsyncGenerator<Buffer> {
  let waiting = "";
  for await (const text of texts) {
    waiting += text;
    if (waiting.length < pieceSize) continue;
    yield Buffer.from(waiting);
    waiting = "";
  }
  yield Buffer.from(waiting);
}

async function writeStream(path: string, source: Readable, options: { readonly compress: boolean }): Promise<void> {
  const sink = createWriteStream(path, { flags: "wx" });
  if (options.compress) await pipeline(source, createGzip(), sink);
  else await pipeline(source, sink);
}

/** On the disk before the name changes: a crash must not leave a new name on old or empty blocks. */
async function synchronise(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A failure to write, in words; anything else as it is. */
export function writeTrouble(path: string, error: unknown): unknown {
  const known = writeTroubles[codeOf(error)];
  if (known === undefined || error instanceof InputError) return error;
  const untouched = "Nothing has been written; a file of that name that was there before is as it was.";
  const problem = `${known.problem} ${untouched}`;
  return new InputError({ code: known.code, where: { file: path }, problem, remedy: known.remedy }, { cause: error });
}

/** The same of a file that belongs to a run, which goes on when there is space again. */
export function runTrouble(path: string, error: unknown): unknown {
  const trouble = writeTrouble(path, error);
  if (!(trouble instanceof InputError) || trouble.code !== diskFull.code || trouble === error) return trouble;
  const problem = `${writeTroubles[codeOf(error)]!.problem} What the run has written before is whole.`;
  return new InputError({ code: trouble.code, where: { file: path }, problem, remedy: GO_ON }, { cause: error });
}

/** Of work in the directory of a run that may have met a full disk anywhere; every other error as it is. */
export function fullDiskTrouble(directory: string, error: unknown): unknown {
  if (writeTroubles[codeOf(error)]?.code !== diskFull.code) return error;
  return runTrouble(error instanceof Error && "path" in error ? String(error.path) : directory, error);
}

/** Work that writes in the directory of a run. */
export function writing<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fullDiskTrouble(directory, error);
  }
}

/** Free space below which a program that has failed may have failed for the want of it, bytes. */
const LITTLE = 1 << 20;

/** Where a disk is full, or nearly so, or a text says that it was: the error that ends the run. */
export function fullDiskAt(directory: string, said = ""): InputError | undefined {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= LITTLE && !/no space left on device|disk quota exceeded/i.test(said)) return undefined;
  return new InputError({
    code: diskFull.code,
    where: { file: directory },
    problem: "The disk is full, and a program has failed that writes here. What the run has written before is whole.",
    remedy: GO_ON,
  });
}

const GO_ON = "Make room there and give the same command again: the run goes on where it was.";

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

const diskFull = {
  code: "disk-full",
  problem: "The disk is full.",
  remedy: "Free some space, or write to another disk; a name that ends in .gz needs about a third of the space.",
};

const writeTroubles: Readonly<Record<string, { code: string; problem: string; remedy: string }>> = {
  ENOSPC: diskFull,
  EDQUOT: { ...diskFull, problem: "Your quota on this disk is used up." },
  EFBIG: { ...diskFull, problem: "The file would become larger than allowed here (see ulimit -f)." },
  ENOENT: { code: "no-such-directory", problem: "The directory does not exist.", remedy: "Create it first." },
  ENOTDIR: { code: "no-such-directory", problem: "The directory does not exist.", remedy: "Create it first." },
  EACCES: { code: "not-writable", problem: "The directory may not be written to.", remedy: "Choose another one." },
  EROFS: { code: "not-writable", problem: "The disk is read-only.", remedy: "Choose another one." },
  EISDIR: { code: "is-directory", problem: "This is a directory.", remedy: "Give the name of a file in it." },
};
