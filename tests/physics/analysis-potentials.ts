/** Small potentials with closed forms: pairs (Lennard-Jones, springs) and Keating's bonds and angles. */
import { neighborList } from "../../src/neighbors/index.js";
import { bindPlainly, type Evaluation, type Potential } from "../../src/potentials/potential.js";
import { type Structure, volume } from "../../src/structure/index.js";

/** Energy (eV) and its derivative (eV/Å) at a distance. */
export type PairFunction = (r: number) => readonly [number, number];

const ALL = Array.from({ length: 118 }, (_, k) => k + 1);

function potentialOf(cutoff: number, evaluate: (structure: Structure) => Evaluation): Potential {
  const plain = { elements: ALL, cutoff, evaluate };
  return { ...plain, bind: (structure) => bindPlainly(plain, structure) };
}

/** Stress from Σ r⊗dE/dr over each pair once; undefined without three periodic directions. */
function stressOf(virial: Float64Array, structure: Structure): Float64Array | undefined {
  if (structure.cell === undefined || !structure.periodic.every(Boolean)) return undefined;
  const v = volume(structure.cell);
  const pick = (a: number, b: number): number => (virial[3 * a + b] + virial[3 * b + a]) / (2 * v);
  return Float64Array.of(pick(0, 0), pick(1, 1), pick(2, 2), pick(1, 2), pick(0, 2), pick(0, 1));
}

export function pairPotential(cutoff: number, pair: PairFunction): Potential {
  return potentialOf(cutoff, (structure) => {
    const { offsets, vectors } = neighborList(structure, cutoff);
    const n = structure.species.length;
    const forces = new Float64Array(3 * n);
    const atomicEnergies = new Float64Array(n);
    const virial = new Float64Array(9);
    for (let i = 0; i < n; i++)
      for (let p = offsets[i]; p < offsets[i + 1]; p++) {
        const v = [vectors[3 * p], vectors[3 * p + 1], vectors[3 * p + 2]];
        const r = Math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        const [energy, slope] = pair(r);
        atomicEnergies[i] += energy / 2;
        for (let a = 0; a < 3; a++) {
          const pull = (slope * v[a]) / r;
          forces[3 * i + a] += pull;
          for (let b = 0; b < 3; b++) virial[3 * a + b] += 0.5 * pull * v[b];
        }
      }
    const energy = atomicEnergies.reduce((a, b) => a + b, 0);
    return {
      energy,
      forces,
      stress: stressOf(virial, structure),
      atomicEnergies,
      uncertainty: undefined,
      extrapolation: [],
    };
  });
}

/** ε = 1 eV, σ = 1 Å; energy and force go to zero at the cutoff where it is finite ("shifted force"). */
export function lennardJones(cutoff: number, shifted = true): PairFunction {
  const bare = (r: number): [number, number] => {
    const s2 = 1 / (r * r);
    const s6 = s2 * s2 * s2;
    return [4 * (s6 * s6 - s6), (-48 * s6 * s6 + 24 * s6) / r];
  };
  const [e, f] = shifted ? bare(cutoff) : [0, 0];
  return (r) => {
    const [energy, slope] = bare(r);
    return [energy - e - (r - cutoff) * f, slope - f];
  };
}

/** ½k(r − r₀)². */
export const spring =
  (k: number, rest: number): PairFunction =>
  (r) => [0.5 * k * (r - rest) ** 2, k * (r - rest)];

/**
 * Keating 1966 (doi:10.1103/PhysRev.145.637) for diamond with bond length d: bonds (3α/8d²)(r² − d²)² and, at each atom,
 * pairs of bonds (3β/8d²)(r·r′ + d²/3)².
 */
export function keating(about: { alpha: number; beta: number; bond: number }): Potential {
  const { alpha, beta, bond: d } = about;
  const cutoff = 1.35 * d;
  return potentialOf(cutoff, (structure) => {
    const { offsets, indices, vectors } = neighborList(structure, cutoff);
    const n = structure.species.length;
    const forces = new Float64Array(3 * n);
    const atomicEnergies = new Float64Array(n);
    const virial = new Float64Array(9);
    const add = (p: number, i: number, g: readonly number[]): void => {
      for (let a = 0; a < 3; a++) {
        forces[3 * i + a] += g[a];
        forces[3 * indices[p] + a] -= g[a];
        for (let b = 0; b < 3; b++) virial[3 * a + b] += vectors[3 * p + a] * g[b];
      }
    };
    for (let i = 0; i < n; i++)
      for (let p = offsets[i]; p < offsets[i + 1]; p++) {
        const v = [...vectors.subarray(3 * p, 3 * p + 3)];
        const off = v[0] ** 2 + v[1] ** 2 + v[2] ** 2 - d * d;
        // Each bond is met from both ends.
        atomicEnergies[i] += ((3 * alpha) / (16 * d * d)) * off * off;
        add(
          p,
          i,
          v.map((x) => ((3 * alpha) / (4 * d * d)) * off * x),
        );
        for (let q = offsets[i]; q < p; q++) {
          const w = [...vectors.subarray(3 * q, 3 * q + 3)];
          const bend = v[0] * w[0] + v[1] * w[1] + v[2] * w[2] + (d * d) / 3;
          const factor = (3 * beta) / (8 * d * d);
          atomicEnergies[i] += factor * bend * bend;
          add(
            p,
            i,
            w.map((x) => 2 * factor * bend * x),
          );
          add(
            q,
            i,
            v.map((x) => 2 * factor * bend * x),
          );
        }
      }
    const energy = atomicEnergies.reduce((a, b) => a + b, 0);
    return {
      energy,
      forces,
      stress: stressOf(virial, structure),
      atomicEnergies,
      uncertainty: undefined,
      extrapolation: [],
    };
  });
}

/** Energy per atom of an fcc crystal with conventional cell a, from the vectors of its lattice. */
export function fccEnergy(a: number, cutoff: number, pair: PairFunction): number {
  const reach = Math.ceil((2 * cutoff) / a) + 1;
  let energy = 0;
  for (let i = -reach; i <= reach; i++)
    for (let j = -reach; j <= reach; j++)
      for (let k = -reach; k <= reach; k++) {
        const r = 0.5 * a * Math.hypot(i, j, k);
        if ((i + j + k) % 2 === 0 && r > 0 && r < cutoff) energy += 0.5 * pair(r)[0];
      }
  return energy;
}

/** Minimum of a smooth function of one variable, by golden section. */
export function minimum(f: (x: number) => number, low: number, high: number): number {
  const g = (Math.sqrt(5) - 1) / 2;
  let [a, b] = [low, high];
  while (b - a > 1e-9) {
    const [c, d] = [b - g * (b - a), a + g * (b - a)];
    if (f(c) < f(d)) b = d;
    else a = c;
  }
  return (a + b) / 2;
}
