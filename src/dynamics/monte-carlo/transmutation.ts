/**
 * Semi-grand canonical: one atom, drawn evenly, becomes another element, drawn evenly among the others. The number of atoms stays, the
 * composition follows the chemical potentials:
 *
 *   accepted with min(1, exp(−(ΔU − μ_new + μ_old)/kT))
 *
 * Only differences of μ count. They are without the kinetic part, which does not depend on the structure: kT ln (m_new/m_old)^{3/2}
 * is to be added for comparison with tables. Reference energies that the potential contains are part of U, and so of μ.
 *
 * Kofke and Glandt, Mol. Phys. 64, 1105 (1988), doi:10.1080/00268978800100743.
 */
import { InputError } from "../../errors/index.js";
import { elementSymbol } from "../../structure/index.js";
import { checkWeight, type Move, metropolis } from "./move.js";
import type { MonteCarloState } from "./state.js";
import { numberOf } from "./swap.js";

export interface TransmutationOptions {
  readonly weight?: number;
  /** μ of each element that takes part, eV, by symbol. */
  readonly chemicalPotentials: Readonly<Record<string, number>>;
}

export function transmutation({ weight = 1, chemicalPotentials }: TransmutationOptions): Move {
  const name = "transmutation";
  checkWeight(name, weight);
  const entries = Object.entries(chemicalPotentials).map(([symbol, mu]) => [numberOf(symbol), mu] as const);
  checkPotentials(entries);
  const potentials = new Map(entries);
  const elements = [...potentials.keys()];
  const candidates = ({ free, species }: MonteCarloState): Int32Array => free.filter((i) => potentials.has(species[i]));
  return {
    ...{ name, weight, size: undefined },
    check: (state) => checkState(state, elements, candidates(state).length),
    attempt(state, kT) {
      const { random, species } = state;
      // Atoms of other elements never take part, so the number of candidates does not change.
      const atoms = candidates(state);
      const atom = atoms[random.integer(atoms.length)];
      const old = species[atom];
      const others = elements.filter((z) => z !== old);
      const now = others[random.integer(others.length)];
      const positions = state.positions.slice(3 * atom, 3 * atom + 3);
      const trial = state.trial({ atoms: [atom], positions, species: Uint8Array.of(now) });
      if (trial.difference === Number.POSITIVE_INFINITY) return "impossible";
      const gain = potentials.get(now)! - potentials.get(old)!;
      if (!metropolis(random, (gain - trial.difference) / kT)) return "rejected";
      state.accept(trial);
      return "accepted";
    },
  };
}

function checkPotentials(entries: readonly (readonly [number, number])[]): void {
  if (entries.length >= 2 && entries.every(([, mu]) => Number.isFinite(mu))) return;
  throw new InputError({
    code: "wrong-chemical-potentials",
    problem: `Chemical potentials are given for ${entries.map(([z, mu]) => `${elementSymbol(z)} (${mu} eV)`).join(", ") || "no element"}.`,
    expected: "Finite numbers, in eV, for two elements or more.",
    remedy: "Give a chemical potential for each element that atoms may become.",
  });
}

function checkState(state: MonteCarloState, elements: readonly number[], candidates: number): void {
  const stranger = elements.find((z) => !state.potential.elements.includes(z));
  if (stranger !== undefined)
    throw new InputError({
      code: "element-not-in-potential",
      problem: `Atoms may become ${elementSymbol(stranger)}, which the potential does not know.`,
      expected: `It knows ${state.potential.elements.map(elementSymbol).join(", ")}.`,
      remedy: "Leave this element out, or use a potential that was fitted with it.",
    });
  if (candidates === 0)
    throw new InputError({
      code: "nothing-to-transmute",
      problem: `No free atom is ${elements.map(elementSymbol).join(" or ")}.`,
      remedy: "Give chemical potentials for elements of the structure.",
    });
}
