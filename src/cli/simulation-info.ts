/** What `potluck info` says of the run directory of a simulation. */

import { endedSampling, samplingDirectory } from "./mc-directory.js";
import { samplingText } from "./mc-result.js";
import { endedRun, simulationDirectory } from "./md-directory.js";
import { simulationText } from "./md-result.js";
import { endedMetadynamics, metadynamicsDirectory } from "./metadynamics-directory.js";
import { metadynamicsText } from "./metadynamics-result.js";
import { savedConfiguration } from "./run-directory.js";

/** Text for people, and the same as plain data; undefined for directories of anything else. */
export interface SimulationInfo {
  readonly text: string;
  readonly record: Readonly<Record<string, unknown>>;
}

export function simulationInfo(path: string): SimulationInfo | undefined {
  return dynamicsInfo(path) ?? samplingInfo(path) ?? metadynamicsInfo(path);
}

// An ended run is told of whatever it was asked for last: as if it had been asked for nothing more.

function dynamicsInfo(path: string): SimulationInfo | undefined {
  const configuration = savedConfiguration(path, simulationDirectory);
  if (configuration === undefined) return undefined;
  const { steps } = configuration;
  const record = endedRun(path, { ...configuration, steps: 0 });
  if (record !== undefined) return { text: simulationText(record, path), record: { kind: "simulation", ...record } };
  const text = `Simulation of ${steps} steps that has not ended; \`potluck md --resume --out ${path}\` goes on.`;
  return { text, record: { kind: "simulation", steps, reason: null } };
}

function samplingInfo(path: string): SimulationInfo | undefined {
  const configuration = savedConfiguration(path, samplingDirectory);
  if (configuration === undefined) return undefined;
  const { steps } = configuration;
  const record = endedSampling(path, { ...configuration, steps: 0 });
  if (record !== undefined)
    return { text: `Monte Carlo. ${samplingText(record, path)}`, record: { kind: "monte-carlo", ...record } };
  const text = `Monte Carlo of ${steps} attempts that has not ended; \`potluck mc --resume --out ${path}\` goes on.`;
  return { text, record: { kind: "monte-carlo", steps, reason: null } };
}

function metadynamicsInfo(path: string): SimulationInfo | undefined {
  const configuration = savedConfiguration(path, metadynamicsDirectory);
  if (configuration === undefined) return undefined;
  const { metasteps } = configuration;
  const record = endedMetadynamics(path, { ...configuration, metasteps: 0 });
  if (record !== undefined)
    return { text: `Metadynamics. ${metadynamicsText(record, path)}`, record: { kind: "metadynamics", ...record } };
  const text = `Metadynamics of ${metasteps} metasteps that has not ended; \`potluck metadynamics --resume --out ${path}\` goes on.`;
  return { text, record: { kind: "metadynamics", metasteps, reason: null } };
}
