/** Orders of a round: the structures that are to be labelled, in a file, and their names. */
import { type LearningState, ordersOf, type Pick } from "../../learning/index.js";
import type { Frame, InfoValue, Structure } from "../../structure/index.js";
import type { KeepingEngine } from "./engines/index.js";
import type { LearnDirectory } from "./learn-directory.js";

export interface Draft extends Omit<Pick, "id"> {
  readonly structure: Structure;
}

export interface OrderParts {
  readonly round: number;
  readonly directory: LearnDirectory;
  readonly engine: KeepingEngine;
  /** Ids that need no label any more: bought, or given up. */
  readonly known: ReadonlySet<string>;
}

/** Hash of the structure and of the settings of the engine. Throws InputError for a structure that the engine cannot do. */
export const orderId = (engine: KeepingEngine, structure: Structure): string => engine.keyOf(structure).slice(0, 32);

/** Writes the file; the same structure twice is one order. */
export function ordersRecord(drafts: readonly Draft[], { round, directory, engine, known }: OrderParts) {
  const picks: Pick[] = [];
  const frames: Frame[] = [];
  const seen = new Set(known);
  for (const { structure, ...about } of drafts) {
    const id = orderId(engine, structure);
    if (seen.has(id)) continue;
    seen.add(id);
    picks.push({ id, ...about });
    frames.push(orderFrame(structure, { id, round, ...about }));
  }
  const file = directory.ofRound(round, "orders.extxyz");
  if (frames.length > 0) directory.writeFrames(file, frames);
  return { event: "ordered", round, file, picks } as const;
}

function orderFrame(
  structure: Structure,
  { id, round, group, step, disagreement }: Pick & { readonly round: number },
): Frame {
  const info = new Map<string, InfoValue>([
    ["config_type", group],
    ["label", id],
    ["round", round],
    ["step", step],
    ...(disagreement === null ? [] : [["disagreement", disagreement] as const]),
  ]);
  return { structure, info, columns: new Map(), source: { file: "orders", structure: 1, line: 1 } };
}

/** Structures of the present round's orders by their id. */
export async function orderFrames(
  directory: LearnDirectory,
  state: LearningState,
): Promise<ReadonlyMap<string, Frame>> {
  const { ordersFile, round } = state.rounds[state.rounds.length - 1];
  if (ordersFile === undefined) throw new Error("nothing has been ordered in this round");
  const ids = new Set(ordersOf(state, round).map(({ id }) => id));
  const frames = await directory.readFrames(ordersFile);
  return new Map(
    frames.map((frame) => [String(frame.info.get("label")), frame] as const).filter(([id]) => ids.has(id)),
  );
}
