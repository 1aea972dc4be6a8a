/** A potential from a record of its parameters. */
import { InputError } from "../../errors/index.js";
import type { Potential } from "../potential.js";
import { sum } from "../sum.js";
import { ClassicalPotential } from "./classical-potential.js";
import { Eam } from "./eam.js";
import type { EamRecord } from "./eam-record.js";
import { LennardJones, type LennardJonesRecord } from "./lennard-jones.js";
import { PairInteraction } from "./pair-interaction.js";
import { publishedPotentials } from "./published.js";
import { StillingerWeber, type StillingerWeberRecord } from "./stillinger-weber.js";
import { Tersoff, type TersoffRecord } from "./tersoff.js";
import { Zbl, type ZblRecord } from "./zbl.js";

export interface SumRecord {
  readonly kind: "sum";
  readonly parts: readonly ClassicalRecord[];
}

/** One of `publishedPotentials`. */
export interface PublishedRecord {
  readonly kind: "published";
  readonly name: string;
}

/** Plain data, as JSON or YAML holds it; the readers of files (`formats/`) make these too. */
export type ClassicalRecord =
  | EamRecord
  | LennardJonesRecord
  | PublishedRecord
  | StillingerWeberRecord
  | SumRecord
  | TersoffRecord
  | ZblRecord;

/** Throws InputError where a record is incomplete or contradicts itself (`unknown-kind`, `unknown-name`, and the parts' own). */
export function classicalPotential(record: ClassicalRecord): Potential {
  switch (record.kind) {
    case "lennard-jones":
      return new ClassicalPotential(new PairInteraction(new LennardJones(record)));
    case "zbl":
      return new ClassicalPotential(new PairInteraction(new Zbl(record)));
    case "stillinger-weber":
      return new ClassicalPotential(new StillingerWeber(record));
    case "tersoff":
      return new ClassicalPotential(new Tersoff(record));
    case "eam":
      return new ClassicalPotential(new Eam(record));
    case "sum":
      return sum(...record.parts.map(classicalPotential));
    case "published":
      return classicalPotential(publishedRecord(record.name));
    default:
      throw unknown("kind", (record as { kind: unknown }).kind, KINDS);
  }
}

const KINDS = ["lennard-jones", "zbl", "stillinger-weber", "tersoff", "eam", "sum", "published"];

function publishedRecord(name: string): ClassicalRecord {
  const found = Object.entries(publishedPotentials).find(([key]) => key === name);
  if (found !== undefined) return found[1];
  throw unknown("name", name, Object.keys(publishedPotentials));
}

function unknown(what: "kind" | "name", found: unknown, known: readonly string[]): InputError {
  return new InputError({
    code: `unknown-${what}`,
    problem: `There is no classical potential of ${what} ${JSON.stringify(found)}.`,
    expected: `There are ${known.join(", ")}.`,
    remedy: "Choose one of these.",
  });
}
