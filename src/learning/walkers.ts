/** From the walkers of a configuration, each perhaps at several temperatures, pressures and structures, to single walkers. */
import { groupsOf } from "../datasets/index.js";
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/index.js";
import type { Frame, Structure } from "../structure/index.js";
import type { LearningConfiguration, WalkerConfiguration } from "./configuration.js";

type Settings<K extends WalkerConfiguration["kind"]> = Omit<
  Extract<WalkerConfiguration, { kind: K }>,
  "name" | "structure" | "frame" | "temperature" | "pressure" | "steps"
>;

interface Common {
  readonly name: string;
  readonly seed: number;
  /** Where it starts; all of them are looked at by a walker of kind "structures". */
  readonly structures: readonly Structure[];
  /** In the whole loop. */
  readonly steps: number;
}

/** GPa; undefined where the cell stays. */
interface Pressed {
  readonly pressure: number | undefined;
}

/** A single walker; plain data, so that it can be sent to another thread. */
export type Walker =
  | (Common & Pressed & { readonly temperature: number } & Settings<"dynamics">)
  | (Common & Pressed & { readonly temperature: number } & Settings<"monte-carlo">)
  | (Common & Pressed & Settings<"relax">)
  | (Common & Settings<"structures">);

export type WalkerOf<K extends Walker["kind"]> = Extract<Walker, { kind: K }>;

export interface WalkerSources {
  /** Frames of files as a configuration names them. */
  read(files: string | readonly string[]): Promise<readonly Frame[]>;
  /** Where walkers start that name no structure of their own. */
  readonly standard: readonly Frame[];
}

/** What explores where the configuration names nothing, K. */
const TEMPERATURES = [300, 600, 1000];

/** All walkers, with names of their own. */
export async function walkersOf(configuration: LearningConfiguration, sources: WalkerSources): Promise<Walker[]> {
  const { walkers } = configuration.explore;
  const wanted = walkers.length > 0 ? walkers : standardWalkers(sources.standard);
  const made: Walker[] = [];
  for (const one of wanted) {
    const frames = chosenFrames(one, one.structure === null ? sources.standard : await sources.read(one.structure));
    made.push(...singleWalkers(one, frames));
  }
  const named = withOwnNames(made);
  return named.map((walker) => {
    const stream = new RandomStream(configuration.seed, `walker ${walker.name}`);
    return { ...walker, seed: stream.integer(2 ** 31) };
  });
}

function standardWalkers(frames: readonly Frame[]): WalkerConfiguration[] {
  const bulk = frames.every(({ structure }) => structure.periodic.every(Boolean));
  return [
    {
      ...{ kind: "dynamics", name: null, structure: null, frame: "all", steps: 20000, ensemble: null, timestep: 1 },
      ...{ thermostat: "langevin", cell: "isotropic", temperatureTime: null, hottest: null },
      ...{ temperature: TEMPERATURES, pressure: bulk ? 0 : null },
    },
  ];
}

function chosenFrames({ frame, structure }: WalkerConfiguration, frames: readonly Frame[]): readonly Frame[] {
  if (frame === "all") return frames;
  const chosen = frame === "last" ? frames.at(-1) : frames[frame - 1];
  if (chosen !== undefined) return [chosen];
  throw new InputError({
    code: "no-such-structure",
    where: { file: [structure ?? "structure"].flat().join(", ") },
    problem: `Structure ${frame} is asked for, and there are ${frames.length}.`,
    remedy: "Correct `frame` of the walker.",
  });
}

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

function singleWalkers(one: WalkerConfiguration, frames: readonly Frame[]): Walker[] {
  const { name, structure: _, frame: __, ...settings } = one;
  if (settings.kind === "structures") {
    const structures = frames.map(({ structure }) => structure);
    return [{ ...settings, name: name ?? "structures", seed: 0, structures, steps: Number.POSITIVE_INFINITY }];
  }
  const groups = groupsOf(frames);
  return frames.flatMap((frame, k) =>
    listOf(settings.pressure).flatMap((pressure) => {
      const common = { seed: 0, structures: [frame.structure], pressure: pressure ?? undefined };
      const stem = [name ?? groups[k], ...(pressure === null ? [] : [`${pressure}GPa`])];
      if (settings.kind === "relax") return [{ ...settings, ...common, name: [...stem, "relax"].join("-") }];
      return listOf(settings.temperature).map((temperature): Walker => {
        const kind = settings.kind === "monte-carlo" ? ["mc"] : [];
        const called = name !== null && isSingle(one, frames) ? name : [...stem, `${temperature}K`, ...kind].join("-");
        return { ...settings, ...common, temperature, name: called };
      });
    }),
  );
}

/** Whether a configuration makes one walker only, which then bears its name as it is. */
function isSingle(one: WalkerConfiguration, frames: readonly Frame[]): boolean {
  const several = [
    ...("temperature" in one ? [one.temperature] : []),
    ...("pressure" in one ? [one.pressure] : []),
  ].some((value) => listOf(value).length > 1);
  return frames.length === 1 && !several;
}

/** Names are those of files too; what is not fit for one becomes an underscore. */
function withOwnNames(walkers: readonly Walker[]): Walker[] {
  const plain = walkers.map(({ name }) => name.replaceAll(/[^\w.+-]/g, "_"));
  return walkers.map((walker, k) => {
    const before = plain.slice(0, k).filter((name) => name === plain[k]).length;
    return { ...walker, name: before === 0 ? plain[k] : `${plain[k]}-${before + 1}` };
  });
}

/** Where walkers start that are given data only: the structure of lowest energy per atom of each group. */
export function lowestOfGroups(frames: readonly Frame[]): Frame[] {
  const lowest = new Map<string, Frame>();
  const perAtom = ({ energy, structure }: Frame): number =>
    (energy ?? Number.POSITIVE_INFINITY) / structure.species.length;
  groupsOf(frames).forEach((group, k) => {
    const best = lowest.get(group);
    if (best === undefined || perAtom(frames[k]) < perAtom(best)) lowest.set(group, frames[k]);
  });
  return [...lowest.values()];
}
