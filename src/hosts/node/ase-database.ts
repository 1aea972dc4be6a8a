/** ASE's databases on disk, through SQLite in WebAssembly. */
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type * as Sqlite from "node-sqlite3-wasm";
import { InputError } from "../../errors/index.js";
import { type OutputOptions, readAseDatabase } from "../../formats/index.js";
import type { Frame } from "../../structure/index.js";

/** Frame after frame by row id. */
export async function* readAseDatabaseFile(path: string, options: OutputOptions): AsyncGenerator<Frame> {
  checkAtRest(path);
  // The library locks with a directory beside the file: through a link of our own it is beside that, so that databases in places
  // where nothing may be written can be read too, and a killed reader leaves nothing that locks others out.
  const folder = mkdtempSync(join(tmpdir(), "potluck-database-"));
  try {
    const link = join(folder, "database");
    symlinkSync(resolve(path), link);
    yield* framesOf(await opened(link, path), options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function* framesOf(database: Sqlite.Database, options: OutputOptions): Generator<Frame> {
  try {
    const query = (sql: string) => database.all(sql) as Readonly<Record<string, unknown>>[];
    yield* readAseDatabase({ query }, options);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(options.file, error);
  } finally {
    database.close();
  }
}

async function opened(link: string, path: string): Promise<Sqlite.Database> {
  // A module of CommonJS: what it exports is its default.
  const { default: sqlite } = (await import("node-sqlite3-wasm")) as unknown as { default: typeof Sqlite };
  try {
    return new sqlite.Database(link, { fileMustExist: true, readOnly: true });
  } catch (error) {
    throw unreadable(path, error);
  }
}

const unreadable = (path: string, cause: unknown): InputError =>
  new InputError(
    {
      code: "damaged-database",
      where: { file: path },
      problem: `SQLite cannot read the database: ${cause instanceof Error ? cause.message : String(cause)}.`,
      remedy: "Check it with `sqlite3 FILE 'pragma integrity_check'`, or write it again with ASE.",
    },
    { cause },
  );

/** What a writer has not finished is in files beside the database, and without it the database may be inconsistent. */
function checkAtRest(path: string): void {
  const beside = ["-journal", "-wal"].map((end) => path + end);
  const unfinished = beside.find((file) => existsSync(file) && statSync(file).size > 0);
  if (unfinished === undefined) return;
  throw new InputError({
    code: "unfinished-database",
    where: { file: path },
    problem: `The database is being written, or its writer was killed: there is ${unfinished}.`,
    remedy: "Wait for the writer; after a crash open the database once with ASE (`ase db FILE`), which repairs it.",
  });
}
