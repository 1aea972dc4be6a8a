/**
 * The one shape of everything that labels structures, and of a program that does so through files.
 *
 * An engine is asked for a structure and answers with labels or with a failure that says why there are none; it throws an
 * `InputError` only for what the user must mend first (a pseudopotential that is not there, a structure that it cannot do).
 */
import type { Trouble } from "../errors/index.js";
import type { Frame, Structure } from "../structure/index.js";
import type { Cost } from "./cost.js";
import type { Failure } from "./failure.js";

/** What a program says of a structure. */
export interface Labels {
  /** Total energy of which the forces are the derivative, eV: the free energy where the electrons are smeared. */
  readonly energy: number;
  /** [atom, xyz] row-major in the order of the structure's atoms, eV/Å. */
  readonly forces: Float64Array;
  /** xx yy zz yz xz xy, eV/Å³, negative under compression; undefined where the program gives none. */
  readonly stress: Float64Array | undefined;
}

export type Outcome =
  | { readonly converged: true; readonly labels: Labels }
  | { readonly converged: false; readonly failure: Failure };

/** One structure sent to an engine, and what came of it. */
export interface Calculation {
  readonly engine: string;
  /** As the program gives it; undefined where it does not say. */
  readonly version: string | undefined;
  readonly structure: Structure;
  readonly outcome: Outcome;
  readonly cost: Cost;
  /** Where input and output are kept; undefined for engines without files. */
  readonly directory: string | undefined;
  /** Whether an earlier run of the very same input was found in the directory and nothing had to be computed. */
  readonly reused: boolean;
}

/** Whether an engine can work here. */
export type Installation =
  | { readonly installed: true; readonly version: string | undefined }
  | { readonly installed: false; readonly problem: string; readonly remedy: string };

export interface LabelOptions {
  /** Name of its directory; default: made from the input, so that the same input finds its earlier result. */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

/** What learning, dynamics and commands know of an engine. */
export interface Engine {
  readonly name: string;
  readonly title: string;
  check(): Promise<Installation>;
  label(structure: Structure, options?: LabelOptions): Promise<Calculation>;
  /** Ends what the engine has kept running. */
  close(): Promise<void>;
}

/** What a run may take before it is ended; undefined is without limit. */
export interface Limits {
  /** Wall time of one structure, s. */
  readonly seconds?: number | undefined;
  /** Resident memory of all its processes together, MB (10⁶ bytes). */
  readonly megabytes?: number | undefined;
}

/** A program and its words; never a line for a shell. */
export interface Command {
  readonly words: readonly [string, ...string[]];
  /** Variables on top of the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** File of the calculation that is its standard input; default: empty. */
  readonly input?: string;
}

/** Files of a calculation after the run. `output` is what the program printed. */
export interface OutputFiles {
  /** The pieces of a file; undefined where there is none. */
  bytes(name: string): AsyncIterable<Uint8Array> | undefined;
  text(name: string): Promise<string | undefined>;
}

/** Name of the file with what a program printed. */
export const outputName = "output";
/** Name of the file with what it printed as errors. */
export const errorsName = "errors";

/** Everything that a run starts from, and how to read what it leaves. */
export interface Preparation {
  readonly files: ReadonlyMap<string, string>;
  readonly command: Command;
  read(files: OutputFiles): Promise<Outcome>;
}

/** Where a program that stays running finds us: a socket `/tmp/ipi_NAME`, or a port of this machine. */
export type SocketAddress = { readonly unix: string } | { readonly host: string; readonly port: number };

/** A start that waits for structures at a socket (i-PI). */
export interface WarmPreparation {
  readonly files: ReadonlyMap<string, string>;
  readonly command: Command;
  /** Structure as it must be sent, and the way back for what is received. */
  outward(structure: Structure): { readonly cell: Float64Array; readonly positions: Float64Array };
  inward(structure: Structure, labels: Labels): Labels;
  /** Whether this running program may do that structure too; otherwise it is started anew. */
  suits(structure: Structure): boolean;
  /**
   * What has been printed since the structure before says of convergence; "silent" where it says nothing (yet). Absent where a
   * program has nothing to converge.
   */
  verdict?(output: string): "converged" | "silent" | Failure;
}

/** How to learn a program's version: what to run, and where it stands in what is printed. */
export interface Probe {
  readonly command: Command;
  /** Its first group is the version. */
  readonly pattern: RegExp;
}

/** A program that is given files and leaves files. */
export interface Program {
  readonly name: string;
  readonly title: string;
  /** Debian's packages, for the remedy. */
  readonly packages: readonly string[];
  /** Undefined where only the presence of the program can be checked. */
  readonly probe: Probe | undefined;
  /** First word of its command. */
  readonly executable: string;
  prepare(structure: Structure): Preparation;
  prepareWarm?(structure: Structure, address: SocketAddress): WarmPreparation;
}

/** What a reader of outputs gives: converged frames in file order, and what it has refused. */
export interface OutputReading {
  readonly frames: readonly Frame[];
  readonly refusals: readonly Trouble[];
}

/** Reader of one output, handed in by the host. */
export type OutputReader = (
  source: AsyncIterable<Uint8Array>,
  options: { readonly file: string },
) => Promise<OutputReading>;
