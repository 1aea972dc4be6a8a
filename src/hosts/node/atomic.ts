/** Replace a file by a new one all at once: whatever goes wrong, the old one is untouched and nothing is left behind. */

import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
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
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const known = writeTroubles[String(code)];
  if (known === undefined || error instanceof InputError) return error;
  const untouched = "Nothing has been written; a file of that name that was there before is as it was.";
  const problem = `${known.problem} ${untouched}`;
  return new InputError({ code: known.code, where: { file: path }, problem, remedy: known.remedy }, { cause: error });
}

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
