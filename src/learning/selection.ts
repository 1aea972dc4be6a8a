/**
 * Which structures of a round are labelled.
 *
 * "diverse": the one farthest from the data first, then the one farthest from data and those chosen, and so on (farthest points), until
 * there are enough, or the next one would be a near-duplicate. "random": any, near-duplicates left out as well.
 */
import type { RandomStream } from "../math/index.js";
import type { Environments, KnownEnvironments } from "./environments.js";

export interface Selectable {
  readonly environments: Environments;
}

export interface SelectionRules {
  readonly method: "diverse" | "random";
  readonly most: number;
  /** Below it, structures are near-duplicates. */
  readonly separation: number;
}

/** Indices in the order of their choice; what is chosen becomes known. Where distances are equal the earlier one comes first. */
export function selectStructures(
  candidates: readonly Selectable[],
  known: KnownEnvironments,
  { rules, random }: { readonly rules: SelectionRules; readonly random: RandomStream },
): number[] {
  return rules.method === "random"
    ? randomOnes(candidates, known, { rules, random })
    : farthest(candidates, known, rules);
}

function farthest(candidates: readonly Selectable[], known: KnownEnvironments, rules: SelectionRules): number[] {
  const chosen: number[] = [];
  const distances = candidates.map(({ environments }) => known.distance(environments));
  while (chosen.length < rules.most) {
    let best = -1;
    candidates.forEach((_, k) => {
      if (!chosen.includes(k) && distances[k] >= rules.separation && (best < 0 || distances[k] > distances[best]))
        best = k;
    });
    if (best < 0) break;
    chosen.push(best);
    known.add(candidates[best].environments);
    // Distances only shrink: those that are too short already need not be looked at again.
    candidates.forEach(({ environments }, k) => {
      if (distances[k] >= rules.separation) distances[k] = known.distance(environments);
    });
  }
  return chosen;
}

function randomOnes(
  candidates: readonly Selectable[],
  known: KnownEnvironments,
  { rules, random }: { readonly rules: SelectionRules; readonly random: RandomStream },
): number[] {
  const chosen: number[] = [];
  for (const k of random.shuffle(candidates.map((_, i) => i))) {
    if (chosen.length >= rules.most) break;
    const { environments } = candidates[k];
    if (known.distance(environments) < rules.separation) continue;
    chosen.push(k);
    known.add(environments);
  }
  return chosen;
}
