/** Given structures as a walker: all of them are looked at in every round, until the potential knows them all. */
import { InputError } from "../errors/index.js";
import { passes } from "./doubt.js";
import { type HandedIn, handIn, type Leg, type LegTask, LookBook, type WalkPotential } from "./walk.js";
import type { WalkerOf } from "./walkers.js";

/** It moves by no steps: its looks count the structures. */
export function walkThroughStructures(
  potential: WalkPotential,
  { structures }: WalkerOf<"structures">,
  { rules }: LegTask,
): Leg {
  const { thresholds, random } = rules;
  const book = new LookBook(rules);
  const handedIn: HandedIn[] = [];
  structures.forEach((structure, k) => {
    const step = k + 1;
    const evaluation = evaluated(potential, { structure, step });
    const doubt = book.note(step, evaluation);
    if (!random && !passes(doubt, thresholds, "collect")) return;
    const { uncertainty } = evaluation;
    const frame = {
      structure,
      info: new Map(uncertainty && [["disagreement", uncertainty.disagreement]]),
      columns: new Map(
        uncertainty && [["force_spread", { type: "R", width: 3, values: uncertainty.forces.slice() } as const]],
      ),
      source: { file: "structures", structure: step, line: 1 },
    };
    const one = handIn(frame, { step, why: random ? "passed" : "doubt", thresholds });
    if (one !== undefined) handedIn.push(one);
  });
  const end = handedIn.length > 0 ? "doubt" : "done";
  return { steps: 0, end, message: undefined, checkpoint: undefined, handedIn, ...book.summary(0), quiet: 0 };
}

function evaluated(
  potential: WalkPotential,
  { structure, step }: { structure: WalkerOf<"structures">["structures"][0]; step: number },
) {
  try {
    return potential.evaluate(structure);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError({ ...error.trouble, where: { ...error.trouble.where, structure: step } }, { cause: error });
  }
}
