/** `potluck md`: molecular dynamics. */
import { join } from "node:path";
import type { Command } from "commander";
import { simulate } from "../hosts/node/simulate.js";
import { readTable } from "../hosts/node/table-file.js";
import { thermoAverages } from "../properties/index.js";
import { significant } from "../reports/index.js";
import { endedRun, simulationDirectory } from "./md-directory.js";
import { openSimulation } from "./md-plan.js";
import { type SimulationRecord, simulationRecord, simulationText } from "./md-result.js";
import {
  type OpenedRun,
  type Placed,
  placedConfiguration,
  type SimulationKind,
  type SimulationOptions,
  simulationCommand,
} from "./simulation-command.js";
import { type SimulationConfiguration, simulationFormat } from "./simulation-configuration.js";
import type { Terminal } from "./terminal.js";

const help = `Examples:
  potluck md silicon.yaml
  potluck md silicon.yaml --steps 100000 --set temperature=600 --out runs/hot
  potluck md --resume --out runs/hot

The same command again goes on from the last checkpoint. Ctrl-C ends the run at the next checkpoint, a second one at once. Exit code 3
says that an uncertainty threshold has stopped the run, 1 that something physically impossible has; stopped.extxyz then holds the
frames that led there.`;

const md: SimulationKind<SimulationConfiguration, SimulationRecord> = {
  name: "md",
  description: "Molecular dynamics with a potential, under watch.",
  help,
  length: { key: "steps", help: "steps to take" },
  format: simulationFormat,
  directory: simulationDirectory,
  ended: endedRun,
  open,
  text: simulationText,
};

export const mdCommand = (terminal: Terminal): Command => simulationCommand(md, terminal);

export const mdConfiguration = (
  file: string | undefined,
  options: SimulationOptions,
): Placed<SimulationConfiguration> => placedConfiguration(md, file, options);

async function open(
  configuration: Placed<SimulationConfiguration>,
  units: Parameters<typeof openSimulation>[1],
): Promise<OpenedRun<SimulationRecord>> {
  const { simulation, potential, atoms } = await openSimulation(configuration, units);
  const { out: directory, seed, steps } = configuration;
  return {
    warnings: potential.warnings,
    run: async ({ progress, ...hooks }) => {
      const onProgress = ({ step, temperature }: { step: number; temperature: number }): void =>
        progress(step, steps, `T ${significant(temperature)} K`);
      const result = await simulate(simulation, { ...hooks, onProgress });
      const { thermo } = result.files;
      // Of the file, so that a resumed run has the same as an unbroken one.
      const recorded = thermo !== undefined && steady(configuration) ? readTable(join(directory, thermo)) : [];
      const averages = thermoAverages(recorded);
      return simulationRecord(result, { directory, atoms, seed, steps, averages });
    },
    close: () => potential.close(),
  };
}

/** Averages over a ramp would mean nothing. */
export const steady = ({ temperature, pressure }: SimulationConfiguration): boolean =>
  typeof temperature === "number" && typeof pressure === "number";
