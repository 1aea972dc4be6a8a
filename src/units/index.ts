/**
 * Units at the border. Inside Potluck everything is in Å, eV, fs, K, amu and e; these factors turn other units into
 * those: `value_in_hartree * hartree = value in eV`.
 *
 * Constants: CODATA 2018 (Tiesinga et al., Rev. Mod. Phys. 93, 025010, 2021).
 */

/** Bohr radius in Å. */
export const bohr = 0.529177210903;
/** Hartree in eV. */
export const hartree = 27.211386245988;
/** Rydberg in eV. */
export const rydberg = hartree / 2;
/** 1 eV/Å³ in GPa: GPa = value * gigapascalPerElectronvoltPerCubicAngstrom. */
export const gigapascal = 1 / 160.21766208;
/** Kilobar in eV/Å³. */
export const kilobar = gigapascal / 10;
/** Boltzmann constant in eV/K. */
export const boltzmann = 8.617333262e-5;

/** Length units that a user may name, in Å. */
export const lengthUnits = { angstrom: 1, bohr } as const;
/** Energy units that a user may name, in eV. */
export const energyUnits = { eV: 1, hartree, rydberg } as const;

export type LengthUnit = keyof typeof lengthUnits;
export type EnergyUnit = keyof typeof energyUnits;

/** Factors from a file's units to Å and eV. */
export interface UnitSystem {
  /** Å per unit of length. */
  readonly length: number;
  /** eV per unit of energy. */
  readonly energy: number;
}

export const angstromElectronvolt: UnitSystem = { length: 1, energy: 1 };

export function unitSystem(length: LengthUnit = "angstrom", energy: EnergyUnit = "eV"): UnitSystem {
  return { length: lengthUnits[length], energy: energyUnits[energy] };
}
