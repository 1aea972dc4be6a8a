/** A calculation as a frame of a data set. */
import type { Frame } from "../structure/index.js";
import type { Calculation } from "./engine.js";

/** The frame of a converged calculation, with where its labels come from; undefined for a failure. */
export function labelledFrame(calculation: Calculation): Frame | undefined {
  const { outcome, structure, engine, version, directory } = calculation;
  if (!outcome.converged) return undefined;
  const { energy, forces, stress } = outcome.labels;
  const info = new Map([["engine", version === undefined ? engine : `${engine} ${version}`]]);
  if (directory !== undefined) info.set("calculation", directory);
  return {
    structure,
    energy,
    forces,
    ...(stress === undefined ? {} : { stress }),
    info,
    columns: new Map(),
    source: { file: directory ?? engine, structure: 1, line: 1 },
  };
}
