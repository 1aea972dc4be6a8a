/** Sums of potentials for simulations: a network and the repulsion of nuclei (ZBL) below its data, or a baseline and its correction. */
import { createHash } from "node:crypto";
import { sum, sumOfFields } from "../../potentials/index.js";
import { atomCount, type Structure } from "../../structure/index.js";
import type { Locality, RelistingForceField, SimulationPotential } from "./simulate-potential.js";

/** Each keeps its neighbours and its threads. Throws InputError as `sum` does. */
export function sumForSimulation(parts: readonly SimulationPotential[]): SimulationPotential {
  const total = sum(...parts);
  const once = sum(...parts.map((part) => ({ ...part, evaluate: part.evaluateOnce })));
  return {
    elements: total.elements,
    cutoff: total.cutoff,
    evaluate: (structure, demand) => total.evaluate(structure, demand),
    evaluateOnce: (structure, demand) => once.evaluate(structure, demand),
    bind: (structure) => boundTo(parts, structure),
    fingerprint: createHash("sha256")
      .update(JSON.stringify(parts.map(({ fingerprint }) => fingerprint)))
      .digest("hex"),
    hasSpread: parts.some(({ hasSpread }) => hasSpread),
    locality: localityOf(parts.map(({ locality }) => locality)),
    threads: Math.max(...parts.map(({ threads }) => threads)),
    warnings: parts.flatMap(({ warnings }) => warnings),
    forget: () => {
      for (const part of parts) part.forget();
    },
    close: async () => {
      await Promise.all(parts.map((part) => part.close()));
    },
  };
}

function boundTo(parts: readonly SimulationPotential[], structure: Structure): RelistingForceField {
  const fields = parts.map((part) => part.bind(structure));
  return {
    ...sumOfFields(fields, atomCount(structure)),
    relist: () => {
      for (const field of fields) field.relist();
    },
  };
}

const localityOf = (parts: readonly Locality[]): Locality =>
  (["none", "shared"] as const).find((locality) => parts.includes(locality)) ?? "own";
