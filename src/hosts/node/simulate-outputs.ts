/** The files of a run that grow, which a checkpoint knows the lengths of. */
import { join } from "node:path";
import type { Finding } from "../../dynamics/index.js";
import { extxyz } from "../../formats/index.js";
import type { Frame, InfoValue } from "../../structure/index.js";
import { GrowingFile } from "./recorders.js";

export interface PlannedFile {
  readonly name: string;
  readonly gzip?: boolean;
}

/** By what is in them, in an order that stays; undefined: no such file. */
export type PlannedFiles = Readonly<Record<string, PlannedFile | undefined>>;

export class Outputs<P extends PlannedFiles> {
  readonly #files: ReadonlyMap<keyof P, GrowingFile | undefined>;
  #open = true;

  /** Each cut back to its length, in the order of the files. */
  constructor(directory: string, planned: P, lengths: readonly number[]) {
    this.#files = new Map(
      Object.entries(planned).map(([what, file], at) => [
        what,
        file && new GrowingFile(join(directory, file.name), { gzip: file.gzip === true, keep: lengths[at] ?? 0 }),
      ]),
    );
  }

  file(what: keyof P): GrowingFile | undefined {
    return this.#files.get(what);
  }

  flush(): void {
    for (const file of this.#files.values()) file?.flush();
  }

  /** Bytes of each. */
  sync(): number[] {
    return [...this.#files.values()].map((file) => file?.sync() ?? 0);
  }

  close(): void {
    this.#open = false;
    for (const file of this.#files.values()) file?.close();
  }

  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    for (const file of this.#files.values()) file?.abandon();
  }
}

/** A structure that a threshold collects, with the reason. */
export function writeCollected(file: GrowingFile | undefined, frame: Frame, { threshold, value }: Finding): void {
  const info = new Map<string, InfoValue>(frame.info);
  info.set("collected_for", threshold.quantity);
  info.set("collected_value", value);
  file?.write(extxyz.write({ ...frame, info }));
}
