/** A temperature or pressure that is held, or that follows straight lines between given times. */
import { InputError } from "../errors/index.js";

export interface RampPoint {
  /** fs since step 0 */
  readonly time: number;
  readonly value: number;
}

/** A constant, or points in the order of time: constant before the first and after the last. */
export type Ramp = number | readonly RampPoint[];

/** The value at a time (fs). */
export function valueAt(ramp: Ramp, time: number): number {
  if (typeof ramp === "number") return ramp;
  let next = 0;
  while (next < ramp.length && ramp[next].time <= time) next++;
  if (next === 0) return ramp[0].value;
  const before = ramp[next - 1];
  if (next === ramp.length) return before.value;
  const after = ramp[next];
  return before.value + ((after.value - before.value) * (time - before.time)) / (after.time - before.time);
}

export interface RampLimits {
  /** What it is called in messages: "temperature", "pressure". */
  readonly name: string;
  readonly unit: string;
  /** Values must not be below; default: any. */
  readonly least?: number;
  /** Whether `least` itself is allowed. Default true. */
  readonly leastAllowed?: boolean;
}

/** Throws an InputError (`wrong-ramp`) unless the ramp is finite, in the order of time, and within the limits. */
export function checkRamp(ramp: Ramp, limits: RampLimits): void {
  const { name, unit, least = Number.NEGATIVE_INFINITY, leastAllowed = true } = limits;
  const points = typeof ramp === "number" ? [{ time: 0, value: ramp }] : ramp;
  const refuse = (problem: string): never => {
    throw new InputError({
      code: "wrong-ramp",
      problem,
      expected: `A finite ${name} in ${unit}${least > Number.NEGATIVE_INFINITY ? `, ${leastAllowed ? "not below" : "above"} ${least}` : ""}, or points at increasing times.`,
      remedy: `Correct the ${name}.`,
    });
  };
  if (points.length === 0) refuse(`The ${name} has no points.`);
  points.forEach(({ time, value }, k) => {
    if (!Number.isFinite(value) || value < least || (value === least && !leastAllowed))
      refuse(`The ${name} at ${time} fs is ${value} ${unit}.`);
    if (!Number.isFinite(time) || (k > 0 && time <= points[k - 1].time))
      refuse(
        `Point ${k + 1} of the ${name} is at ${time} fs${k > 0 ? `, the one before at ${points[k - 1].time} fs` : ""}.`,
      );
  });
}
