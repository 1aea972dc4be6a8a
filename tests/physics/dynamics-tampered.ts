/** Argon that misbehaves when told to, and what tests of runs have in common. */
import { type Motion, prepare, start, velocityVerlet } from "../../src/dynamics/index.js";
import { InputError } from "../../src/errors/index.js";
import type { Demand, Evaluation, Potential } from "../../src/potentials/potential.js";
import { argon, crystal } from "./dynamics-beds.js";

export const SEED = Number(process.env.POTLUCK_SEED ?? 20261121);

/** Code of the InputError that an attempt ends in, or "accepted". */
export const codeOf = (attempt: () => unknown): string => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof InputError) return error.code;
    throw error;
  }
  return "accepted";
};

/** Argon whose evaluations are changed, call by call; call 0 is that at the start. */
export function tampered(
  change: (found: Evaluation, call: number, demand: Demand | undefined) => Evaluation,
  firstCall = 0,
): Potential {
  const potential = argon();
  return {
    ...potential,
    bind: (structure) => {
      const field = potential.bind(structure);
      let call = firstCall;
      return { evaluate: (r, h, demand) => change(field.evaluate(r, h, demand), call++, demand) };
    },
  };
}

/** Argon whose committee disagrees by 0.01 eV/Å times the number of the call, on atom 7, and is outside its data from call 20 on. */
export const doubtful = tampered((found, call, demand) => {
  const forces = new Float64Array(96);
  forces[22] = 0.01 * call;
  const uncertainty = { energy: 0.032 * call, forces, disagreement: 0.01 * call };
  const extrapolation = call < 20 ? [] : [{ atom: 4, function: 2, value: 3, min: 0, max: 1 }];
  return {
    ...found,
    uncertainty: demand?.uncertainty === false ? undefined : uncertainty,
    extrapolation: demand?.extrapolation === false ? [] : extrapolation,
  };
});

/** Argon under forces that grow from call to call. */
export const heatedFrom = (firstCall: number): Potential =>
  tampered((found, call) => {
    const forces = found.forces.map((f, k) => f + (k % 2 ? 1 : -1) * 0.002 * call);
    return { ...found, forces };
  }, firstCall);

export const verlet = (potential: Potential = argon(), kelvin = 40): Motion =>
  velocityVerlet(start(prepare(crystal(2), potential), { seed: SEED, temperature: kelvin }), { timestep: 3 });
