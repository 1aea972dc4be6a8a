/** Paths where data are: files, directories of calculations, patterns. */
import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { InputError } from "../../errors/index.js";
import { recordName } from "./engines/record-name.js";
import { kindOfFile } from "./frame-source.js";

/**
 * Files that a path stands for, in a fixed order: a file for itself, a directory for all calculations below it (outputs of
 * programs, databases of ASE, Potluck's own records), a pattern for everything that matches it.
 */
export async function dataFiles(path: string): Promise<string[]> {
  if (existsSync(path)) return isDirectory(path) ? await calculationsOf(path) : [path];
  if (!isPattern(path)) return [path];
  const matches = matchesOf(path);
  const files: string[] = [];
  for (const match of matches)
    for (const file of isDirectory(match) ? await calculationsBelow(match) : [match]) files.push(file);
  if (files.length === 0) throw nothingMatches(path, matches.length);
  return files;
}

async function calculationsOf(directory: string): Promise<string[]> {
  const files = await calculationsBelow(directory);
  if (files.length === 0) throw noCalculations(directory);
  return files;
}

/** `seen` are directories on the way here, so that links in circles end. */
async function calculationsBelow(directory: string, seen: readonly string[] = []): Promise<string[]> {
  const real = realpathSync(directory);
  if (seen.includes(real)) return [];
  const entries = entriesOf(directory);
  // Of a calculation of ours the record says all, and in full.
  if (entries.some(({ path }) => isRecord(path))) return [join(directory, recordName)];
  const found = await outputsAmong(entries.filter(({ isFolder }) => !isFolder).map(({ path }) => path));
  const folders = entries.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  for (const folder of worthEntering(folders)) found.push(...(await calculationsBelow(folder, [...seen, real])));
  return found;
}

const isRecord = (path: string): boolean => basename(path) === recordName;

/**
 * Beside calculations of ours there are those that they replaced (NAME.before-1) and programs that were kept running (warm-1),
 * whose outputs are in the records already.
 */
function worthEntering(folders: readonly string[]): readonly string[] {
  const ours = folders.some((folder) => existsSync(join(folder, recordName)));
  return ours ? folders.filter((folder) => !/\.before-\d+$|^warm-\d+$/.test(basename(folder))) : folders;
}

/** VASP leaves two outputs of the same calculation: OUTCAR knows better whether it has converged. */
async function outputsAmong(files: readonly string[]): Promise<string[]> {
  const outputs: { readonly file: string; readonly name: string }[] = [];
  for (const file of files) {
    const kind = await kindOfFile(file);
    if (kind?.from === "output" || kind?.from === "database") outputs.push({ file, name: kind.name });
  }
  const knowsBetter = outputs.some(({ name }) => name === "outcar");
  return outputs.filter(({ name }) => !(knowsBetter && name === "vasprun")).map(({ file }) => file);
}

interface Entry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

/** Files and directories in the order of their names, numbers by size; hidden ones are left out. */
function entriesOf(directory: string): Entry[] {
  const names = readdirSync(directory === "" ? "." : directory).filter((name) => !name.startsWith("."));
  names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }) || (a < b ? -1 : 1));
  return names.flatMap((name) => {
    const path = join(directory, name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status?.isDirectory() && !status?.isFile()) return [];
    return [{ path, isFolder: status.isDirectory(), isLink: lstatSync(path).isSymbolicLink() }];
  });
}

const isDirectory = (path: string): boolean => statSync(path).isDirectory();

const isPattern = (path: string): boolean => /[*?[]/.test(path);

/** `*` and `?` in a name, `[abc]`, and `**` for any number of directories. */
function matchesOf(pattern: string): string[] {
  const parts = pattern.split("/").filter((part) => part !== "" && part !== ".");
  return descend(pattern.startsWith("/") ? "/" : "", parts);
}

function descend(directory: string, [part, ...rest]: readonly string[]): string[] {
  if (part === undefined) return [directory];
  if (part === "**") {
    // Links may lead in circles.
    const folders = entriesOf(directory).filter(({ isFolder, isLink }) => isFolder && !isLink);
    return [...descend(directory, rest), ...folders.flatMap(({ path }) => descend(path, ["**", ...rest]))];
  }
  if (!isPattern(part)) {
    const path = join(directory, part);
    return existsSync(path) && (rest.length === 0 || isDirectory(path)) ? descend(path, rest) : [];
  }
  const expression = expressionOf(part);
  const fitting = entriesOf(directory).filter(({ path }) => expression.test(basename(path)));
  return fitting.filter(({ isFolder }) => isFolder || rest.length === 0).flatMap(({ path }) => descend(path, rest));
}

function expressionOf(part: string): RegExp {
  const source = part.replace(/\[[^\]]+\]|[*?]|[^*?[]+|\[/g, (piece) => {
    if (piece === "*") return ".*";
    if (piece === "?") return ".";
    if (piece.length > 1 && piece.startsWith("[")) return piece.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return piece.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  });
  return new RegExp(`^${source}$`);
}

const noCalculations = (directory: string): InputError =>
  new InputError({
    code: "no-calculations",
    where: { file: directory },
    problem: "There is no output of a program below this directory.",
    expected:
      "Expected outputs of VASP (OUTCAR, vasprun.xml), pw.x or CP2K, databases of ASE, or calculations of Potluck.",
    remedy: "Files of structures are given one by one, or by a pattern such as 'data/*.xsf'.",
  });

const nothingMatches = (pattern: string, matches: number): InputError =>
  new InputError({
    code: "no-such-file",
    where: { file: pattern },
    problem:
      matches === 0 ? "No file matches this pattern." : "What matches this pattern are directories without outputs.",
    remedy: "Check it with `ls`; `*` stands for any part of a name, `**` for any number of directories.",
  });
