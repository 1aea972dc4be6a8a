/** What each member of a committee is to do: its structures, networks and number of epochs. */
import type { ElementDescriptors } from "../../descriptors/definition.js";
import type { DescriptorProgram } from "../../descriptors/program.js";
import { InputError } from "../../errors/index.js";
import { RandomStream } from "../../math/index.js";
import type { NetworkShape } from "../../networks/index.js";
import { elementSymbol } from "../../structure/index.js";
import { type ActivationName, activationLetters } from "../../training/configuration.js";
import type { EngineLayout } from "../../training/engine.js";
import type { Labelled } from "../../training/loss.js";
import type { MemberPlan } from "../../training/member.js";
import type { FitRun } from "./train-run.js";
import { memberStart, startSentence, startShapes } from "./train-start.js";
import type { TrainingData } from "./training-data.js";

/**
 * Atoms shown to a network in the whole fit. On mlearn's silicon (13,233 atoms) 100 to 120 epochs did better on the test set than
 * 340, which overfit its few surfaces.
 */
const ATOM_EPOCHS = 1.6e6;

/** Epochs where the configuration names none: a fixed amount of work for small sets, less per structure for large ones. */
export function automaticEpochs(atoms: number, method: string): number {
  if (method === "kalman") return 30;
  if (method === "lbfgs") return 500;
  if (method === "levenberg-marquardt") return 60;
  return Math.max(20, Math.min(1000, Math.round(ATOM_EPOCHS / Math.max(1, atoms))));
}

/** Hidden layers where the configuration names none. */
export function automaticHidden(labels: number): number[] {
  if (labels < 300) return [10, 10];
  if (labels < 3000) return [15, 15];
  return labels < 15000 ? [20, 20] : [30, 30];
}

export interface PlanParts {
  readonly structures: readonly Labelled[];
  readonly program: DescriptorProgram;
  readonly descriptors: readonly ElementDescriptors[];
}

export function planMembers(run: FitRun, data: TrainingData, parts: PlanParts): MemberPlan[] {
  const { structures, program, descriptors } = parts;
  const { committee, seed, epochs, optimizer, loss, split, stop, scaling, network } = run.configuration;
  const mostAtoms = descriptors.map((_, e) =>
    Math.max(0, ...structures.map(({ cached }) => cached.starts[e + 1]! - cached.starts[e]!)),
  );
  const layout: EngineLayout = { program, mostAtoms };
  const shapes = fitShapes(run, data, descriptors);
  const atoms = data.train.reduce((sum, i) => sum + structures[i]!.cached.atoms, 0);
  return Array.from({ length: committee.members }, (_, member) => {
    const own = committee.different === "split" ? seed : seed + member;
    const splitSeed = committee.different === "seed" ? seed : seed + member;
    const { train, validation } = holdOut(data, split.validation, splitSeed);
    return {
      member,
      seed: own,
      structures,
      train,
      validation,
      shapes,
      layout,
      scaling,
      initial: network.initial,
      start: run.start === undefined ? undefined : memberStart(run.start.potential, member),
      energyScale: undefined,
      weights: { energy: loss.energy, forces: loss.forces, stress: loss.stress },
      l2: loss.l2,
      dropout: network.dropout.probability > 0 ? network.dropout.probability : undefined,
      optimizer,
      epochs: epochs ?? automaticEpochs(atoms, optimizer.method),
      patience: stop.patience ?? undefined,
    };
  });
}

/** A share of every group, rounded down: a rare group is worth more in training. */
function holdOut(data: TrainingData, fraction: number, seed: number): { train: number[]; validation: number[] } {
  const groups = new Map<string, number[]>();
  for (const i of data.train) groups.set(data.groups[i]!, [...(groups.get(data.groups[i]!) ?? []), i]);
  const held = [...groups].flatMap(([group, indices]) =>
    new RandomStream(seed, `validation ${group}`).shuffle([...indices]).slice(0, Math.floor(fraction * indices.length)),
  );
  // Small groups alone (every structure its own composition, say): a share of all of them.
  const wanted = Math.round(fraction * data.train.length);
  const drawn =
    held.length >= 0.5 * wanted ? held : new RandomStream(seed, "validation").shuffle([...data.train]).slice(0, wanted);
  const validation = new Set(drawn);
  return {
    train: data.train.filter((i) => !validation.has(i)),
    validation: data.train.filter((i) => validation.has(i)),
  };
}

function hiddenActivations(names: ActivationName | readonly ActivationName[], layers: number, element: string) {
  if (typeof names === "string") return Array.from({ length: layers }, () => activationLetters[names]);
  if (names.length === layers) return names.map((name) => activationLetters[name]);
  throw new InputError({
    code: "bad-activations",
    problem: `\`activation\` has ${names.length} names for the ${layers} hidden layers of ${element}.`,
    expected: "Expected one name for all layers, or one for each.",
    remedy: "Change `network.activation`, or `network.hidden`.",
  });
}

function fitShapes(run: FitRun, data: TrainingData, descriptors: readonly ElementDescriptors[]): NetworkShape[] {
  const { choices } = run;
  const { probability, passes } = run.configuration.network.dropout;
  const shapes = run.start === undefined ? newShapes(run, data, descriptors) : startShapes(run.start.potential);
  if (run.start !== undefined) choices.push(startSentence(run.start, run.configuration.committee.members));
  if (probability > 0)
    choices.push(
      `Dropout: hidden neurons are left out with probability ${probability}; predictions are means of ${passes} passes.`,
    );
  return shapes;
}

function newShapes(
  { configuration: { network }, choices }: FitRun,
  data: TrainingData,
  descriptors: readonly ElementDescriptors[],
): NetworkShape[] {
  const labels = data.train.reduce((sum, i) => {
    const frame = data.frames[i]!;
    return sum + 1 + (data.useForces ? (frame.forces?.length ?? 0) : 0);
  }, 0);
  const shapes = descriptors.map(({ element, functions }) => {
    const own = network.elements[elementSymbol(element)];
    const hidden = own?.hidden ?? network.hidden ?? automaticHidden(labels);
    const names = own?.activation ?? network.activation;
    return {
      nodes: [functions.length, ...hidden, 1],
      activations: [...hiddenActivations(names, hidden.length, elementSymbol(element)), "l" as const],
      normalizeNodes: network.normalizeNodes,
    };
  });
  const named = shapes.map((s, e) => `${elementSymbol(descriptors[e]!.element)} ${s.nodes.join("-")}`);
  choices.push(`Networks: ${named.join(", ")}${network.hidden === null ? ` for ${labels} labels` : ""}.`);
  return shapes;
}
