/**
 * Chooses symmetry functions from the data: a cutoff that holds about as many neighbours as three or four shells of a solid,
 * radial functions that cover the distances evenly, wide angular functions that cover distances and angles, and then drops
 * what is constant or can be had from the others on the data.
 *
 * Radial: Gaussians at evenly spaced rs from below the shortest distance to the cutoff, as wide as their spacing (the
 * shifted set of Imbalzano et al., J. Chem. Phys. 148, 241730, 2018). Angular: type 9, (1+λcosθ)^ζ with both λ; three centred
 * shapes (rs = 0) see all pairs of distances, shells at some rs tell near pairs from far ones. Type 9 with whole ζ is linear in
 * the number of neighbours where n2p2's usual narrow type 3 is quadratic, and did not fit worse.
 */

import { neighborList } from "../neighbors/index.js";
import { elementSymbol, type Structure } from "../structure/index.js";
import type { Cutoff, ElementDescriptors, SymmetryFunction } from "./definition.js";
import { orderFunctions } from "./order.js";

export type DescriptorSize = "small" | "medium" | "large";

export interface AutomaticOptions {
  /** Å; undefined: chosen from the data. */
  readonly cutoff: number | undefined;
  readonly size: DescriptorSize;
  readonly cutoffFunction: Cutoff;
}

interface Recipe {
  readonly radial: number;
  /** exp(−η r²) with η = centred/rc². */
  readonly centred: readonly number[];
  readonly centredZetas: readonly number[];
  readonly shells: number;
  readonly shellZetas: readonly number[];
  /** Neighbours within the cutoff where it is chosen. */
  readonly neighbors: number;
}

const recipes: Readonly<Record<DescriptorSize, Recipe>> = {
  small: { radial: 8, centred: [1, 6], centredZetas: [1, 4], shells: 1, shellZetas: [1, 4], neighbors: 40 },
  medium: {
    radial: 10,
    centred: [0.7, 3.6, 11],
    centredZetas: [1, 2, 4, 8],
    shells: 3,
    shellZetas: [1, 4],
    neighbors: 45,
  },
  large: {
    radial: 14,
    centred: [0.7, 3.6, 11],
    centredZetas: [1, 2, 4, 8],
    shells: 5,
    shellZetas: [1, 2, 4],
    neighbors: 50,
  },
};

/** Raw values of candidate functions: one row per atom of each element. */
export type DescriptorSampler = (descriptors: readonly ElementDescriptors[]) => readonly (readonly Float64Array[])[];

export interface DescriptorChoice {
  readonly descriptors: readonly ElementDescriptors[];
  readonly cutoff: number;
  /** What was chosen and why, a sentence each. */
  readonly sentences: readonly string[];
}

/** `structures`: a sample that stands for the data; `sample` evaluates candidates on the same structures. */
export function chooseDescriptors(
  structures: readonly Structure[],
  options: AutomaticOptions,
  sample: DescriptorSampler,
): DescriptorChoice {
  const elements = [...new Set(structures.flatMap((s) => [...s.species]))].sort((a, b) => a - b);
  const recipe = recipes[options.size];
  const shortest = shortestDistance(structures);
  const cutoff = options.cutoff ?? cutoffForNeighbors(structures, recipe.neighbors, shortest);
  const candidates = elements.map((element) => ({
    element,
    functions: orderFunctions(candidateFunctions(elements, recipe, { ...options, cutoff, shortest })),
  }));
  const rows = sample(candidates);
  const sentences = [
    options.cutoff === undefined
      ? `Cutoff ${cutoff} Å: it holds ${meanNeighbors(structures, cutoff).toFixed(0)} neighbours on average; the shortest distance is ${shortest.toFixed(2)} Å.`
      : `Cutoff ${cutoff} Å, as given: ${meanNeighbors(structures, cutoff).toFixed(0)} neighbours on average.`,
  ];
  const descriptors = candidates.map(({ element, functions }, e) => {
    const { kept, constant, redundant } = prune(rows[e]!, functions.length);
    const radial = kept.filter((s) => functions[s]!.type === 2).length;
    sentences.push(
      `${elementSymbol(element)}: ${kept.length} functions (${radial} radial, ${kept.length - radial} wide angular)${dropped(constant, redundant)}.`,
    );
    return { element, functions: kept.map((s) => functions[s]!) };
  });
  return { descriptors, cutoff, sentences };
}

function dropped(constant: number, redundant: number): string {
  const parts = [
    ...(constant > 0 ? [`${constant} constant on the data`] : []),
    ...(redundant > 0 ? [`${redundant} that the others determine`] : []),
  ];
  return parts.length === 0 ? "" : `; dropped ${parts.join(" and ")}`;
}

interface CandidateOptions {
  readonly cutoff: number;
  readonly shortest: number;
  readonly cutoffFunction: Cutoff;
}

function candidateFunctions(
  elements: readonly number[],
  recipe: Recipe,
  options: CandidateOptions,
): SymmetryFunction[] {
  const { cutoff: rc, shortest, cutoffFunction } = options;
  const inner = 0.85 * shortest;
  const spacing = (rc - inner) / recipe.radial;
  const round = (x: number): number => Number(x.toPrecision(6));
  const functions: SymmetryFunction[] = [];
  for (const z of elements)
    for (let i = 0; i < recipe.radial; i++)
      functions.push({
        type: 2,
        neighbors: [z],
        eta: round(1 / (spacing * spacing)),
        rs: round(inner + i * spacing),
        rc,
        cutoff: cutoffFunction,
      });
  const shellSpacing = (0.75 * rc - shortest) / Math.max(1, recipe.shells);
  const shapes = [
    ...recipe.centred.map((eta) => ({ eta: round(eta / (rc * rc)), rs: 0, zetas: recipe.centredZetas })),
    ...Array.from({ length: recipe.shells }, (_, i) => ({
      eta: round(1 / (shellSpacing * shellSpacing)),
      rs: round(shortest + i * shellSpacing),
      zetas: recipe.shellZetas,
    })),
  ];
  elements.forEach((z1, i) => {
    for (const z2 of elements.slice(i))
      for (const { eta, rs, zetas } of shapes)
        for (const zeta of zetas)
          for (const lambda of [1, -1])
            functions.push({ type: 9, neighbors: [z1, z2], eta, rs, lambda, zeta, rc, cutoff: cutoffFunction });
  });
  return functions;
}

/** Å; of structures with neighbours within 4 Å, else 1. */
function shortestDistance(structures: readonly Structure[]): number {
  const distances: number[] = [];
  for (const structure of structures) {
    let nearest = Number.POSITIVE_INFINITY;
    const { vectors } = neighborList(structure, 4);
    for (let p = 0; p < vectors.length; p += 3)
      nearest = Math.min(nearest, Math.hypot(vectors[p]!, vectors[p + 1]!, vectors[p + 2]!));
    if (Number.isFinite(nearest)) distances.push(nearest);
  }
  // A low percentile: one strange structure must not stretch the set.
  distances.sort((a, b) => a - b);
  return distances[Math.floor(0.05 * distances.length)] ?? 1;
}

function meanNeighbors(structures: readonly Structure[], cutoff: number): number {
  let pairs = 0;
  let atoms = 0;
  for (const structure of structures) {
    pairs += neighborList(structure, cutoff).indices.length;
    atoms += structure.species.length;
  }
  return pairs / Math.max(1, atoms);
}

/** The radius, in steps of 0.1 Å between 2 and 3 shortest distances and at most 7 Å, that holds `wanted` neighbours. */
function cutoffForNeighbors(structures: readonly Structure[], wanted: number, shortest: number): number {
  const least = Math.max(3.5, Math.ceil(20 * shortest) / 10);
  const most = Math.max(least, Math.min(7, Math.floor(32 * shortest) / 10));
  let cutoff = least;
  while (cutoff < most - 1e-9 && meanNeighbors(structures, cutoff) < wanted) cutoff += 0.1;
  return Number(cutoff.toFixed(1));
}

/** Part of a function's variance that the kept ones may leave unexplained for it to be dropped. */
const REDUNDANT = 1e-6;

/** Greedy choice by what each function adds (Gram–Schmidt with pivoting on standardised columns). */
function prune(rows: readonly Float64Array[], count: number): { kept: number[]; constant: number; redundant: number } {
  const n = rows.length;
  const columns = Array.from({ length: count }, (_, s) => Float64Array.from(rows, (row) => row[s]!));
  let constant = 0;
  const alive = columns.map((column) => {
    const mean = column.reduce((a, b) => a + b, 0) / n;
    let variance = 0;
    for (let i = 0; i < n; i++) variance += (column[i]! - mean) ** 2 / n;
    const varies = variance > 1e-16 * (1 + mean * mean);
    if (!varies) constant++;
    const scale = varies ? 1 / Math.sqrt(variance * n) : 0;
    for (let i = 0; i < n; i++) column[i] = (column[i]! - mean) * scale;
    return varies;
  });
  const kept: number[] = [];
  for (;;) {
    let best = -1;
    let most = REDUNDANT;
    for (let s = 0; s < count; s++) {
      if (!alive[s]) continue;
      const rest = columns[s]!.reduce((sum, x) => sum + x * x, 0);
      if (rest > most) {
        most = rest;
        best = s;
      }
    }
    if (best < 0) break;
    kept.push(best);
    alive[best] = false;
    const axis = columns[best]!.map((x) => x / Math.sqrt(most));
    for (let s = 0; s < count; s++) {
      if (!alive[s]) continue;
      const column = columns[s]!;
      let dot = 0;
      for (let i = 0; i < n; i++) dot += axis[i]! * column[i]!;
      for (let i = 0; i < n; i++) column[i]! -= dot * axis[i]!;
    }
  }
  return { kept: kept.sort((a, b) => a - b), constant, redundant: count - constant - kept.length };
}
