/**
 * Groups of frames, for tables of errors and for splits: what the file says, else what its comments suggest, else the
 * formula.
 */
import { elementSymbol, type Frame, groupOf, type Structure } from "../structure/index.js";

/** "Cu2S", elements by atomic number, without the ones: the smallest whole-number composition. */
export function compositionFormula(structure: Structure): string {
  const counts = countsByElement(structure);
  const divisor = [...counts.values()].reduce(greatestCommonDivisor, 0);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([z, count]) => `${elementSymbol(z)}${count === divisor ? "" : count / divisor}`)
    .join("");
}

/** Atoms of each element, Z → count. */
export function countsByElement(structure: Structure): Map<number, number> {
  const counts = new Map<number, number>();
  for (const z of structure.species) counts.set(z, (counts.get(z) ?? 0) + 1);
  return counts;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/** The group of each frame, [frame]. */
export function groupsOf(frames: readonly Frame[]): string[] {
  const told = frames.map(toldGroup);
  const guessed = frames.map((frame) => guessFromComment(frame.info.get("comment")));
  // Comments that are all different name structures, not groups.
  const distinct = new Set(guessed.filter((name) => name !== undefined)).size;
  const useful = distinct > 0 && distinct <= Math.max(1, frames.length / 3);
  return frames.map((frame, k) => told[k] ?? (useful ? guessed[k] : undefined) ?? compositionFormula(frame.structure));
}

function toldGroup(frame: Frame): string | undefined {
  const group = groupOf(frame) ?? frame.info.get("phase");
  return group === undefined ? undefined : String(group);
}

/** Words of file names that say nothing about what is inside. */
const IDLE_WORDS = new Set(["more", "new", "old", "extra", "additional", "copy", "final"]);

/**
 * "Configuration from file More_Au100-a0-12.lammpstrj and TIMESTEP: 0" → "Au100": the name of the file that the comment
 * mentions, without folder, ending, running numbers at its end and idle words.
 */
export function guessFromComment(comment: unknown): string | undefined {
  if (typeof comment !== "string") return undefined;
  const mentioned = /\bfile\s*[:=]?\s*(\S+)/i.exec(comment)?.[1] ?? /^\s*(\S+)\s*$/.exec(comment)?.[1];
  if (mentioned === undefined) return undefined;
  const name = mentioned.replace(/^.*[/\\]/, "").replace(/\.[A-Za-z]\w*$/, "");
  const parts = name.split(/(?<=[-_.])/);
  const bare = (part: string | undefined) => (part ?? "").replace(/[-_.]$/, "");
  while (parts.length > 0 && /^[a-z]?\d*$/.test(bare(parts.at(-1)))) parts.pop();
  const kept = parts.filter((part) => !IDLE_WORDS.has(bare(part).toLowerCase()));
  const group = kept.join("").replace(/[-_.]+$/, "");
  return group === "" ? undefined : group;
}
