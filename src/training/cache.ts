/**
 * The descriptors of all structures and their derivatives, computed once and kept in the kernels' memory, where every thread
 * and every member of a committee reads them. Of structures for which the memory does not suffice the neighbours are kept in
 * place of the derivatives, which are made anew at each visit (recomputation.ts).
 *
 * Raw values: a member's scaling is folded into its first layer (networks/affine.ts), so one cache serves all. Atoms of a
 * structure are sorted by element, so that each element's rows are contiguous.
 */
import type { DescriptorProgram } from "../descriptors/program.js";
import { descriptorScratchBytes, type Kernels, recordWords, type Scratch } from "../kernels/index.js";
import { type NeighborList, neighborList } from "../neighbors/index.js";
import { atomCount, type Frame, type Structure, volume } from "../structure/index.js";
import { Recomputation } from "./recomputation.js";

/** One structure in the cache: plain numbers, so that it can be sent to workers. */
export interface CachedStructure {
  readonly atoms: number;
  /** First atom of each element in sorted order, [element + 1]. */
  readonly starts: readonly number[];
  /** order[sorted atom] = atom of the frame. */
  readonly order: Int32Array;
  /** Pointers to the atoms' records, i32[atom]. */
  readonly records: number;
  /** f64 [atom][valueLength], raw. */
  readonly values: number;
  /** f64 [atom][6][valueLength] ∂G/∂ε, or 0 where no stress is fitted. */
  readonly strains: number;
  /** Å³; 0 without a full cell. */
  readonly volume: number;
  /** Bytes that are kept. */
  readonly bytes: number;
  /** Where derivatives are not kept: from what they are made. The records then hold offsets into a thread's own rows. */
  readonly anew?: AnewStructure | undefined;
}

/** Neighbours of a structure, kept in the kernels' memory in the place of derivatives. */
export interface AnewStructure {
  /** Pointers: u8[atom], i32[atom + 1], i32[pair], f64[pair][3] */
  readonly types: number;
  readonly offsets: number;
  readonly indices: number;
  readonly vectors: number;
  /** Neighbours of the atom that has most. */
  readonly mostNeighbors: number;
  /** Bytes of derivatives and, behind them, of the numbers of their atoms. */
  readonly derivativeBytes: number;
  readonly indexBytes: number;
}

/** Work for one structure, before its descriptors are computed. */
export interface CacheTask {
  readonly cached: CachedStructure;
  readonly types: Uint8Array;
  readonly offsets: Int32Array;
  readonly indices: Int32Array;
  readonly vectors: Float64Array;
}

export interface CacheOptions {
  /** Whether derivatives with respect to strain are wanted. */
  readonly strains: boolean;
  /** Bytes that the derivatives of this structure may take; where they take more they are made anew at each visit. Default: any. */
  readonly budget?: number;
}

/** Reserves the memory of one structure and prepares its neighbour list. */
export function planStructure(
  kernels: Kernels,
  program: DescriptorProgram,
  { frame, strains, budget = Number.POSITIVE_INFINITY }: { frame: Frame } & CacheOptions,
): CacheTask {
  const { structure } = frame;
  const { types, starts, order } = sortByElement(structure, program.elements);
  const sorted = reorder(structure, order);
  const list = neighborList(sorted, program.cutoff);
  const atoms = types.length;
  const counts = distinctNeighbors(list, types, program.elements.length);
  const elements = program.elements.length;
  const words = recordWords(elements);

  let rows = 0;
  let indexCount = 0;
  for (let i = 0; i < atoms; i++)
    for (let e = 0; e < elements; e++) {
      const count = counts[i * elements + e]!;
      rows += 3 * count * program.columns[types[i]!]![e]!.length;
      indexCount += count;
    }
  const keep = 4 * (rows + indexCount) <= budget;
  const values = kernels.allocate(8 * atoms * program.valueLength);
  const derivatives = keep ? kernels.allocate(4 * rows) : 0;
  const indices = keep ? kernels.allocate(4 * indexCount) : 0;
  const recordBlock = kernels.allocate(4 * words * atoms);
  const records = kernels.allocate(4 * atoms);
  const strainAt = strains ? kernels.allocate(8 * 6 * atoms * program.valueLength) : 0;

  let row = derivatives;
  let index = indices;
  const block = kernels.i32(recordBlock, words * atoms);
  const pointers = kernels.i32(records, atoms);
  for (let i = 0; i < atoms; i++) {
    pointers[i] = recordBlock + 4 * words * i;
    block[words * i] = row;
    block[words * i + 1] = index;
    for (let e = 0; e < elements; e++) {
      const count = counts[i * elements + e]!;
      const column = program.columns[types[i]!]![e]!;
      block.set([count, column.length, column.at], words * i + 2 + 3 * e);
      row += 12 * count * column.length;
      index += 4 * count;
    }
  }
  const anew = keep
    ? undefined
    : keepNeighbors(kernels, { types, list, derivativeBytes: 4 * rows, indexBytes: 4 * indexCount });
  const full = structure.cell !== undefined && structure.periodic.every(Boolean);
  const cached: CachedStructure = {
    atoms,
    starts,
    order,
    records,
    values,
    strains: strainAt,
    volume: full ? volume(structure.cell!) : 0,
    bytes:
      8 * atoms * program.valueLength * (strains ? 7 : 1) +
      (keep ? 4 * (rows + indexCount) : 28 * list.indices.length + 5 * atoms),
    anew,
  };
  return { cached, types, offsets: list.offsets, indices: list.indices, vectors: list.vectors };
}

function keepNeighbors(
  kernels: Kernels,
  about: { types: Uint8Array; list: NeighborList; derivativeBytes: number; indexBytes: number },
): AnewStructure {
  const { types, list, ...sizes } = about;
  let mostNeighbors = 0;
  for (let i = 0; i < types.length; i++)
    mostNeighbors = Math.max(mostNeighbors, list.offsets[i + 1]! - list.offsets[i]!);
  return {
    ...{ types: kernels.place(types), offsets: kernels.place(list.offsets) },
    ...{ indices: kernels.place(list.indices), vectors: kernels.place(list.vectors) },
    ...{ mostNeighbors, ...sizes },
  };
}

/** Computes the descriptors of one planned structure; each thread brings a scratch of its own. */
export function fillStructure(
  { kernels, scratch }: { kernels: Kernels; scratch: Scratch },
  program: DescriptorProgram,
  task: CacheTask,
): void {
  const { cached, types, offsets, indices, vectors } = task;
  if (cached.anew !== undefined) {
    const { atoms, values, strains } = cached;
    new Recomputation(kernels, program, scratch).records(cached, { first: 0, last: atoms }, { values, strains });
    return;
  }
  let most = 0;
  for (let i = 0; i < cached.atoms; i++) most = Math.max(most, offsets[i + 1]! - offsets[i]!);
  const align = (bytes: number): number => Math.ceil(bytes / 16) * 16;
  const parts = [types, offsets, indices, vectors];
  const listBytes = parts.reduce((sum, part) => sum + align(part.byteLength), 0);
  let at = scratch.take(listBytes + descriptorScratchBytes(most, program));
  const pointers = parts.map((part) => {
    const here = at;
    kernels.u8(here, part.byteLength).set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    at += align(part.byteLength);
    return here;
  }) as [number, number, number, number];
  kernels.run.descriptorJacobian(
    ...([0, cached.atoms, program.programs, ...pointers, program.rowLength] as const),
    ...([cached.values, 8 * program.valueLength, cached.records, cached.strains, at] as const),
  );
}

function sortByElement(structure: Structure, elements: readonly number[]) {
  const indexOf = new Map(elements.map((z, e) => [z, e]));
  const atoms = atomCount(structure);
  const order = new Int32Array(atoms);
  const types = new Uint8Array(atoms);
  const starts = [0];
  let at = 0;
  for (let e = 0; e < elements.length; e++) {
    for (let i = 0; i < atoms; i++)
      if (indexOf.get(structure.species[i]!) === e) {
        types[at] = e;
        order[at++] = i;
      }
    starts.push(at);
  }
  if (at !== atoms) throw new Error("a structure holds an element that the descriptors do not know");
  return { types, starts, order };
}

function reorder(structure: Structure, order: Int32Array): Structure {
  const positions = new Float64Array(3 * order.length);
  const species = new Uint8Array(order.length);
  order.forEach((from, to) => {
    species[to] = structure.species[from]!;
    positions.set(structure.positions.subarray(3 * from, 3 * from + 3), 3 * to);
  });
  return { ...structure, species, positions };
}

/** Distinct neighbour atoms per atom and element, the atom itself left out; images of one atom stand together in the list. */
function distinctNeighbors(list: NeighborList, types: Uint8Array, elements: number): Int32Array {
  const counts = new Int32Array(types.length * elements);
  for (let i = 0; i < types.length; i++) {
    let previous = -1;
    for (let p = list.offsets[i]!; p < list.offsets[i + 1]!; p++) {
      const j = list.indices[p]!;
      if (j !== previous && j !== i) counts[i * elements + types[j]!]!++;
      previous = j;
    }
  }
  return counts;
}
