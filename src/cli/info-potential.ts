/** What `potluck info` says about potentials, runs and configurations. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type FunctionType, isAngular } from "../descriptors/definition.js";
import type { MemberDropout, NetworkPotential } from "../potentials/definition.js";
import { significant } from "../reports/index.js";
import { elementSymbol } from "../structure/index.js";
import { trainingFormat } from "../training/configuration.js";
import type { GroupedErrors } from "../training/record.js";
import { type Calibration, parseCalibration } from "../uncertainty/index.js";
import type { UnitSystem } from "../units/index.js";
import type { Info } from "./info.js";
import { errorTable } from "./table.js";
import { loadPotential, readText } from "./wiring.js";

export function potentialInfo(path: string, units: UnitSystem): Info {
  const { potential, kind, record: saved, warnings } = loadPotential(path, units);
  const { members } = potential;
  const seed = typeof saved.seed === "number" ? saved.seed : undefined;
  const errors = saved.errors as { train: GroupedErrors; test?: GroupedErrors } | undefined;
  const elements = elementRecords(potential);
  const dropout = members[0]?.dropout;
  const calibration = saved.calibration === undefined ? undefined : parseCalibration(saved.calibration, { file: path });
  const record = {
    kind: "potential",
    path,
    format: kind,
    members: members.length,
    cutoff: cutoffOf(potential),
    elements,
    ...(seed === undefined ? {} : { seed }),
    ...(errors === undefined ? {} : { errors }),
    ...(dropout === undefined ? {} : { dropout: dropoutFacts(dropout) }),
    ...(calibration === undefined ? {} : { calibration }),
    warnings,
  };
  const committee = members.length === 1 ? "one network" : `committee of ${members.length}`;
  const kindText = dropout === undefined ? committee : `${committee} with ${dropoutText(dropout)}`;
  const lines = [
    `${path}: ${kind === "n2p2" ? "n2p2" : "Potluck"} potential, ${kindText}, cutoff ${record.cutoff.toFixed(3)} Å${seed === undefined ? "" : `, seed ${seed}`}`,
    ...elements.map(elementLine),
    ...(calibration === undefined ? [] : [calibrationLine(calibration)]),
    ...(errors ? ["", errorsText(errors)] : []),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ];
  return { record, text: lines.join("\n") };
}

function dropoutFacts({ masks }: MemberDropout) {
  const { probability, passes } = masks[0]!;
  return { probability, passes };
}

function dropoutText(dropout: MemberDropout): string {
  const { probability, passes } = dropoutFacts(dropout);
  return `dropout (${passes} passes, probability ${probability})`;
}

function calibrationLine({ source, structures, energy, forces, thresholds }: Calibration): string {
  const factor = (name: string, one: { readonly scale: number } | undefined): string[] =>
    one === undefined ? [] : [`${name} × ${significant(one.scale)}`];
  const stop = thresholds === undefined ? [] : [`stop above γ = ${significant(thresholds.stop.disagreement)} eV/Å`];
  const facts = [...factor("energies", energy), ...factor("forces", forces), ...stop];
  return `Spread (${source}) calibrated on ${structures} structures: ${facts.join(", ")}`;
}

function errorsText({ train, test }: { train: GroupedErrors; test?: GroupedErrors }): string {
  return errorTable([{ name: "train", errors: train }, ...(test ? [{ name: "test", errors: test }] : [])]);
}

interface ElementRecord {
  readonly element: string;
  readonly functions: number;
  readonly radial: number;
  readonly angular: number;
  readonly types: readonly FunctionType[];
  readonly nodes: readonly number[];
  readonly activations: string;
  /** eV */
  readonly referenceEnergy: number;
}

function elementRecords({ descriptors, members }: NetworkPotential): ElementRecord[] {
  return descriptors.map(({ element, functions }, e) => {
    const { nodes, activations } = members[0]!.elements[e]!.network;
    const angular = functions.filter(isAngular).length;
    return {
      element: elementSymbol(element),
      functions: functions.length,
      radial: functions.length - angular,
      angular,
      types: [...new Set(functions.map(({ type }) => type))],
      nodes,
      activations: activations.join(""),
      referenceEnergy: members[0]!.referenceEnergies[e]!,
    };
  });
}

const elementLine = (one: ElementRecord): string =>
  `${one.element}: ${one.functions} functions (${one.radial} radial, ${one.angular} angular; types ${one.types.join(", ")}), ` +
  `network ${one.nodes.join("-")} (${one.activations}), reference energy ${one.referenceEnergy.toFixed(4)} eV`;

const cutoffOf = ({ descriptors }: NetworkPotential): number =>
  Math.max(0, ...descriptors.flatMap(({ functions }) => functions.map(({ rc }) => rc)));

export function runInfo(path: string, units: UnitSystem): Info {
  if (existsSync(join(path, "potential.json"))) {
    const { record, text } = potentialInfo(path, units);
    return { record: { ...record, kind: "run", finished: true }, text: `Finished run.\n${text}` };
  }
  const epochs = lastEpochs(path);
  const done = Object.entries(epochs).map(([member, epoch]) => `member ${Number(member) + 1} at epoch ${epoch}`);
  const state = done.length === 0 ? "nothing fitted yet" : done.join(", ");
  const text = `${path}: unfinished run, ${state}.\nTo go on: potluck train --resume --out ${path}`;
  return { record: { kind: "run", path, finished: false, epochs }, text };
}

/** Member → last epoch in the journal. The last line may be cut by a kill. */
function lastEpochs(path: string): Record<string, number> {
  const epochs: Record<string, number> = {};
  for (const line of readText(join(path, "journal.jsonl")).split("\n")) {
    const match = /"event":"epoch","member":(\d+),"epoch":(\d+)/.exec(line);
    if (match) epochs[match[1]!] = Number(match[2]);
  }
  return epochs;
}

export function configurationInfo(path: string): Info {
  const configuration = trainingFormat.parse(readText(path), path);
  const { data, test, committee, optimizer, seed } = configuration;
  const text =
    `${path}: training configuration, data ${[data].flat().join(", ")}${test ? `, test ${[test].flat().join(", ")}` : ""}, ` +
    `${committee.members} members, ${optimizer.method}, seed ${seed}`;
  return { record: { kind: "configuration", path, configuration }, text };
}
