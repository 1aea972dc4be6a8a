/** A potential of ours as an engine, and as a client of i-PI. */
import { type Engine, embedded, type SocketAddress } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import type { Evaluation, Potential } from "../../../potentials/potential.js";
import type { Structure } from "../../../structure/index.js";
import { serveIpi } from "./ipi-client.js";

/** Labels by a potential in this process: for trials, and for learning one potential from another. */
export const potentialEngine = (potential: Potential, name = "embedded"): Engine =>
  embedded({ name, evaluate: (structure) => potential.evaluate(structure) });

export interface ServeOptions {
  readonly address: SocketAddress;
  /** How long to wait for the server, s. Default 30. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
  /** Whether spread and extrapolation are worked out and sent along as JSON. Default false. */
  readonly uncertainty?: boolean;
  /** Hears of each structure before its forces are sent; what it throws ends the service. */
  readonly onEvaluation?: (evaluation: Evaluation) => void;
}

/**
 * Serves i-PI, ASE's SocketIOCalculator or our own server with a potential, for the atoms of `structure` in their order; resolves
 * with the number of structures done when the server ends it.
 */
export function servePotential(potential: Potential, structure: Structure, options: ServeOptions): Promise<number> {
  const field = potential.bind(structure);
  const { uncertainty = false, onEvaluation, ...rest } = options;
  const demand = { uncertainty, extrapolation: uncertainty };
  return serveIpi({
    ...rest,
    atoms: structure.species.length,
    evaluate: (positions, cell) => {
      // The protocol always sends a cell; for atoms without one it is of no meaning.
      const evaluation = field.evaluate(positions, structure.cell === undefined ? undefined : cell, demand);
      requireFinite(evaluation);
      onEvaluation?.(evaluation);
      return uncertainty ? { ...evaluation, extra: extraOf(evaluation) } : evaluation;
    },
  });
}

const extraOf = ({ uncertainty, extrapolation }: Evaluation): string =>
  JSON.stringify({
    ...(uncertainty === undefined ? {} : { energy_std: uncertainty.energy, disagreement: uncertainty.disagreement }),
    extrapolating_atoms: new Set(extrapolation.map(({ atom }) => atom)).size,
  });

/** Whoever integrates the motion would go on with numbers that are none. */
function requireFinite({ energy, forces }: Evaluation): void {
  if (Number.isFinite(energy) && forces.every(Number.isFinite)) return;
  throw new InputError({
    code: "not-finite",
    problem: "The energy or a force is not finite.",
    remedy: "Atoms are probably on top of one another: look at the structure that the server has reached.",
  });
}
