/**
 * From members to a potential's evaluation: means, and the spread over all members and their passes,
 *
 *   σ² = ⟨ σ_m² + (x_m − x)² ⟩,   x = ⟨x_m⟩,
 *
 * with the variance σ_m² over the dropout passes of member m, 0 without dropout (law of total variance).
 */
import { atomCount, type Structure, volume } from "../structure/index.js";
import type { PassVariances } from "./dropout-passes.js";
import type { Evaluation, Extrapolation, Uncertainty } from "./potential.js";

/** One member's prediction of a structure; with dropout the mean over its passes. */
export interface MemberResult {
  /** [atom], eV */
  readonly atomicEnergies: Float64Array;
  /** [atom, xyz], eV/Å */
  readonly forces: Float64Array;
  /** Σ t_a r_b, [a, b] row-major, eV */
  readonly virial: Float64Array;
  /** Over the passes, where the member has some and a spread is wanted. */
  readonly variances?: PassVariances | undefined;
}

export interface CombinationContext {
  readonly structure: Structure;
  readonly extrapolation: readonly Extrapolation[];
  readonly withSpread: boolean;
}

/** Mean over members, and their spread. */
export function combineMembers(results: readonly MemberResult[], context: CombinationContext): Evaluation {
  const { structure, extrapolation, withSpread } = context;
  const atoms = atomCount(structure);
  const mean = (pick: (r: MemberResult) => Float64Array, length: number): Float64Array => {
    const sum = new Float64Array(length);
    for (const r of results)
      pick(r).forEach((x, i) => {
        sum[i]! += x;
      });
    return sum.map((x) => x / results.length);
  };
  const atomicEnergies = mean((r) => r.atomicEnergies, atoms);
  const hasSpread = results.length > 1 || results.some(({ variances }) => variances !== undefined);
  return {
    energy: atomicEnergies.reduce((a, b) => a + b, 0),
    forces: mean((r) => r.forces, 3 * atoms),
    stress: stressOf(
      mean((r) => r.virial, 9),
      structure,
    ),
    atomicEnergies,
    uncertainty: withSpread && hasSpread ? spread(results, structure) : undefined,
    extrapolation,
  };
}

function stressOf(w: Float64Array, structure: Structure): Float64Array | undefined {
  const v = fullVolume(structure);
  return v === undefined ? undefined : symmetric(w).map((x) => x / v);
}

/** Å³; undefined where there is no stress. */
const fullVolume = ({ cell, periodic }: Structure): number | undefined =>
  cell === undefined || !periodic.every(Boolean) ? undefined : Math.abs(volume(cell));

/** xx yy zz yz xz xy */
function symmetric(w: Float64Array): Float64Array {
  const pick = (a: number, b: number): number => (w[3 * a + b]! + w[3 * b + a]!) / 2;
  return Float64Array.of(pick(0, 0), pick(1, 1), pick(2, 2), pick(1, 2), pick(0, 2), pick(0, 1));
}

function spread(results: readonly MemberResult[], structure: Structure): Uncertainty {
  const energies = totalSpread(
    results.map(({ atomicEnergies, variances }) => ({
      values: Float64Array.of(atomicEnergies.reduce((a, b) => a + b, 0)),
      variances: variances && Float64Array.of(variances.energy),
    })),
  );
  const forces = totalSpread(
    results.map(({ forces: values, variances }) => ({ values, variances: variances?.forces })),
  );
  const v = fullVolume(structure);
  const virial = (): Float64Array =>
    totalSpread(results.map((r) => ({ values: symmetric(r.virial), variances: r.variances?.virial })));
  return {
    energy: energies[0]!,
    forces,
    disagreement: forces.reduce((a, b) => Math.max(a, b), 0),
    ...(v === undefined ? {} : { stress: virial().map((x) => x / v) }),
  };
}

/** √⟨σ_m² + (x_m − ⟨x⟩)²⟩ over members, value by value. */
function totalSpread(
  members: readonly { readonly values: Float64Array; readonly variances: Float64Array | undefined }[],
): Float64Array {
  return members[0]!.values.map((_, i) => {
    const mean = members.reduce((sum, { values }) => sum + values[i]!, 0) / members.length;
    const variance = members.reduce(
      (sum, { values, variances }) => sum + (variances?.[i] ?? 0) + (values[i]! - mean) ** 2,
      0,
    );
    return Math.sqrt(variance / members.length);
  });
}
