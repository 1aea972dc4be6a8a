/** Properties by which a potential is judged beside its errors. One that cannot be measured is null: a young potential may have no minimum. */
import { InputError } from "../errors/index.js";
import type { Potential } from "../potentials/potential.js";
import { equationOfState, surfaceEnergy, vacancy } from "../properties/index.js";
import { relax } from "../relaxation/index.js";
import type { Structure } from "../structure/index.js";
import type { MeasureConfiguration } from "./configuration.js";

/** A property with its crystal; plain data. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly configuration: MeasureConfiguration;
  readonly crystal: Structure;
}

const quantityUnits = { "bulk-modulus": "GPa", volume: "Å³/atom", energy: "eV/atom" } as const;

export const measureOf = (configuration: MeasureConfiguration, crystal: Structure): Measure => ({
  ...titleOf(configuration),
  ...{ configuration, crystal },
});

/** Unit of each measure by its name. */
export const measureUnits = (configurations: readonly MeasureConfiguration[]): Readonly<Record<string, string>> =>
  Object.fromEntries(configurations.map(titleOf).map(({ name, unit }) => [name, unit]));

/** "surface-energy 100", in J/m² */
function titleOf(configuration: MeasureConfiguration): { readonly name: string; readonly unit: string } {
  const { name } = configuration;
  switch (configuration.kind) {
    case "surface-energy":
      return { name: name ?? `surface-energy ${configuration.miller.join("")}`, unit: "J/m²" };
    case "equation-of-state": {
      const { quantity } = configuration;
      return { name: name ?? quantity, unit: quantityUnits[quantity] };
    }
    case "vacancy":
      return { name: name ?? "vacancy", unit: "eV" };
  }
}

/** In the unit of the measure; null where the potential has no such thing. */
export function measure(potential: Potential, { configuration, crystal }: Measure): number | null {
  try {
    const value = measuredValue(potential, crystal, configuration);
    return Number.isFinite(value) ? value : null;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

function measuredValue(potential: Potential, crystal: Structure, configuration: MeasureConfiguration): number {
  switch (configuration.kind) {
    case "surface-energy": {
      const { miller, layers, vacuum, relaxAtoms } = configuration;
      const bulk = configuration.relaxCell ? relaxedCrystal(potential, crystal) : crystal;
      const options = { miller: tripleOf(miller), layers, vacuum, relaxAtoms };
      return surfaceEnergy(potential, bulk, options).joulesPerSquareMetre;
    }
    case "equation-of-state": {
      const { range, quantity } = configuration;
      const ratios = Array.from({ length: 9 }, (_, k) => 1 + (range * (k - 4)) / 4);
      const { fit, perAtom } = equationOfState(potential, crystal, { ratios });
      return quantity === "bulk-modulus" ? fit.bulkModulusGPa : perAtom[quantity];
    }
    case "vacancy": {
      const bulk = configuration.relaxCell ? relaxedCrystal(potential, crystal) : crystal;
      return vacancy(potential, bulk, { copies: tripleOf(configuration.copies) }).formationEnergy;
    }
  }
}

const tripleOf = ([a, b, c]: readonly number[]): [number, number, number] => [a, b, c];

const relaxedCrystal = (potential: Potential, structure: Structure): Structure =>
  relax(potential, { structure, cell: {}, finalReport: false, maxSteps: 300 }).structure;
