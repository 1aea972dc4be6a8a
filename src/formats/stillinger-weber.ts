/** LAMMPS's Stillinger–Weber files (`pair_style sw`, https://docs.lammps.org/pair_sw.html). */
import {
  checkStillingerWeberEntry,
  StillingerWeber,
  type StillingerWeberEntry,
  type StillingerWeberRecord,
} from "../potentials/classical/index.js";
import { energyUnitOf, type ParameterOptions, parameterEntries } from "./lammps-potential-lines.js";

const NAMES = ["epsilon", "sigma", "a", "lambda", "gamma", "costheta0", "A", "B", "p", "q", "tol"];

/** Throws InputError with file and line, and what `StillingerWeber` throws. */
export function readStillingerWeber(text: string, options: ParameterOptions): StillingerWeberRecord {
  const unit = energyUnitOf(text, options.file);
  const triplets = parameterEntries(text, NAMES, options).map(({ elements, values, where }): StillingerWeberEntry => {
    const [epsilon, sigma, a, lambda, gamma, cosTheta0, A, B, p, q, tolerance] = values;
    const entry = { elements, epsilon: epsilon * unit, sigma, a, lambda, gamma, cosTheta0, A, B, p, q, tolerance };
    checkStillingerWeberEntry(entry, where);
    return entry;
  });
  const record: StillingerWeberRecord = { kind: "stillinger-weber", triplets, source: options.file };
  // Complete and consistent, or an error that names the file.
  new StillingerWeber(record, { file: options.file });
  return record;
}
