/** A simulation's configuration from YAML. */
import { ConfigurationFormat, type KeyTrouble } from "../configuration/index.js";
import { withStructureFile } from "./simulation-keys.js";
import { type SimulationConfiguration, simulationSchema } from "./simulation-schema.js";

export type { SimulationConfiguration } from "./simulation-schema.js";

export const simulationFormat = new ConfigurationFormat({
  schema: simulationSchema,
  longForm: withLongForms,
  contradictions: contradictionsOf,
});

/** `ensemble: nve` and `structure: FILE` are short forms. */
function withLongForms(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { ensemble } = input;
  const longer = withStructureFile(input);
  return typeof ensemble === "string" ? { ...longer, ensemble: { kind: ensemble } } : longer;
}

/** Keys that say something about what is not chosen. */
function contradictionsOf({ ensemble }: SimulationConfiguration): KeyTrouble[] {
  const { kind } = ensemble;
  const thermostat = kind === "nvt" ? (ensemble.thermostat ?? "nose-hoover-chains") : undefined;
  const barostat = kind === "npt" ? (ensemble.barostat ?? "martyna-tobias-klein") : undefined;
  const chains = thermostat === "nose-hoover-chains" || barostat === "martyna-tobias-klein";
  const allowed: Readonly<Record<string, boolean>> = {
    thermostat: kind === "nvt",
    barostat: kind === "npt",
    cell: kind === "npt",
    temperatureTime: kind === "npt" || (thermostat !== undefined && thermostat !== "langevin"),
    pressureTime: kind === "npt",
    friction: thermostat === "langevin",
    chain: chains,
    compressibility: barostat === "cell-rescaling",
  };
  const given = Object.entries(ensemble).filter(([key, value]) => value !== null && allowed[key] === false);
  const chosen = [kind, thermostat ?? barostat].filter(Boolean).join(" with ");
  return given.map(([key]) => ({
    path: ["ensemble", key],
    atKey: true,
    trouble: {
      code: "contradiction",
      problem: `\`ensemble.${key}\` means nothing for ${chosen}.`,
      remedy: "Remove it, or choose the ensemble that it belongs to.",
    },
  }));
}
