/**
 * What a fit leaves behind: plain data, written to the run directory and shown in the report.
 */
import type { Uncertainty } from "../potentials/potential.js";

/** Root mean square and mean absolute error over `count` values. */
export interface ErrorPair {
  readonly rmse: number;
  readonly mae: number;
  readonly count: number;
}

/** Errors of one set of structures. A quantity without labels is absent. */
export interface SetErrors {
  readonly structures: number;
  /** meV/atom, one value per structure. */
  readonly energy?: ErrorPair;
  /** eV/Å, one value per force component. */
  readonly forces?: ErrorPair;
  /** GPa, one value per stress component (six a structure). */
  readonly stress?: ErrorPair;
}

/** Errors in total and per group, groups in order of first appearance. */
export interface GroupedErrors {
  readonly total: SetErrors;
  readonly groups: Readonly<Record<string, SetErrors>>;
}

/** One epoch of one member. */
export interface EpochRecord {
  readonly member: number;
  readonly epoch: number;
  /** Since the start of this member's fit, all resumed parts together, s. */
  readonly seconds: number;
  readonly loss: number;
  readonly train: SetErrors;
  /** Held out of this member's training; chooses the best epoch. */
  readonly validation?: SetErrors;
  /** Learning rate, filter noise or damping, as the optimiser names it. */
  readonly step: Readonly<Record<string, number>>;
}

/** Reference and prediction of one structure by the finished potential (the mean over members and passes). */
export interface StructureComparison {
  /** File and 1-based frame in it. */
  readonly file: string;
  readonly structure: number;
  readonly group: string;
  readonly set: "train" | "validation" | "test";
  readonly atoms: number;
  /** eV */
  readonly energy?: { readonly reference: number; readonly predicted: number };
  /** [atom, xyz] row-major, eV/Å */
  readonly forces?: { readonly reference: Float64Array; readonly predicted: Float64Array };
  /** xx yy zz yz xz xy, eV/Å³ */
  readonly stress?: { readonly reference: Float64Array; readonly predicted: Float64Array };
  /** Spread of a committee or of dropout passes. */
  readonly uncertainty?: Uncertainty;
}

export interface MemberRecord {
  readonly seed: number;
  readonly bestEpoch: number;
  readonly epochs: number;
  readonly history: readonly EpochRecord[];
  readonly trainStructures: number;
  readonly validationStructures: number;
}

export interface TrainingResult {
  readonly seed: number;
  /** The configuration with every default filled in. */
  readonly configuration: unknown;
  readonly members: readonly MemberRecord[];
  readonly errors: { readonly train: GroupedErrors; readonly test?: GroupedErrors };
  readonly comparisons: readonly StructureComparison[];
  /** What was chosen and why (descriptors, reference energies, scaling), a sentence each. */
  readonly choices: readonly string[];
  /** What deserves a look (duplicates, constant functions, …), a sentence each. */
  readonly warnings: readonly string[];
  /** Wall time of the whole fit, earlier runs that it resumed included, s, and its parts by name. */
  readonly seconds: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly machine: { readonly node: string; readonly cpu: string; readonly cores: number; readonly threads: number };
}
