/** A relaxation as a walker: the path to the minimum, and the minimum itself. */
import type { Checkpoint } from "../dynamics/index.js";
import { type CellFreedom, relax } from "../relaxation/index.js";
import type { Frame, InfoValue, Structure } from "../structure/index.js";
import { gigapascal } from "../units/index.js";
import { passes } from "./doubt.js";
import type { LegEnd } from "./journal.js";
import { type HandedIn, handIn, type Leg, type LegTask, LookBook, type WalkPotential } from "./walk.js";
import type { WalkerOf } from "./walkers.js";

export function walkByRelaxation(potential: WalkPotential, walker: WalkerOf<"relax">, task: LegTask): Leg {
  const { rules, steps } = task;
  const { thresholds, random } = rules;
  const from = task.checkpoint === undefined ? walker.structures[0] : structureOf(task.checkpoint, walker);
  const book = new LookBook(rules);
  const handedIn: HandedIn[] = [];
  let stopped = false;
  let collected = Number.NEGATIVE_INFINITY;
  const look = (step: number, structure: Structure): "stop" | undefined => {
    const evaluation = potential.evaluate(structure);
    const doubt = book.note(step, evaluation);
    const wanted = random || passes(doubt, thresholds, "collect");
    stopped = !random && passes(doubt, thresholds, "stop");
    if (wanted && (stopped || step - collected >= rules.spacing)) {
      collected = step;
      const one = handIn(frameOf(structure, doubt.disagreement), {
        step,
        why: random ? "passed" : "doubt",
        thresholds,
      });
      if (one !== undefined) handedIn.push(one);
    }
    return stopped ? "stop" : undefined;
  };
  const cell: { cell?: CellFreedom } = walker.pressure === undefined ? {} : { cell: {} };
  const result = relax(
    potential,
    {
      ...{
        structure: from,
        ...cell,
        pressure: (walker.pressure ?? 0) * gigapascal,
        maxSteps: steps,
        finalReport: false,
      },
      closest: rules.closest,
    },
    { onStep: ({ step }, structure) => (step % rules.every === 0 ? look(step, structure) : undefined) },
  );
  // The end is looked at, unless that has just been done.
  if (!stopped && result.reason !== "failed" && result.steps % rules.every !== 0) look(result.steps, result.structure);
  const end: LegEnd = result.reason === "failed" ? "lost" : stopped ? "doubt" : result.converged ? "done" : "steps";
  return {
    ...{ steps: result.steps, end, message: result.trouble?.problem, handedIn },
    checkpoint: end === "lost" ? undefined : checkpointOf(result.structure, result.energy),
    ...book.summary(result.steps),
  };
}

function frameOf(structure: Structure, disagreement: number | null): Frame {
  const info = new Map<string, InfoValue>(disagreement === null ? [] : [["disagreement", disagreement]]);
  return { structure, info, columns: new Map(), source: { file: "relaxation", structure: 1, line: 1 } };
}

const NOTHING = new Float64Array(0);

const checkpointOf = ({ species, positions, cell }: Structure, energy: number): Checkpoint => ({
  ...{ ensemble: "relaxation", step: 0, time: 0, energy, species, positions, cell: cell ?? NOTHING },
  ...{ velocities: NOTHING, forces: NOTHING, stress: NOTHING, variables: NOTHING, random: NOTHING, extras: {} },
});

const structureOf = ({ positions, cell }: Checkpoint, { structures: [first] }: WalkerOf<"relax">): Structure => ({
  ...first,
  positions,
  cell: cell.length === 0 ? undefined : cell,
});
