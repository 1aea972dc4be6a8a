/** A calibration as it stands in `potential.json`. Read by hand: a prediction should not wait for a library that checks schemas. */
import { InputError, type Place } from "../errors/index.js";
import type { SpreadSource } from "./held-out.js";

export interface QuantityCalibration {
  /** How many values it rests on. */
  readonly values: number;
  /** s */
  readonly scale: number;
  /** Spreads below are raised to it; in the unit of the quantity, before scaling. */
  readonly floor: number;
  /** |e| ≤ factor · max(σ, floor) holds for the share `level`: of the unscaled spread. */
  readonly conformal: readonly { readonly level: number; readonly factor: number }[];
}

export interface StoredThreshold {
  readonly disagreement: number;
  readonly basis: "tolerance" | "quantile";
  readonly probability: number;
}

/** Units: eV per atom, eV/Å. */
export interface Calibration {
  readonly source: SpreadSource;
  /** Held-out structures that it rests on. */
  readonly structures: number;
  readonly energy?: QuantityCalibration | undefined;
  readonly forces?: QuantityCalibration | undefined;
  /** Of the largest force error over γ. */
  readonly disagreement?: QuantityCalibration | undefined;
  readonly thresholds?: { readonly warn: StoredThreshold; readonly stop: StoredThreshold } | undefined;
}

/** A part of a record, which knows where it stands in it. */
class Part {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    this.#value = value;
    this.#path = path;
  }

  get absent(): boolean {
    return this.#value === undefined;
  }

  at(key: string): Part {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw this.#trouble("a map");
    return new Part((value as Record<string, unknown>)[key], `${this.#path}.${key}`);
  }

  list<T>(read: (item: Part) => T): T[] {
    if (!Array.isArray(this.#value)) throw this.#trouble("a list");
    return this.#value.map((item: unknown, k) => read(new Part(item, `${this.#path}.${k}`)));
  }

  /** A number that `holds`; "a number above 0" */
  number(expected: string, holds: (x: number) => boolean): number {
    if (typeof this.#value !== "number" || !holds(this.#value)) throw this.#trouble(expected);
    return this.#value;
  }

  oneOf<W extends string>(...words: readonly W[]): W {
    const found = words.find((word) => word === this.#value);
    if (found === undefined) throw this.#trouble(words.join(" or "));
    return found;
  }

  #trouble(expected: string): InputError {
    return new InputError({
      code: "malformed-calibration",
      problem: `The calibration cannot be understood at ${this.#path}: it is ${JSON.stringify(this.#value) ?? "absent"}.`,
      expected: `Expected ${expected}.`,
      remedy: "Calibrate the potential again, or remove its calibration.",
    });
  }
}

const positive = (part: Part): number => part.number("a number above 0", (x) => x > 0);
const notNegative = (part: Part): number => part.number("a number from 0 on", (x) => x >= 0);
const share = (part: Part): number => part.number("a number from 0 to 1", (x) => x >= 0 && x <= 1);
const count = (part: Part): number => part.number("a whole number above 0", (x) => Number.isInteger(x) && x > 0);

function quantity(part: Part): QuantityCalibration | undefined {
  if (part.absent) return undefined;
  return {
    values: count(part.at("values")),
    scale: positive(part.at("scale")),
    floor: positive(part.at("floor")),
    conformal: part
      .at("conformal")
      .list((bound) => ({ level: share(bound.at("level")), factor: notNegative(bound.at("factor")) })),
  };
}

const threshold = (part: Part): StoredThreshold => ({
  disagreement: notNegative(part.at("disagreement")),
  basis: part.at("basis").oneOf("tolerance", "quantile"),
  probability: share(part.at("probability")),
});

/** From what stands in a file; InputError (`malformed-calibration`) where it is none. */
export function parseCalibration(value: unknown, where?: Place): Calibration {
  try {
    return calibrationOf(new Part(value, "calibration"));
  } catch (error) {
    if (!(error instanceof InputError) || where === undefined) throw error;
    throw new InputError({ ...error.trouble, where });
  }
}

function calibrationOf(part: Part): Calibration {
  const given = <K extends string, V>(key: K, read: V | undefined) =>
    (read === undefined ? {} : { [key]: read }) as { [k in K]?: V };
  const thresholds = part.at("thresholds");
  return {
    source: part.at("source").oneOf("committee", "dropout"),
    structures: count(part.at("structures")),
    ...given("energy", quantity(part.at("energy"))),
    ...given("forces", quantity(part.at("forces"))),
    ...given("disagreement", quantity(part.at("disagreement"))),
    ...given(
      "thresholds",
      thresholds.absent
        ? undefined
        : { warn: threshold(thresholds.at("warn")), stop: threshold(thresholds.at("stop")) },
    ),
  };
}
