/** The cell of metadynamics with a frame of each place, taken before the atoms are carried on to the next. */
import { type FrameOptions, frameOf } from "../../dynamics/index.js";
import type {
  CellVariable,
  CollectiveVariable,
  MeanForce,
  MetadynamicsRecord,
} from "../../dynamics/metadynamics/index.js";
import type { Frame, InfoValue } from "../../structure/index.js";

export class FramedCell implements CollectiveVariable {
  readonly observables: readonly string[];
  /** At the end of the last measurement. */
  frame: Frame | undefined;
  readonly #cell: CellVariable;
  readonly #options: FrameOptions;

  constructor(cell: CellVariable, options: FrameOptions) {
    this.observables = cell.observables;
    this.#cell = cell;
    this.#options = options;
  }

  get value(): Float64Array {
    return this.#cell.value;
  }

  moveTo(value: Float64Array): void {
    this.frame = frameOf(this.#cell.state, { ...this.#options, velocities: false });
    this.#cell.moveTo(value);
  }

  measure(): Generator<number, MeanForce, void> {
    return this.#cell.measure();
  }

  /** The frame with the number of its metastep, from 1 on. */
  labelled({ step }: MetadynamicsRecord): Frame {
    if (this.frame === undefined) throw new Error("there is no frame before the first measurement");
    const info = new Map<string, InfoValue>([["metastep", step + 1], ...this.frame.info]);
    return { ...this.frame, info };
  }
}
