/** `potluck mc`: Monte Carlo. */
import type { Command } from "commander";
import { sampleInDirectory } from "../hosts/node/sample.js";
import type { UnitSystem } from "../units/index.js";
import { endedSampling, samplingDirectory } from "./mc-directory.js";
import { openSampling } from "./mc-plan.js";
import { type SamplingRecord, samplingRecord, samplingText } from "./mc-result.js";
import { moveFormat, type SamplingConfiguration, samplingFormat } from "./mc-schema.js";
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
  potluck mc alloy.yaml
  potluck mc alloy.yaml --steps 1000000 --set temperature=600 --out runs/hot
  potluck mc --resume --out runs/hot

alloy.yaml, with atoms that change places in a crystal that breathes:
  potential: alloy.eam.alloy
  structure: alloy.extxyz
  temperature: 500
  steps: 200000
  moves:
    - {kind: displacement, weight: 100}
    - {kind: swap, weight: 20}
    - {kind: cell, weight: 1, pressure: 0}

The same command again goes on from the last checkpoint. Ctrl-C ends the run at the next checkpoint, a second one at once. Exit code 3
says that an uncertainty threshold has stopped the run, 1 that something impossible has; stopped.extxyz then holds the frames that led
there.

Keys of a move, an item of the list \`moves\`; (kind) behind a key says to which it belongs:
${moveFormat.keysText}`;

const mc: SimulationKind<SamplingConfiguration, SamplingRecord> = {
  name: "mc",
  description: "Monte Carlo with a potential: displacements, swaps, cells, hybrid trajectories, changes of elements.",
  help,
  length: { key: "steps", help: "attempts to make" },
  format: samplingFormat,
  directory: samplingDirectory,
  ended: endedSampling,
  open,
  text: samplingText,
};

export const mcCommand = (terminal: Terminal): Command => simulationCommand(mc, terminal);

export const mcConfiguration = (file: string | undefined, options: SimulationOptions): Placed<SamplingConfiguration> =>
  placedConfiguration(mc, file, options);

async function open(
  configuration: Placed<SamplingConfiguration>,
  units: UnitSystem,
): Promise<OpenedRun<SamplingRecord>> {
  const { sampling, potential, atoms } = await openSampling(configuration, units);
  const { out: directory, seed, steps, temperature } = configuration;
  const { equilibration } = sampling;
  const annealed = typeof temperature !== "number";
  return {
    warnings: potential.warnings,
    run: async ({ progress, ...hooks }) => {
      const onProgress = ({ step, energy }: { step: number; energy: number }): void =>
        progress(step, steps, `E ${energy.toFixed(3)} eV`);
      const result = await sampleInDirectory(sampling, { ...hooks, onProgress });
      const { locality } = potential;
      return samplingRecord(result, { directory, atoms, seed, steps, equilibration, locality, annealed });
    },
    close: () => potential.close(),
  };
}
