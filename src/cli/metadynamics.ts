/** `potluck metadynamics`: the cell of a crystal driven out of its well. */
import type { Command } from "commander";
import { metadynamicsInDirectory } from "../hosts/node/metadynamics.js";
import type { UnitSystem } from "../units/index.js";
import { endedMetadynamics, metadynamicsDirectory } from "./metadynamics-directory.js";
import { openMetadynamics } from "./metadynamics-plan.js";
import { type MetadynamicsEndRecord, metadynamicsRecord, metadynamicsText } from "./metadynamics-result.js";
import { type MetadynamicsConfiguration, metadynamicsFormat } from "./metadynamics-schema.js";
import {
  type OpenedRun,
  type Placed,
  placedConfiguration,
  type SimulationKind,
  type SimulationOptions,
  simulationCommand,
} from "./simulation-command.js";
import type { Terminal } from "./terminal.js";

const help = `Examples:
  potluck metadynamics silicon.yaml
  potluck metadynamics silicon.yaml --metasteps 400 --set pressure=16 --out runs/pressed
  potluck metadynamics --resume --out runs/pressed

silicon.yaml, which looks for what silicon becomes under pressure:
  potential: {kind: published, name: silicon-stillinger-weber-1985}
  structure: {file: silicon.extxyz, replicate: [2, 2, 2]}
  pressure: 16
  metasteps: 200
  hills: {width: 3}
  variable: {scaled: true}
  detector: {coordination: 1, cutoff: 2.9, stopAfter: 1}

At each metastep the atoms move in a fixed cell, from the mean of whose pressure follows the force on it; a hill is left there, and the cell
goes a step down the slope of the free energy and all hills. The same command again goes on from the last checkpoint. Ctrl-C ends the run
at once, and the metastep that was going on is done again. Exit code 3 says that an uncertainty threshold has stopped the run, 1 that
something physically impossible has; stopped.extxyz then holds the frames that led there.`;

const metadynamics: SimulationKind<MetadynamicsConfiguration, MetadynamicsEndRecord> = {
  name: "metadynamics",
  description: "Metadynamics of a crystal's cell: hills drive it out of its well into other structures.",
  help,
  length: { key: "metasteps", help: "steps of metadynamics to take" },
  format: metadynamicsFormat,
  directory: metadynamicsDirectory,
  ended: endedMetadynamics,
  open,
  text: metadynamicsText,
};

export const metadynamicsCommand = (terminal: Terminal): Command => simulationCommand(metadynamics, terminal);

export const metadynamicsConfiguration = (
  file: string | undefined,
  options: SimulationOptions,
): Placed<MetadynamicsConfiguration> => placedConfiguration(metadynamics, file, options);

async function open(
  configuration: Placed<MetadynamicsConfiguration>,
  units: UnitSystem,
): Promise<OpenedRun<MetadynamicsEndRecord>> {
  const { task, potential, atoms } = await openMetadynamics(configuration, units);
  const { out: directory, seed, metasteps } = configuration;
  return {
    warnings: potential.warnings,
    run: async ({ progress, ...hooks }) => {
      const onProgress = ({ metastep, share }: { metastep: number; share: number }): void => {
        if (metastep < 0) progress(0, metasteps, `curvature ${Math.round(100 * share)} %`);
        else progress(metastep, metasteps, `metastep ${metastep + 1}`);
      };
      const end = await metadynamicsInDirectory(task, { ...hooks, onProgress });
      return metadynamicsRecord(end, { directory, atoms, seed, metasteps });
    },
    close: () => potential.close(),
  };
}
