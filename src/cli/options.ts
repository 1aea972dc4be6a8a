/** Options that every command has. */
import { type Command, Option } from "commander";
import { InputError } from "../errors/index.js";
import {
  type EnergyUnit,
  energyUnits,
  type LengthUnit,
  lengthUnits,
  type UnitSystem,
  unitSystem,
} from "../units/index.js";

export interface CommonOptions {
  readonly json?: true;
  readonly threads?: number;
  readonly seed?: number;
  readonly lengthUnit?: LengthUnit;
  readonly energyUnit?: EnergyUnit;
  readonly debug?: true;
  readonly quiet?: true;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option("--json", "results as JSON on stdout")
    .option("--threads <n>", "threads (default: every core)", wholeNumber("--threads", 1))
    .option("--seed <n>", "seed of everything random", wholeNumber("--seed", 0))
    .addOption(unitOption("--length-unit <unit>", "length", Object.keys(lengthUnits)))
    .addOption(unitOption("--energy-unit <unit>", "energy", Object.keys(energyUnits)))
    .option("--quiet", "no progress on stderr")
    .option("--debug", "show where in the program an error happened");
}

const unitOption = (flags: string, what: string, choices: readonly string[]): Option =>
  new Option(flags, `${what} unit of files that have none of their own (n2p2)`).choices(choices);

/** Parser of a whole number ≥ `least`. */
export function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InputError({
      code: "bad-option",
      where: { file: option },
      problem: `"${text}" is not a whole number ≥ ${least}.`,
      remedy: `Write for example ${option} ${Math.max(1, least)}.`,
    });
  };
}

/** Collects the values of an option that may be given several times. */
export const collected = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

export const unitsOf = ({ lengthUnit, energyUnit }: CommonOptions): UnitSystem => unitSystem(lengthUnit, energyUnit);
