/** A potential of ours as an engine, and as a client of i-PI. */
import { type Engine, embedded, type SocketAddress } from "../../../engines/index.js";
import type { Potential } from "../../../potentials/potential.js";
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
}

/**
 * Serves i-PI, ASE's SocketIOCalculator or our own server with a potential, for the atoms of `structure` in their order; resolves
 * with the number of structures done when the server ends it.
 */
export function servePotential(potential: Potential, structure: Structure, options: ServeOptions): Promise<number> {
  const field = potential.bind(structure);
  const demand = { uncertainty: false, extrapolation: false };
  return serveIpi({
    ...options,
    atoms: structure.species.length,
    // The protocol always sends a cell; for atoms without one it is of no meaning.
    evaluate: (positions, cell) => field.evaluate(positions, structure.cell === undefined ? undefined : cell, demand),
  });
}
