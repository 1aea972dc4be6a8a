/** The selection of a round: candidates from their files, compared with the data in the space of the symmetry functions. */
import {
  boughtOrders,
  currentRound,
  EnvironmentSpace,
  type HandIn,
  isWaiting,
  KnownEnvironments,
  type LearningState,
  type Order,
  selectStructures,
} from "../../learning/index.js";
import { RandomStream } from "../../math/index.js";
import { NetworkEvaluator } from "../../potentials/network-evaluator.js";
import type { Frame } from "../../structure/index.js";
import { angstromElectronvolt } from "../../units/index.js";
import { createKernels } from "./kernels.js";
import { type LearnContext, presentPotential } from "./learn-context.js";
import { type Draft, orderId, ordersRecord } from "./learn-orders.js";
import { loadPotential } from "./potentials.js";

interface CandidateFrame extends Draft {
  readonly frame: Frame;
}

export async function selectRound(context: LearnContext, state: LearningState) {
  const { plan, directory, engine } = context;
  const { configuration } = plan;
  const { round } = currentRound(state);
  const retries = configuration.label.retries;
  const known = new Set([...state.orders.values()].filter((order) => !isWaiting(order, retries)).map(({ id }) => id));
  const candidates = (await candidatesOf(context, state)).filter(
    ({ structure }) => !known.has(orderId(engine, structure)),
  );
  const { potential } = loadPotential(presentPotential(context, state).file, angstromElectronvolt);
  const kernels = createKernels();
  const evaluator = new NetworkEvaluator(kernels, potential);
  const space = new EnvironmentSpace(potential, { mean: configuration.select.distance === "mean" });
  const environments = (frame: Frame) => space.of(frame, evaluator.descriptors(frame.structure));
  const library = new KnownEnvironments();
  const random = new RandomStream(configuration.seed, `selection ${round}`);
  for (const frame of await knownFrames(context, state)) library.add(environments(frame));
  library.thin(random);
  const left =
    configuration.budget.labels === null
      ? Number.POSITIVE_INFINITY
      : configuration.budget.labels - boughtOrders(state).length;
  const rules = { ...configuration.select, most: Math.max(0, Math.min(configuration.select.most, left)) };
  const selectable = candidates.map(({ frame }) => ({ environments: environments(frame) }));
  const chosen = selectStructures(selectable, library, { rules, random });
  const drafts = chosen.map((k) => candidates[k]);
  return ordersRecord(
    drafts.map(({ frame: _, ...draft }) => draft),
    { round, directory, engine, known },
  );
}

/** In the order of the walkers and of their steps, in whatever order they have come in. */
async function candidatesOf({ plan, directory }: LearnContext, state: LearningState): Promise<CandidateFrame[]> {
  const { handIns } = currentRound(state);
  const place = ({ walker }: HandIn): number => plan.walkers.findIndex(({ name }) => name === walker);
  const found: CandidateFrame[] = [];
  for (const { walker, file, candidates } of [...handIns].sort((a, b) => place(a) - place(b) || a.leg - b.leg)) {
    const frames = await directory.readFrames(file);
    candidates.forEach(({ step, disagreement }, k) => {
      found.push({ group: walker, step, disagreement, structure: frames[k].structure, frame: frames[k] });
    });
  }
  return found;
}

/** The data, what has been labelled, and what could not be: its like is not asked for again. */
async function knownFrames({ plan, directory }: LearnContext, state: LearningState): Promise<Frame[]> {
  const { retries } = plan.configuration.label;
  const done = [...state.orders.values()].filter((order) => !isWaiting(order, retries));
  const labels = await Promise.all(
    done.filter(({ bought }) => bought).map(({ id }) => directory.readFrames(directory.labelName(id))),
  );
  return [...plan.data, ...labels.flat(), ...(await failedFrames(directory, state, done))];
}

async function failedFrames(
  directory: LearnContext["directory"],
  state: LearningState,
  done: readonly Order[],
): Promise<Frame[]> {
  const failed = new Set(done.filter(({ bought }) => !bought).map(({ id }) => id));
  const rounds = new Set(done.filter(({ bought }) => !bought).map(({ round }) => round));
  const files = state.rounds.flatMap(({ round, ordersFile }) => (rounds.has(round) && ordersFile ? [ordersFile] : []));
  const lists = await Promise.all(files.map((file) => directory.readFrames(file)));
  return lists.flat().filter(({ info }) => failed.has(String(info.get("label"))));
}
