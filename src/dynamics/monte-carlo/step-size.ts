/** The size of a move's steps: adapted to a wanted share of acceptances at first, then frozen, for only frozen moves keep detailed balance. */
import { InputError } from "../../errors/index.js";

/** Attempts between two corrections. */
const WINDOW = 40;

export interface StepSizeOptions {
  /** In the unit of the move. */
  readonly initial: number;
  readonly largest: number;
  /** Share of accepted attempts that is wanted. */
  readonly target: number;
}

export class StepSize {
  readonly target: number;
  readonly largest: number;
  #value: number;
  /** Attempts and acceptances since the last correction, and corrections made. */
  #attempts = 0;
  #accepted = 0;
  #corrections = 0;

  /** Throws an InputError (`wrong-step-size`) unless the size is above 0 and not above the largest, and the target between 0 and 1. */
  constructor({ initial, largest, target }: StepSizeOptions) {
    if (!(initial > 0 && initial <= largest) || !(target > 0 && target < 1))
      throw new InputError({
        code: "wrong-step-size",
        problem: `A step size of ${initial} (at most ${largest}) is to be accepted in a share of ${target}.`,
        expected: "A size above 0 and not above its largest, a share between 0 and 1.",
        remedy: "Correct the size of the move or its wanted acceptance.",
      });
    this.#value = initial;
    this.largest = largest;
    this.target = target;
  }

  get value(): number {
    return this.#value;
  }

  /**
   * Learns from an attempt: after each window the size is multiplied by (found share / wanted share)^(1/√k) at the k-th correction, so
   * that it settles.
   */
  learn(accepted: boolean): void {
    this.#attempts++;
    if (accepted) this.#accepted++;
    if (this.#attempts < WINDOW) return;
    this.#corrections++;
    const ratio = Math.max(0.2, this.#accepted / WINDOW / this.target);
    this.#value = Math.min(this.largest, this.#value * Math.min(3, ratio) ** (1 / Math.sqrt(this.#corrections)));
    this.#attempts = 0;
    this.#accepted = 0;
  }

  save(): number[] {
    return [this.#value, this.#attempts, this.#accepted, this.#corrections];
  }

  restore([value, attempts, accepted, corrections]: ArrayLike<number> & Iterable<number>): void {
    this.#value = value;
    this.#attempts = attempts;
    this.#accepted = accepted;
    this.#corrections = corrections;
  }
}
