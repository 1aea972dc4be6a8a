/** Why a run ended before its time, as data; text is made of it at the edge. */
import { describe, type Trouble } from "../errors/index.js";
import type { Frame } from "../structure/index.js";
import type { Quantity } from "./thresholds.js";

export type VerdictReason =
  /** A threshold with the action "stop". */
  | Quantity
  /** Energy, forces or positions are not numbers any more. */
  | "non-finite"
  | "atoms-too-close"
  /** The temperature is above its limit. */
  | "too-hot"
  /** The temperature has grown by too large a factor. */
  | "runaway"
  /** The invariant has left its place. */
  | "energy-drift"
  /** The potential, or the ensemble, could not go on. */
  | "evaluation-failed";

export interface Verdict {
  readonly reason: VerdictReason;
  readonly step: number;
  /** fs */
  readonly time: number;
  /** What was found and what was allowed, in `unit`; NaN where there is no such number. */
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
  /** 0-based atoms that it is about. */
  readonly atoms: readonly number[];
  /** For "evaluation-failed": what the potential said. */
  readonly trouble: Trouble | undefined;
  /** The last good moments that led there, oldest first. */
  readonly lastGood: readonly Frame[];
  /** The moment itself; numbers in it may not be finite. Undefined where the step could not be finished. */
  readonly frame: Frame | undefined;
}

/** Whether the run was ended by doubt in the potential, not by nonsense: exit code 3 instead of 1. */
export const isDoubt = ({ reason }: Verdict): boolean =>
  reason === "disagreement" || reason === "energy-spread" || reason === "extrapolations";

const SAYINGS: Readonly<Record<VerdictReason, string>> = {
  disagreement: "the disagreement γ of the potential is",
  "energy-spread": "the spread of the energy is",
  extrapolations: "the number of function values outside the training data is",
  "non-finite": "a number is not finite:",
  "atoms-too-close": "the distance of two atoms is",
  "too-hot": "the temperature is",
  runaway: "the temperature runs away: it has grown by a factor of",
  "energy-drift": "the conserved quantity has changed by",
  "evaluation-failed": "the potential gave up",
};

/** One sentence; atoms count from 1. */
export function describeVerdict(verdict: Verdict): string {
  const { reason, step, time, value, limit, unit, atoms, trouble } = verdict;
  const number = (x: number): string => `${Number(x.toPrecision(4))}${unit === "" ? "" : ` ${unit}`}`;
  const about = atoms.length === 0 ? "" : ` (atom${atoms.length > 1 ? "s" : ""} ${atoms.map((i) => i + 1).join(", ")})`;
  const numbers = trouble !== undefined ? `: ${describe(trouble)}` : ` ${number(value)}${about}`;
  const allowed = Number.isNaN(limit) ? "" : `, limit ${number(limit)}`;
  return `Stopped at step ${step}, ${time} fs: ${SAYINGS[reason]}${numbers}${allowed}.`;
}
