/** All that a loop reads before it begins: data, structures, walkers, crystals of the properties, and what identifies the run. */
import { createHash } from "node:crypto";
import { dataHash } from "../../datasets/index.js";
import { InputError } from "../../errors/index.js";
import {
  type LearningConfiguration,
  lowestOfGroups,
  type Measure,
  type Measured,
  measureOf,
  type Walker,
  walkersOf,
} from "../../learning/index.js";
import { neighborList } from "../../neighbors/index.js";
import type { Frame, Structure } from "../../structure/index.js";
import { type UnitSystem, unitSystem } from "../../units/index.js";
import { readData } from "./data.js";

export interface LearnPlan {
  readonly configuration: LearningConfiguration;
  /** Labelled structures to begin with. */
  readonly data: readonly Frame[];
  /** Structures to begin with, without labels. */
  readonly structures: readonly Frame[];
  readonly walkers: readonly Walker[];
  readonly measures: readonly Measure[];
  /** Numbers that the configuration gives for properties. */
  readonly references: Measured;
  /** Å, below which two atoms mean that a walker is lost. */
  readonly closest: number;
  /** Of everything that decides the course of the loop, but not how far it goes. */
  readonly identity: string;
}

export async function planLearning(configuration: LearningConfiguration): Promise<LearnPlan> {
  const { units } = configuration;
  const system = unitSystem(units.length, units.energy);
  const data = await framesOf(configuration.data, system);
  const structures = await framesOf(configuration.structure, system);
  const walkers = await walkersOf(configuration, {
    read: (files) => framesOf(files, system),
    standard: structures.length > 0 ? structures : lowestOfGroups(data),
  });
  const measures = await measuresOf(configuration, system);
  const known = [...structures, ...data].map(({ structure }) => structure);
  const starts = walkers.flatMap((walker) => walker.structures);
  return {
    ...{ configuration, data, structures, walkers, measures },
    references: Object.fromEntries(
      measures.flatMap(({ name, configuration: { reference } }) =>
        typeof reference === "number" ? [[name, reference]] : [],
      ),
    ),
    closest: configuration.explore.closest ?? CLOSE * shortestDistance([...known, ...starts]),
    identity: await identityOf(configuration, [...data, ...structures, ...starts.map(bareFrame)]),
  };
}

/** Of the shortest distance that is known: nuclei repel long before. */
const CLOSE = 0.6;
/** Å: bonds are shorter. */
const BOND = 4;
/** Structures that are looked at. */
const MOST = 200;

function shortestDistance(structures: readonly Structure[]): number {
  let least = Number.POSITIVE_INFINITY;
  const stride = Math.ceil(structures.length / MOST);
  for (const structure of structures.filter((_, k) => k % stride === 0)) {
    const { vectors } = neighborList(structure, BOND);
    for (let k = 0; k < vectors.length; k += 3)
      least = Math.min(least, Math.hypot(vectors[k], vectors[k + 1], vectors[k + 2]));
  }
  return Number.isFinite(least) ? least : 0.7;
}

async function framesOf(files: string | readonly string[] | null, units: UnitSystem): Promise<readonly Frame[]> {
  return files === null ? [] : (await readData([files].flat(), { units })).frames;
}

const bareFrame = (structure: Structure): Frame => ({
  structure,
  info: new Map(),
  columns: new Map(),
  source: { file: "", structure: 1, line: 1 },
});

async function measuresOf(configuration: LearningConfiguration, units: UnitSystem): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const wanted of configuration.check.properties) {
    const frames = await framesOf(wanted.structure, units);
    const crystal = frames[wanted.frame - 1]?.structure;
    if (crystal === undefined)
      throw new InputError({
        code: "no-such-structure",
        where: { file: wanted.structure },
        problem: `Structure ${wanted.frame} is asked for, and there are ${frames.length}.`,
        remedy: "Correct `frame` of the property.",
      });
    measures.push(measureOf(wanted, crystal));
  }
  const names = measures.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) < k);
  if (twice === undefined) return measures;
  throw new InputError({
    code: "two-properties",
    problem: `Two properties are called "${twice}".`,
    remedy: "Give them names: `name: surface of the film`.",
  });
}

async function identityOf(configuration: LearningConfiguration, frames: readonly Frame[]): Promise<string> {
  const { budget: _, stop: __, out: ___, threads: ____, execution: _____, label, engine, ...rest } = configuration;
  const { seconds: ______, megabytes: _______, ...source } = engine;
  // Where files lie does not matter; what is in them does.
  const { data: ________, structure: _________, test, start, ...settings } = rest;
  const content = [settings, source, label.onFailure, test, start, await dataHash(frames)];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}
