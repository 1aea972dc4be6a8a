/**
 * Blocks of the kernels' memory that grow. That memory is handed out once and never taken back, so a block that has become
 * too small is kept for the others of its owner, and the last block of all grows where it is.
 */
import type { Kernels } from "../kernels/index.js";

interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** Beyond what was asked for, a block grows by half of its size, but by no more than this. */
const MOST_SPARE = 2 ** 26;
/** Kernels hand out whole multiples of this. */
const GRAIN = 64;

/** Named blocks of one owner; the content of a block is lost when it grows. Throws KernelMemoryError when memory is full. */
export class Regions {
  readonly #kernels: Kernels;
  readonly #blocks = new Map<string, Block>();
  #free: Block[] = [];

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** Where the block `name` is, with `bytes` bytes at least, aligned to 64 bytes. */
  take(name: string, bytes: number): number {
    const old = this.#blocks.get(name);
    if (old !== undefined && old.bytes >= bytes) return old.at;
    const asked = Math.ceil(Math.max(bytes, GRAIN) / GRAIN) * GRAIN;
    const spare = Math.min(0.5 * (old?.bytes ?? 0), MOST_SPARE);
    const roomy = Math.max(asked, Math.ceil(((old?.bytes ?? 0) + spare) / GRAIN) * GRAIN);
    const block = this.#extended(old, roomy) ?? this.#reused(roomy) ?? this.#fresh(roomy, asked);
    if (old !== undefined && block.at !== old.at) this.#giveBack(old);
    this.#blocks.set(name, block);
    return block.at;
  }

  /** Size of the block `name`, bytes. */
  bytesOf(name: string): number {
    return this.#blocks.get(name)?.bytes ?? 0;
  }

  /** The same block, longer, where nothing lies behind it. */
  #extended(old: Block | undefined, bytes: number): Block | undefined {
    if (old === undefined || old.at + old.bytes !== this.#kernels.used) return undefined;
    let more: Block;
    try {
      more = { at: this.#kernels.allocate(bytes - old.bytes), bytes: bytes - old.bytes };
    } catch {
      return undefined;
    }
    if (more.at === old.at + old.bytes) return { at: old.at, bytes };
    // Another thread was faster.
    this.#giveBack(more);
    return undefined;
  }

  /** The smallest free block that is large enough; what is too much of it stays free. */
  #reused(bytes: number): Block | undefined {
    const fitting = this.#free.filter((block) => block.bytes >= bytes).sort((a, b) => a.bytes - b.bytes);
    const block = fitting[0];
    if (block === undefined) return undefined;
    this.#free = this.#free.filter((other) => other !== block);
    if (block.bytes > bytes) this.#giveBack({ at: block.at + bytes, bytes: block.bytes - bytes });
    return { at: block.at, bytes };
  }

  #fresh(roomy: number, asked: number): Block {
    try {
      return { at: this.#kernels.allocate(roomy), bytes: roomy };
    } catch (error) {
      if (roomy === asked) throw error;
      return this.#reused(asked) ?? { at: this.#kernels.allocate(asked), bytes: asked };
    }
  }

  /** Adds a block to the free ones, joined to those that it touches. */
  #giveBack(block: Block): void {
    const touching = this.#free.filter((f) => f.at + f.bytes === block.at || block.at + block.bytes === f.at);
    const all = [block, ...touching];
    const at = Math.min(...all.map((f) => f.at));
    const bytes = all.reduce((sum, f) => sum + f.bytes, 0);
    this.#free = [...this.#free.filter((f) => !touching.includes(f)), { at, bytes }];
  }
}
