/** What the tests against n2p2's own numbers share: reading a directory, evaluating it with the plain column, its tables. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Environment, referenceDescriptors } from "../../src/descriptors/reference.js";
import { affineOf } from "../../src/descriptors/scaling.js";
import type { StructureFormat } from "../../src/formats/index.js";
import { type N2p2Potential, readN2p2Potential, weightsName } from "../../src/formats/n2p2-potential.js";
import { neighborList } from "../../src/neighbors/index.js";
import { referenceNetwork } from "../../src/networks/reference.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
import type { Frame, Structure } from "../../src/structure/index.js";
import type { UnitSystem } from "../../src/units/index.js";

/** Reference data live beside the repository and are not part of it. */
export const DATA = fileURLToPath(new URL("../../../shared/data", import.meta.url));
export const haveData = existsSync(DATA);
export const WITHOUT_DATA = haveData ? "" : ` (SKIPPED: no reference data at ${DATA})`;

export const folders = (parent: string): string[] =>
  haveData
    ? readdirSync(join(DATA, parent))
        .filter((name) => existsSync(join(DATA, parent, name, "input.nn")))
        .map((name) => `${parent}/${name}`)
    : [];

export function textOf(path: string): string {
  const bytes = readFileSync(join(DATA, path));
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}

export function potentialOf(folder: string, units: UnitSystem): N2p2Potential {
  const weights = new Map<number, string>();
  for (let z = 1; z < 119; z++) {
    const path = join(folder, weightsName(z));
    if (existsSync(join(DATA, path))) weights.set(z, textOf(path));
  }
  const files = {
    inputNn: textOf(join(folder, "input.nn")),
    scalingData: textOf(join(folder, "scaling.data")),
    weights,
  };
  return readN2p2Potential(files, { units });
}

export async function framesOf(format: StructureFormat, path: string, units?: UnitSystem): Promise<Frame[]> {
  const frames: Frame[] = [];
  const options = units === undefined ? { file: path } : { file: path, units };
  for await (const frame of format.read([new TextEncoder().encode(textOf(path))], options)) frames.push(frame);
  return frames;
}

/** Rows of numbers of one of n2p2's tables; words become NaN. */
export const tableOf = (path: string): number[][] =>
  textOf(path)
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => line.trim().split(/\s+/).map(Number));

export interface PlainResult {
  /** Network output times energyScale, without reference energies, eV; NaN for atoms that were not computed. [atom] */
  readonly contributions: Float64Array;
  /** eV, of the atoms computed, reference energies included. */
  readonly energy: number;
  /** eV/Å, [atom, xyz]; complete only for atoms whose neighbours were all computed. */
  readonly forces: Float64Array;
}

export interface PlainOptions {
  /** Default: all. */
  readonly atoms?: readonly number[];
  /** Changes an atom's function values before the network sees them. */
  readonly adjust?: (i: number, values: Float64Array) => void;
  /** Forces as if an atom's own images stayed where they are when it moves, as n2p2 2.3.0 has them. */
  readonly ownImagesFixed?: boolean;
}

/** The only member's energy and forces by the plain column. */
export function evaluatePlainly(
  potential: NetworkPotential,
  structure: Structure,
  { atoms, adjust, ownImagesFixed = false }: PlainOptions = {},
): PlainResult {
  const [member] = potential.members;
  const elements = potential.descriptors.map((d) => d.element);
  const cutoff = Math.max(...potential.descriptors.flatMap((d) => d.functions.map((f) => f.rc)));
  const list = neighborList(structure, cutoff);
  const contributions = new Float64Array(structure.species.length).fill(Number.NaN);
  const forces = new Float64Array(structure.positions.length);
  let energy = 0;
  for (const i of atoms ?? structure.species.keys()) {
    const e = elements.indexOf(structure.species[i]);
    const { scaling, network } = member.elements[e];
    const [from, to] = [list.offsets[i], list.offsets[i + 1]];
    const environment: Environment = {
      species: Uint8Array.from(list.indices.subarray(from, to), (j) => structure.species[j]),
      vectors: list.vectors.subarray(3 * from, 3 * to),
    };
    const { values, derivatives } = referenceDescriptors(potential.descriptors[e].functions, environment);
    adjust?.(i, values);
    const { factor, shift, offset } = affineOf(scaling);
    const output = referenceNetwork(
      network,
      values.map((g, s) => factor[s] * (g - shift[s]) + offset[s]),
    );
    contributions[i] = member.energyScale * output.value;
    energy += contributions[i] + member.referenceEnergies[e];
    const row = environment.vectors.length;
    values.forEach((_, s) => {
      const dEdG = member.energyScale * output.gradient[s] * factor[s];
      for (let n = 0; n < row; n++) {
        const push = dEdG * derivatives[s * row + n];
        const j = list.indices[from + Math.floor(n / 3)];
        if (j !== i || !ownImagesFixed) forces[3 * j + (n % 3)] -= push;
        forces[3 * i + (n % 3)] += push;
      }
    });
  }
  return { contributions, energy, forces };
}

/** Atom i and everything within the cutoff of it: what its force needs. */
export function forceNeighborhood(potential: NetworkPotential, structure: Structure, i: number): number[] {
  const cutoff = Math.max(...potential.descriptors.flatMap((d) => d.functions.map((f) => f.rc)));
  const { offsets, indices } = neighborList(structure, cutoff);
  return [...new Set([i, ...indices.subarray(offsets[i], offsets[i + 1])])];
}

/** Largest |a − b|, and largest |b|. */
export function compare(a: ArrayLike<number>, b: ArrayLike<number>): { difference: number; scale: number } {
  let [difference, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const d = Math.abs(a[i] - b[i]);
    if (!(d <= difference)) difference = d;
    scale = Math.max(scale, Math.abs(b[i]));
  }
  return { difference, scale };
}
