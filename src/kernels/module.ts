/**
 * The kernels over one shared memory, and who owns which bytes of it.
 *
 * The memory is as large as 32-bit addresses reach and is never grown: the operating system hands out pages only when they
 * are touched, and a memory that grows would leave stale views in other threads. Blocks are taken in order from a counter in
 * the memory itself, so that every thread can take some.
 */
import type { KernelExports } from "./contracts/module.js";

const PAGE = 65536;
const PAGES = 65536;
/** Byte address of the counter: next free block of 64 bytes. Below it and up to FIRST_FREE lie the module's own data. */
const COUNTER = 64;
const FIRST_FREE = 2 * PAGE;
const BLOCK = 64;

export class KernelMemoryError extends Error {}

/** () → v128, by i8x16.relaxed_swizzle. */
const RELAXED = [
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 17, 65, 1, 253, 17, 253, 128, 2, 11],
];

/** Whether this runtime takes modules with relaxed SIMD. */
export const hasRelaxedSimd = (): boolean => WebAssembly.validate(Uint8Array.from(RELAXED));

/** Memory for the kernels of all threads. */
export function createKernelMemory(): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  new Int32Array(memory.buffer, COUNTER, 1)[0] = FIRST_FREE / BLOCK;
  return memory;
}

export class Kernels {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly run: KernelExports;
  readonly #counter: Int32Array;

  private constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, run: KernelExports) {
    this.module = module;
    this.memory = memory;
    this.run = run;
    this.#counter = new Int32Array(memory.buffer, COUNTER, 1);
  }

  static create(module: WebAssembly.Module, memory: WebAssembly.Memory = createKernelMemory()): Kernels {
    const abort = (): never => {
      throw new Error("kernel aborted");
    };
    const instance = new WebAssembly.Instance(module, { env: { memory, abort } });
    return new Kernels(module, memory, instance.exports as unknown as KernelExports);
  }

  /** A block of zeros (until somebody writes to it), aligned to 64 bytes. */
  allocate(bytes: number): number {
    const blocks = Math.ceil(bytes / BLOCK);
    const first = Atomics.add(this.#counter, 0, blocks);
    if ((first + blocks) * BLOCK > PAGES * PAGE) {
      Atomics.sub(this.#counter, 0, blocks);
      throw new KernelMemoryError(
        `the kernels' memory of 4 GB is full (${(bytes / 1e6).toFixed(1)} MB more were needed); use fewer or smaller structures at a time`,
      );
    }
    return first * BLOCK;
  }

  /** Everything that was allocated after `mark()` is free again after `release(mark)`; one thread only. */
  mark(): number {
    return Atomics.load(this.#counter, 0);
  }

  release(mark: number): void {
    // What is handed out next must be zeros again.
    this.u8(mark * BLOCK, this.used - mark * BLOCK).fill(0);
    Atomics.store(this.#counter, 0, mark);
  }

  /** Bytes in use. */
  get used(): number {
    return Atomics.load(this.#counter, 0) * BLOCK;
  }

  f64(at: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, at, length);
  }

  f32(at: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, at, length);
  }

  i32(at: number, length: number): Int32Array {
    return new Int32Array(this.memory.buffer, at, length);
  }

  u8(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }

  /** Copies an array into a block of its own. */
  place(values: Float64Array | Int32Array | Uint8Array): number {
    const at = this.allocate(Math.max(8, values.byteLength));
    new Uint8Array(this.memory.buffer, at, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return at;
  }
}

/** A block that grows when more is asked for; its content is lost when it does. */
export class Scratch {
  readonly #kernels: Kernels;
  #at = 0;
  #bytes = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** At least `bytes` bytes. Sizes grow by half at least, so what is left behind stays below twice the largest. */
  take(bytes: number): number {
    if (bytes > this.#bytes) {
      this.#bytes = Math.max(bytes, Math.ceil(1.5 * this.#bytes), 4096);
      this.#at = this.#kernels.allocate(this.#bytes);
    }
    return this.#at;
  }
}
