/** Data from anywhere: frames of files, directories and patterns, and what among them may not be believed. */
import { describePlace, InputError, type Trouble } from "../../errors/index.js";
import type { Frame } from "../../structure/index.js";
import { dataFiles } from "./data-paths.js";
import { type ReadFramesOptions, readFrames } from "./files.js";

export interface ReadData {
  readonly frames: readonly Frame[];
  /** Calculations that were left out: not converged, cut off, failed. */
  readonly refusals: readonly Trouble[];
  /** In the order in which they were read. */
  readonly files: readonly string[];
}

export interface DataOptions extends Omit<ReadFramesOptions, "onRefusal"> {
  /** Whether files of which nothing is left are no error. Default false. */
  readonly acceptNothing?: boolean;
  /** Hears at the end what has been left out, if anything. */
  readonly onRefusals?: (refusals: readonly Trouble[], frames: number) => void;
}

/** Frame after frame. Throws InputError where nothing is left. */
export async function* dataFrames(paths: readonly string[], options: DataOptions = {}): AsyncGenerator<Frame> {
  const { onRefusals, acceptNothing = false, ...rest } = options;
  const refusals: Trouble[] = [];
  let frames = 0;
  for (const path of paths)
    for (const file of await dataFiles(path))
      for await (const frame of readFrames(file, { ...rest, onRefusal: (refusal) => refusals.push(refusal) })) {
        frames++;
        yield frame;
      }
  if (refusals.length === 0) return;
  if (frames === 0 && !acceptNothing) throw nothingLeft(paths, refusals);
  onRefusals?.(refusals, frames);
}

/** All frames, in memory. Throws InputError where nothing is left. */
export async function readData(
  paths: readonly string[],
  options: Omit<DataOptions, "onRefusals"> = {},
): Promise<ReadData> {
  const frames: Frame[] = [];
  let refusals: readonly Trouble[] = [];
  const files = (await Promise.all(paths.map(dataFiles))).flat();
  const keep = (found: readonly Trouble[]): void => {
    refusals = found;
  };
  for await (const frame of dataFrames(files, { ...options, onRefusals: keep })) frames.push(frame);
  return { frames, refusals, files };
}

/** How many are named in one sentence. */
const mostNamed = 8;

/** "3 of 40 calculations are left out (2 not converged, 1 cut off): run-7/OUTCAR:812, structure 3; …" */
export function refusalsText(refusals: readonly Trouble[], frames: number): string {
  const all = refusals.length + frames;
  const are = refusals.length === 1 ? "is" : "are";
  const named = refusals.slice(0, mostNamed).map(({ where }) => describePlace(where));
  const more = refusals.length - named.length;
  const rest = more > 0 ? `; and ${more} more, which \`potluck info --json\` names` : "";
  return `${refusals.length} of ${all} calculations ${are} left out (${refusalKinds(refusals)}): ${named.join("; ")}${rest}.`;
}

const words: Readonly<Record<string, string>> = {
  unconverged: "not converged",
  "cut-output": "cut off",
  "not-finite": "not finite",
  "no-structure": "without their structure",
  "program-error": "ended with an error",
  crashed: "crashed",
  "time-limit": "ended at its time limit",
  "memory-limit": "ended at its memory limit",
};

/** "2 not converged, 1 cut off" */
export function refusalKinds(refusals: readonly Trouble[]): string {
  const counts = new Map<string, number>();
  for (const { code } of refusals) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${count} ${words[code] ?? code}`).join(", ");
}

const nothingLeft = (paths: readonly string[], refusals: readonly Trouble[]): InputError =>
  new InputError({
    code: "nothing-left",
    where: { file: paths.length === 1 ? paths[0]! : `${paths[0]} and ${paths.length - 1} more` },
    problem: `Nothing here may be believed: ${refusalsText(refusals, 0)}`,
    remedy: `The first one: ${refusals[0]!.problem} ${refusals[0]!.remedy}`,
  });
