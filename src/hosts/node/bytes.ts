/** Bytes of a file, unpacked if it is gzip; troubles with the file in words. */

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../../errors/index.js";

/** Large pieces: the reader of lines copies only what is cut at their ends. */
const pieceSize = 1 << 20;

/** The content of a file in pieces. Gzip is told by its first two bytes, whatever the file's name. */
export async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw isDirectory(path);
    const raw = createReadStream(path, { highWaterMark: pieceSize });
    yield* (await startsAsGzip(path)) ? unpacked(raw) : (raw as AsyncIterable<Uint8Array>);
  } catch (error) {
    throw readTrouble(path, error);
  }
}

async function startsAsGzip(path: string): Promise<boolean> {
  for await (const piece of createReadStream(path, { end: 1 })) return piece[0] === 0x1f && piece[1] === 0x8b;
  return false;
}

async function* unpacked(raw: Readable): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: pieceSize });
  // pipe() does not hand on errors of its source.
  raw.on("error", (error) => gunzip.destroy(error));
  try {
    yield* raw.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } finally {
    raw.destroy();
  }
}

const isDirectory = (path: string): InputError =>
  new InputError({
    code: "is-directory",
    where: { file: path },
    problem: "This is a directory.",
    expected: "Expected a file.",
    remedy: "Name a file in it.",
  });

function readTrouble(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const known = readTroubles[String(code)];
  if (known === undefined || error instanceof InputError) return error;
  return new InputError({ ...known, where: { file: path } }, { cause: error });
}

const damaged = {
  code: "damaged-gzip",
  problem: "The compressed file is damaged or cut.",
  remedy: "Fetch or write it again.",
};

const readTroubles: Readonly<Record<string, { code: string; problem: string; remedy: string }>> = {
  ENOENT: { code: "no-such-file", problem: "There is no such file.", remedy: "Check the path and its spelling." },
  EACCES: {
    code: "not-readable",
    problem: "The file may not be read.",
    remedy: "Ask its owner for permission to read it.",
  },
  Z_BUF_ERROR: damaged,
  Z_DATA_ERROR: damaged,
};
