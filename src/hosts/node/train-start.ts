/** Fits that go on from a potential: what is taken from it, and whether it fits the data. */
import { createHash } from "node:crypto";
import { InputError } from "../../errors/index.js";
import { writePotentialJson } from "../../formats/potential-json.js";
import type { NetworkShape } from "../../networks/index.js";
import type { Member, NetworkPotential } from "../../potentials/definition.js";
import { elementSymbol } from "../../structure/index.js";
import type { TrainingConfiguration } from "../../training/configuration.js";
import type { MemberStart } from "../../training/warm-start.js";
import { unitSystem } from "../../units/index.js";
import { loadPotential } from "./potentials.js";
import type { FitStart } from "./train-run.js";
import { loadTrainingData, type TrainingData } from "./training-data.js";

/** Throws InputError where there is none, or its members do not share networks and reference energies. */
export function openStart(file: string, { units }: TrainingConfiguration): FitStart {
  const { potential } = loadPotential(file, unitSystem(units.length, units.energy));
  const [first, ...others] = potential.members.map(sharedOf);
  if (others.some((other) => other !== first))
    throw new InputError({
      code: "members-differ",
      where: { file },
      problem: "The members of this committee have different networks or reference energies.",
      expected: "Members that differ in their weights alone, as they are fitted together.",
      remedy: "Go on from one of the members, or leave `start` out.",
    });
  const digest = createHash("sha256").update(writePotentialJson(potential)).digest("hex");
  return { potential, digest, file };
}

/** What all members of a fit have in common. */
const sharedOf = ({ elements, referenceEnergies }: Member): string =>
  JSON.stringify([referenceEnergies, elements.map(({ network }) => shapeOf(network))]);

const shapeOf = ({ nodes, activations, normalizeNodes }: NetworkShape): NetworkShape => ({
  nodes,
  activations,
  normalizeNodes,
});

export const startShapes = ({ members }: NetworkPotential): NetworkShape[] =>
  members[0].elements.map(({ network }) => shapeOf(network));

/** The training data, with the reference energies of the potential for all its elements, so that its energies stay what they were. */
export async function loadContinuedData(
  configuration: TrainingConfiguration,
  { potential, file }: FitStart,
): Promise<TrainingData> {
  const energies = new Map(
    potential.descriptors.map(({ element }, e) => [element, potential.members[0].referenceEnergies[e]]),
  );
  const referenceEnergies = Object.fromEntries([...energies].map(([z, energy]) => [elementSymbol(z), energy]));
  const data = await loadTrainingData({ ...configuration, referenceEnergies });
  const stranger = data.elements.find((z) => !energies.has(z));
  if (stranger === undefined) return { ...data, referenceEnergies: energies };
  throw new InputError({
    code: "unknown-element",
    where: { file },
    problem: `The data contain ${elementSymbol(stranger)}, which the potential to go on from does not know.`,
    expected: `It knows ${[...energies.keys()].map(elementSymbol).join(", ")}.`,
    remedy: "Leave `start` out: new elements need a fit from the beginning.",
  });
}

/** Undefined for members beyond those of the potential: they start from random weights. */
export function memberStart({ members }: NetworkPotential, member: number): MemberStart | undefined {
  const from = members[member];
  return (
    from && {
      parameters: Float64Array.from(from.elements.flatMap(({ network }) => [...network.parameters])),
      scalings: from.elements.map(({ scaling }) => scaling),
      energyScale: from.energyScale,
    }
  );
}

export function startSentence({ potential, file }: FitStart, wanted: number): string {
  const there = potential.members.length;
  const count = there === 1 ? "one network" : `${there} members`;
  const rest = wanted > there ? ` ${wanted - there} of ${wanted} members start from random weights.` : "";
  const unused = wanted < there ? ` ${there - wanted} of its members are left out.` : "";
  return `The fit goes on from ${file} (${count}), with its functions, networks and reference energies.${rest}${unused}`;
}
