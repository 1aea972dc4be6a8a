/**
 * Files that grow while a simulation runs, and that can be cut back to what a checkpoint knows: trajectories and logs of the
 * thermodynamics. Written in large pieces; a checkpoint puts all of it on the disk first.
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, statSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { type FrameOptions, type Recorder, type ThermoRecord, thermo, trajectory } from "../../dynamics/index.js";
import { InputError } from "../../errors/index.js";
import { extxyz, lammpsDump, type StructureFormat } from "../../formats/index.js";
import type { Frame, InfoValue } from "../../structure/index.js";
import { gigapascal } from "../../units/index.js";

/** Characters that wait in memory at most. */
const WAITING = 1 << 22;

/**
 * A text file that is appended to. With gzip each piece is a member of its own, which every reader takes as one text; where members
 * begin depends on the text and on the calls of `sync` alone, so that a resumed run writes the same bytes as an unbroken one.
 */
export class GrowingFile {
  readonly path: string;
  readonly #gzip: boolean;
  readonly #file: number;
  #waiting: string[] = [];
  #length = 0;
  #bytes: number;

  /** Cut back to `keep` bytes; made if it is not there. Throws InputError (`damaged-output`) if there are fewer. */
  constructor(path: string, { gzip = false, keep = 0 }: { readonly gzip?: boolean; readonly keep?: number } = {}) {
    this.path = path;
    this.#gzip = gzip;
    const found = existsSync(path) ? statSync(path).size : 0;
    if (found < keep) throw damaged(path, { found, keep });
    this.#file = openSync(path, existsSync(path) ? "r+" : "w");
    ftruncateSync(this.#file, keep);
    this.#bytes = keep;
  }

  /** Whether nothing has been written yet. */
  get isEmpty(): boolean {
    return this.#bytes === 0 && this.#length === 0;
  }

  write(text: string): void {
    this.#waiting.push(text);
    this.#length += text.length;
    if (this.#length >= WAITING) this.#pass();
  }

  /** Lets others read what there is; what is compressed waits for a whole piece. */
  flush(): void {
    if (!this.#gzip) this.#pass();
  }

  /** All of it on the disk; how many bytes that are. */
  sync(): number {
    this.#pass();
    fsyncSync(this.#file);
    return this.#bytes;
  }

  close(): void {
    this.#pass();
    closeSync(this.#file);
  }

  /** What is waiting stays unwritten: after a failure. */
  abandon(): void {
    closeSync(this.#file);
  }

  #pass(): void {
    if (this.#length === 0) return;
    const text = Buffer.from(this.#waiting.join(""));
    const data = this.#gzip ? gzipSync(text) : text;
    this.#waiting = [];
    this.#length = 0;
    try {
      for (let at = 0; at < data.length; ) {
        const written = writeSync(this.#file, data, at, data.length - at, this.#bytes);
        at += written;
        this.#bytes += written;
      }
    } catch (error) {
      throw growthTrouble(this.path, error);
    }
  }
}

const damaged = (path: string, { found, keep }: { found: number; keep: number }): InputError =>
  new InputError({
    code: "damaged-output",
    where: { file: path },
    problem: `The file has ${found} bytes, and the checkpoint knows of ${keep}.`,
    remedy: "Put the file back as the run left it, or start anew with --overwrite.",
  });

function growthTrouble(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!["ENOSPC", "EDQUOT", "EFBIG"].includes(code)) return error;
  return new InputError(
    {
      code: "disk-full",
      where: { file: path },
      problem: `The file cannot grow any more (${code}).`,
      remedy: "Make room and call the same command again: the run goes on from its last checkpoint.",
    },
    { cause: error },
  );
}

export type TableFormat = "csv" | "jsonl";

/** A name with the unit in it, and what stands there; undefined where there is no such number. */
export type Column<R> = readonly [string, (record: R) => number | undefined];

export interface Table<R> {
  readonly format: TableFormat;
  readonly columns: readonly Column<R>[];
  /** What JSON lines have besides. */
  readonly more?: (record: R) => Readonly<Record<string, unknown>>;
}

/** Records to a file: CSV with a line of titles, or one JSON object a line. */
export function tableSink<R>(file: GrowingFile, { format, columns, more }: Table<R>): (record: R) => void {
  if (format === "csv")
    return (record) => {
      if (file.isEmpty) file.write(`${columns.map(([name]) => name).join(",")}\n`);
      file.write(`${columns.map(([, pick]) => pick(record) ?? "").join(",")}\n`);
    };
  return (record) => {
    const entries = columns.map(([name, pick]) => [name, pick(record) ?? null]);
    file.write(`${JSON.stringify({ ...Object.fromEntries(entries), ...more?.(record) })}\n`);
  };
}

const thermoColumns: readonly Column<ThermoRecord>[] = [
  ["step", (r) => r.step],
  ["time_fs", (r) => r.time],
  ["temperature_K", (r) => r.temperature],
  ["potential_eV", (r) => r.potential],
  ["kinetic_eV", (r) => r.kinetic],
  ["conserved_eV", (r) => r.conserved],
  ["pressure_GPa", (r) => inGigapascal(r.pressure)],
  ["volume_A3", (r) => r.volume],
  ["disagreement_eV_per_A", (r) => r.disagreement],
  ["extrapolations", (r) => r.extrapolations],
];

const inGigapascal = (pressure: number | undefined): number | undefined =>
  pressure === undefined ? undefined : pressure / gigapascal;

export interface ThermoFileOptions {
  readonly every: number;
  readonly format: TableFormat;
  /** Whether the disagreement γ and the extrapolations are asked for. */
  readonly uncertainty: boolean;
}

/** Thermodynamics to a file, in JSON lines with the cell too (rows, Å). Pressures in GPa. */
export function thermoFile(file: GrowingFile, { every, format, uncertainty }: ThermoFileOptions): Recorder {
  const more = ({ cell }: ThermoRecord) => ({ cell_A: cell ?? null });
  return thermo({ every, sink: tableSink(file, { format, columns: thermoColumns, more }), uncertainty });
}

export type TrajectoryFormat = "extxyz" | "lammps-dump";

export interface TrajectoryFileOptions extends FrameOptions {
  readonly every: number;
  readonly format: TrajectoryFormat;
  /** Whether the spread of the forces is asked for. */
  readonly uncertainty: boolean;
}

const trajectoryExtensions: Readonly<Record<TrajectoryFormat, string>> = {
  extxyz: ".extxyz",
  "lammps-dump": ".lammpstrj",
};

/** The name of a trajectory; undefined where none is wanted. */
export const trajectoryName = (
  stem: string,
  options: { readonly format: TrajectoryFormat; readonly gzip: boolean } | undefined,
): string | undefined => options && `${stem}${trajectoryExtensions[options.format]}${options.gzip ? ".gz" : ""}`;

/** States to a file. Unwrapped positions keep displacements; in LAMMPS's dumps the time step is the number of the step. */
export const trajectoryFile = (file: GrowingFile, options: TrajectoryFileOptions): Recorder =>
  trajectory({ ...options, sink: frameSink(file, options.format) });

/** Frames to a file. */
export function frameSink(file: GrowingFile, name: TrajectoryFormat): (frame: Frame) => void {
  const format: StructureFormat = name === "extxyz" ? extxyz : lammpsDump;
  return (frame) => file.write(format.write(dated(frame, format)));
}

function dated(frame: Frame, format: StructureFormat): Frame {
  if (format !== lammpsDump) return frame;
  const info = new Map<string, InfoValue>(frame.info);
  info.set("timestep", frame.info.get("step") ?? 0);
  return { ...frame, info };
}
