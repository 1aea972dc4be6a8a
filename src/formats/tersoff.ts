/** LAMMPS's Tersoff files (`pair_style tersoff`, https://docs.lammps.org/pair_tersoff.html). */
import { checkTersoffEntry, Tersoff, type TersoffEntry, type TersoffRecord } from "../potentials/classical/index.js";
import { energyUnitOf, type ParameterOptions, parameterEntries } from "./lammps-potential-lines.js";

const NAMES = "m gamma lambda3 c d costheta0 n beta lambda2 B R D lambda1 A".split(" ");

/** Throws InputError with file and line, and what `Tersoff` throws. */
export function readTersoff(text: string, options: ParameterOptions): TersoffRecord {
  const unit = energyUnitOf(text, options.file);
  const triplets = parameterEntries(text, NAMES, options).map(({ elements, values, where }): TersoffEntry => {
    const [m, gamma, lambda3, c, d, cosTheta0, n, beta, lambda2, B, R, D, lambda1, A] = values;
    const angular = { m, gamma, lambda3, c, d, cosTheta0 };
    const entry = { elements, ...angular, n, beta, lambda2, B: B * unit, R, D, lambda1, A: A * unit };
    checkTersoffEntry(entry, where);
    return entry;
  });
  const record: TersoffRecord = { kind: "tersoff", triplets, source: options.file };
  // Complete and consistent, or an error that names the file.
  new Tersoff(record, { file: options.file });
  return record;
}
