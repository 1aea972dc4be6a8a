/**
 * The run directory of a loop: `config.yaml`, `journal.jsonl` (everything that has happened), `calculations/` (the engine's own),
 * `labels/` (a file for each label), `rounds/NNN/` (candidates, orders, the fit), and for the user `potential.json`, `labels.extxyz`,
 * `result.json`. Names in the journal are relative to it, so that it can be moved.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../../dynamics/index.js";
import { InputError } from "../../errors/index.js";
import { extxyz } from "../../formats/index.js";
import type { Frame } from "../../structure/index.js";
import { readAllFrames } from "./files.js";
import { writeFileSafely } from "./safe-file.js";

export const learnFiles = [
  ...["config.yaml", "journal.jsonl", "calculations", "labels", "rounds"],
  ...["potential.json", "labels.extxyz", "result.json", "report.html", "slurm"],
];

const roundName = (round: number): string => join("rounds", String(round).padStart(3, "0"));

export class LearnDirectory {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** Relative name of something of a round. */
  ofRound(round: number, name: string): string {
    return join(roundName(round), name);
  }

  get calculations(): string {
    return this.path("calculations");
  }

  /** Run directories of the fits of all rounds. */
  fits(): string[] {
    const rounds = this.path("rounds");
    return existsSync(rounds) ? readdirSync(rounds).map((round) => join(rounds, round, "fit")) : [];
  }

  labelName = (id: string): string => join("labels", `${id}.extxyz`);

  /** Whole and on the disk when it returns, name and all. */
  write(name: string, content: string | Uint8Array): void {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSafely(path, content);
    synchroniseFolder(dirname(path));
  }

  writeFrames(name: string, frames: readonly Frame[]): void {
    this.write(name, frames.map((frame) => extxyz.write(frame)).join(""));
  }

  async readFrames(name: string): Promise<Frame[]> {
    return await readAllFrames(this.path(name));
  }

  writeCheckpoint(name: string, checkpoint: Checkpoint, identity: string): void {
    this.write(name, encodeCheckpoint(checkpoint, identity));
  }

  /** Throws InputError where it is damaged or not there. */
  readCheckpoint(name: string, identity: string): Checkpoint {
    const path = this.path(name);
    const found = existsSync(path) ? decodeCheckpoint(readFileSync(path), identity) : "there is no such file";
    if (typeof found !== "string") return found;
    throw new InputError({
      code: "unusable-checkpoint",
      where: { file: path },
      problem: `This checkpoint of a walker cannot be used: ${found}.`,
      remedy: "Restore the run directory from a copy, or start anew with --overwrite.",
    });
  }

  /** What only an interrupted round needs, of all rounds before this one, but for the named files. */
  tidy(before: number, keep: ReadonlySet<string>): void {
    for (let round = 0; round < before; round++) {
      for (const name of ["fit/checkpoints", "data.extxyz"]) remove(this.path(this.ofRound(round, name)));
      const legs = this.ofRound(round, "legs");
      if (!existsSync(this.path(legs))) continue;
      for (const name of readdirSync(this.path(legs)))
        if (!keep.has(join(legs, name))) remove(this.path(join(legs, name)));
    }
  }
}

const remove = (path: string): void => rmSync(path, { recursive: true, force: true });

/** A new name is on the disk only when its folder is. */
function synchroniseFolder(folder: string): void {
  const file = openSync(folder, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
