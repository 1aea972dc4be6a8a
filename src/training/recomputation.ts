/** Derivatives of structures for which the memory does not suffice: made for each visit, in rows of the thread's own. */
import type { DescriptorProgram } from "../descriptors/program.js";
import { descriptorScratchBytes, type Kernels, recordWords, Scratch } from "../kernels/index.js";
import type { CachedStructure } from "./cache.js";
import type { Slice } from "./crew.js";

/** What of a program is needed here; plain numbers, so that it can be sent to workers. */
export type RecomputationProgram = Pick<
  DescriptorProgram,
  "programs" | "rowLength" | "valueLength" | "tableBytes" | "elements"
>;

export class Recomputation {
  readonly #kernels: Kernels;
  readonly #program: RecomputationProgram;
  readonly #scratch: Scratch;
  /** What the rows hold now. */
  #made: { readonly structure: CachedStructure; readonly slice: Slice; readonly records: number } | undefined;

  constructor(kernels: Kernels, program: RecomputationProgram, scratch = new Scratch(kernels)) {
    this.#kernels = kernels;
    this.#program = program;
    this.#scratch = scratch;
  }

  /**
   * Pointer to the records of a structure, i32[atom], of which those of the slice lead to its derivatives; they hold until the next
   * call. Where values (f64[atom][valueLength]) and derivatives with respect to strain (f64[atom][6][valueLength], or 0) go: `to`.
   */
  records(structure: CachedStructure, slice: Slice, to?: { values: number; strains: number }): number {
    const { anew } = structure;
    if (anew === undefined) return structure.records;
    const made = this.#made;
    const same = made?.structure === structure && made.slice.first === slice.first && made.slice.last === slice.last;
    if (same && to === undefined) return made.records;
    this.#made = undefined;
    const { programs, rowLength, valueLength } = this.#program;
    const { atoms } = structure;
    const words = recordWords(this.#program.elements.length);
    const sizes = [
      ...[anew.derivativeBytes, anew.indexBytes, 4 * atoms, 4 * words * atoms],
      ...[to === undefined ? 8 * atoms * valueLength : 0, descriptorScratchBytes(anew.mostNeighbors, this.#program)],
    ];
    let at = this.#scratch.take(sizes.reduce((sum, bytes) => sum + aligned(bytes), 0));
    const [rows, indices, records, block, values, scratch] = sizes.map((bytes) => {
      const here = at;
      at += aligned(bytes);
      return here;
    }) as [number, number, number, number, number, number];
    this.#writeRecords(structure, { rows, indices, records, block });
    this.#kernels.run.descriptorJacobian(
      ...([
        slice.first,
        slice.last,
        programs,
        anew.types,
        anew.offsets,
        anew.indices,
        anew.vectors,
        rowLength,
      ] as const),
      ...([to?.values ?? values, 8 * valueLength, records, to?.strains ?? 0, scratch] as const),
    );
    this.#made = { structure, slice, records };
    return records;
  }

  /** Those of the structure, moved from offsets to places. */
  #writeRecords(
    { atoms, records }: CachedStructure,
    own: { rows: number; indices: number; records: number; block: number },
  ): void {
    const kernels = this.#kernels;
    const words = recordWords(this.#program.elements.length);
    const theirs = kernels.i32(kernels.i32(records, 1)[0]! >>> 0, words * atoms);
    const block = kernels.i32(own.block, words * atoms);
    const pointers = kernels.i32(own.records, atoms);
    block.set(theirs);
    for (let i = 0; i < atoms; i++) {
      block[words * i]! += own.rows;
      block[words * i + 1]! += own.indices;
      pointers[i] = own.block + 4 * words * i;
    }
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;
