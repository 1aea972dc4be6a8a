/** Opens potentials: our JSON file, a run directory, an n2p2 directory, a directory of such directories. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../errors/index.js";
import { readN2p2Potential, weightsName } from "../../formats/n2p2-potential.js";
import { type PotentialRecord, readPotentialJson } from "../../formats/potential-json.js";
import type { NetworkPotential } from "../../potentials/definition.js";
import type { Potential } from "../../potentials/potential.js";
import { networkPotential } from "../../potentials/surface-potential.js";
import type { UnitSystem } from "../../units/index.js";
import { createKernels } from "./kernels.js";

export interface LoadedPotential {
  readonly potential: NetworkPotential;
  /** "potluck" or "n2p2". */
  readonly kind: "potluck" | "n2p2";
  readonly record: PotentialRecord;
  readonly warnings: readonly string[];
}

/** Reads a potential from disk, whatever it is. Units count for formats that have none of their own. */
export function loadPotential(path: string, units: UnitSystem): LoadedPotential {
  if (!existsSync(path))
    throw new InputError({
      code: "no-such-file",
      where: { file: path },
      problem: "There is no such file or directory.",
      remedy: "Give a potential.json, a run directory, or a directory with input.nn, scaling.data and weights.*.data.",
    });
  if (!statSync(path).isDirectory()) {
    const { potential, record } = readPotentialJson(readFileSync(path, "utf8"), path);
    return { potential, record, kind: "potluck", warnings: [] };
  }
  if (existsSync(join(path, "potential.json"))) return loadPotential(join(path, "potential.json"), units);
  if (existsSync(join(path, "input.nn"))) return loadN2p2(path, units);
  return loadCommittee(path, units);
}

/** Whether `loadPotential` has a chance. */
export function looksLikePotential(path: string): boolean {
  if (!existsSync(path)) return false;
  if (!statSync(path).isDirectory())
    return readFileSync(path).subarray(0, 200).toString().includes("potluck-potential");
  if (existsSync(join(path, "potential.json")) || existsSync(join(path, "input.nn"))) return true;
  return readdirSync(path).some((name) => existsSync(join(path, name, "input.nn")));
}

function loadN2p2(path: string, units: UnitSystem): LoadedPotential {
  const read = (name: string): string => {
    const file = join(path, name);
    if (!existsSync(file))
      throw new InputError({
        code: "missing-file",
        where: { file },
        problem: `The n2p2 potential has no ${name}.`,
        remedy:
          "Copy it beside input.nn; a directory for prediction holds input.nn, scaling.data and one weights file per element.",
      });
    return readFileSync(file, "utf8");
  };
  const weights = new Map<number, string>();
  for (const name of readdirSync(path)) {
    const match = /^weights\.(\d{3})\.data$/.exec(name);
    if (match !== null) weights.set(Number(match[1]), read(name));
  }
  const { potential, warnings } = readN2p2Potential(
    { inputNn: read("input.nn"), scalingData: read("scaling.data"), weights },
    {
      units,
      names: {
        inputNn: join(path, "input.nn"),
        scalingData: join(path, "scaling.data"),
        weights: (z) => join(path, weightsName(z)),
      },
    },
  );
  return { potential, kind: "n2p2", record: {}, warnings: warnings.map((w) => `${w.problem} ${w.remedy}`) };
}

/** Directories with an input.nn each: members of a committee on the same functions. */
function loadCommittee(path: string, units: UnitSystem): LoadedPotential {
  const names = readdirSync(path)
    .filter((name) => existsSync(join(path, name, "input.nn")))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (names.length === 0)
    throw new InputError({
      code: "not-a-potential",
      where: { file: path },
      problem: "This directory holds no potential.",
      expected: "Expected potential.json, or input.nn with scaling.data and weights.*.data, or directories with those.",
      remedy: "Give the directory that holds them.",
    });
  const members = names.map((name) => loadN2p2(join(path, name), units));
  const functions = JSON.stringify(members[0]!.potential.descriptors);
  members.forEach(({ potential }, i) => {
    if (JSON.stringify(potential.descriptors) !== functions)
      throw new InputError({
        code: "different-functions",
        where: { file: join(path, names[i]!, "input.nn") },
        problem: `Its symmetry functions differ from those of ${names[0]}.`,
        remedy: "The members of a committee must have the same symmetry functions.",
      });
  });
  return {
    potential: { descriptors: members[0]!.potential.descriptors, members: members.flatMap((m) => m.potential.members) },
    kind: "n2p2",
    record: {},
    warnings: members.flatMap((m) => m.warnings),
  };
}

/** An evaluator with kernels of its own. */
export const createEvaluator = (potential: NetworkPotential): Potential => networkPotential(createKernels(), potential);
