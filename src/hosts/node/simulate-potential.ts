/** Potentials for simulations: network potentials on the fast path where there is one, classical ones from records or LAMMPS's files. */
import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { InputError } from "../../errors/index.js";
import type { Kernels } from "../../kernels/index.js";
import type { Precision } from "../../networks/surface-network.js";
import { type NetworkPotential, spreadSourceOf } from "../../potentials/definition.js";
import {
  type ClassicalRecord,
  classicalPotential,
  type Demand,
  type Evaluation,
  type ForceField,
  isSurface,
  NetworkEvaluator,
  type Potential,
  publishedPotentials,
  SurfaceForceField,
} from "../../potentials/index.js";
import { atomCount, type Structure } from "../../structure/index.js";
import type { UnitSystem } from "../../units/index.js";
import { createKernels } from "./kernels.js";
import { type PotentialSource, recordOf } from "./potential-source.js";
import { loadPotential } from "./potentials.js";
import { sumForSimulation } from "./simulate-sum.js";
import { type SurfaceThreads, startSurfaceThreads } from "./surface-threads.js";

/** A force field whose kept neighbours can be dropped, so that what follows depends on the present positions alone. */
export interface RelistingForceField extends ForceField {
  relist(): void;
}

/**
 * What the energies of atoms depend on: each on its own surroundings within the cutoff; only their sum, because neighbours share terms;
 * or also on the place of an atom in the list.
 */
export type Locality = "own" | "shared" | "none";

export interface SimulationPotential extends Potential {
  bind(structure: Structure): RelistingForceField;
  /** Of its content: the same for the same potential, wherever its file lies. */
  readonly fingerprint: string;
  /** Whether it knows its uncertainty. */
  readonly hasSpread: boolean;
  readonly locality: Locality;
  /** Any structure, in a memory that does not grow from call to call; `evaluate` binds each anew. */
  evaluateOnce(structure: Structure, demand?: Demand): Evaluation;
  /** Threads that share an evaluation. */
  readonly threads: number;
  readonly warnings: readonly string[];
  /**
   * Gives back the memory of the force fields bound so far, which must not be used any more. Where threads share the work, those after the
   * first time that have fewer than 200 atoms are evaluated by one.
   */
  forget(): void;
  close(): Promise<void>;
}

export interface SimulationPotentialOptions {
  readonly units: UnitSystem;
  /** Of network potentials. Default f64. */
  readonly precision?: Precision;
  /** Default: every core. */
  readonly threads?: number | undefined;
  /** How many there will be: a thread is given 32 or more. */
  readonly atoms: number;
}

/** Atoms for each thread, at least: handing out an evaluation costs some 0.05 ms, and an atom 0.003 to 0.1. */
const SHARE = 32;

/** Atoms from which on force fields are shared out also after the first was forgotten: threads do not give memory back, a megabyte each. */
const LARGE = 200;

export const openSimulationPotential = (
  source: PotentialSource,
  options: SimulationPotentialOptions,
): Promise<SimulationPotential> => open(source, options, 0);

/** `depth`: sums around it. */
async function open(
  source: PotentialSource,
  options: SimulationPotentialOptions,
  depth: number,
): Promise<SimulationPotential> {
  const record = typeof source === "string" ? await recordOf(source) : source;
  if (record === undefined) {
    const { potential, warnings } = loadPotential(source as string, options.units);
    return await network(potential, { ...options, warnings });
  }
  if (record.kind !== "sum") return classical(record);
  if (depth === DEEPEST) throw tooDeep(source);
  const parts: SimulationPotential[] = [];
  try {
    // A sum without parts is refused as an empty one.
    const sources: readonly PotentialSource[] = Array.isArray(record.parts) ? record.parts : [];
    for (const part of sources) parts.push(await open(part, options, depth + 1));
    return sumForSimulation(parts);
  } catch (error) {
    await Promise.all(parts.map((part) => part.close()));
    throw error;
  }
}

/** Sums within sums. */
const DEEPEST = 8;

const tooDeep = (source: PotentialSource): InputError =>
  new InputError({
    code: "too-deep",
    ...(typeof source === "string" ? { where: { file: source } } : {}),
    problem: `There are more than ${DEEPEST} sums within one another.`,
    remedy: "Look whether a file names itself; parts may stand side by side in one sum.",
  });

/** Also of typed arrays, whose JSON would be long. */
const fingerprintOf = (content: unknown): string =>
  createHash("sha256")
    .update(
      JSON.stringify(content, (_, value: unknown) =>
        ArrayBuffer.isView(value) ? [...(value as Float64Array)] : value,
      ),
    )
    .digest("hex");

function classical(record: ClassicalRecord): SimulationPotential {
  const potential = classicalPotential(record);
  return {
    elements: potential.elements,
    cutoff: potential.cutoff,
    evaluate: (structure) => potential.evaluate(structure),
    bind: (structure) => new Rebinding(potential, structure),
    fingerprint: fingerprintOf(record),
    evaluateOnce: (structure, demand) => potential.evaluate(structure, demand),
    ...{ hasSpread: false, locality: localityOf(record), threads: 1, warnings: [] },
    forget: () => {},
    close: async () => {},
  };
}

/** Three-body terms are counted at the atom in the middle. */
function localityOf(record: ClassicalRecord): "own" | "shared" {
  switch (record.kind) {
    case "stillinger-weber":
    case "tersoff":
      return "shared";
    case "published":
      return localityOf(publishedPotentials[record.name as keyof typeof publishedPotentials]);
    default:
      return "own";
  }
}

/** Binds the potential anew where the next evaluation is. */
class Rebinding implements RelistingForceField {
  readonly #potential: Potential;
  readonly #structure: Structure;
  #bound: ForceField | undefined;

  constructor(potential: Potential, structure: Structure) {
    this.#potential = potential;
    this.#structure = structure;
    // Complains about foreign elements now, not at the first step.
    this.#bound = potential.bind(structure);
  }

  evaluate(positions: Float64Array, cell: Float64Array | undefined, demand?: Demand): Evaluation {
    this.#bound ??= this.#potential.bind({ ...this.#structure, positions, cell });
    return this.#bound.evaluate(positions, cell, demand);
  }

  relist(): void {
    this.#bound = undefined;
  }
}

interface NetworkOptions extends SimulationPotentialOptions {
  readonly warnings: readonly string[];
}

async function network(potential: NetworkPotential, options: NetworkOptions): Promise<SimulationPotential> {
  const kernels = createKernels();
  const { precision = "f64", atoms, warnings } = options;
  const evaluator = new NetworkEvaluator(kernels, potential);
  const fast = isSurface(potential);
  if (!fast && precision === "f32") throw noSinglePrecision();
  const wanted = options.threads ?? availableParallelism();
  const threads = fast ? Math.max(1, Math.min(wanted, Math.floor(atoms / SHARE))) : 1;
  let crew: SurfaceThreads | undefined;
  if (threads > 1) crew = await startSurfaceThreads(kernels, potential, { threads, precision });
  const shared = { precision, fewest: 2 * SHARE, ...(crew === undefined ? {} : { team: crew.team }) };
  // What `forget` gives back: of one thread only, since what the others take lies among the fields.
  let single = crew === undefined && fast ? markedMemory(kernels) : undefined;
  const bind = (structure: Structure): RelistingForceField => {
    if (!fast) return new Rebinding(evaluator, structure);
    const alone = crew === undefined || atomCount(structure) < LARGE ? single : undefined;
    return alone === undefined
      ? new SurfaceForceField(kernels, potential, structure, shared)
      : new SurfaceForceField(alone.kernels, potential, structure, { precision });
  };
  // In a memory of its own, which `forget` does not touch.
  let general = fast ? undefined : evaluator;
  const evaluateOnce = (structure: Structure, demand?: Demand): Evaluation => {
    general ??= new NetworkEvaluator(createKernels(), potential);
    return general.evaluate(structure, demand);
  };
  return {
    elements: evaluator.elements,
    cutoff: evaluator.cutoff,
    evaluate: (structure, demand) => bind(structure).evaluate(structure.positions, structure.cell, demand),
    bind,
    evaluateOnce,
    fingerprint: fingerprintOf({ potential, precision }),
    hasSpread: spreadSourceOf(potential) !== undefined,
    locality: hasMasksPerAtom(potential) ? "none" : "own",
    ...{ threads, warnings },
    forget: () => {
      if (!fast) return;
      single ??= markedMemory(createKernels());
      single.kernels.release(single.mark);
    },
    close: async () => await crew?.close(),
  };
}

/** A memory, and where that begins which may be given back. */
const markedMemory = (kernels: Kernels): { readonly kernels: Kernels; readonly mark: number } => ({
  kernels,
  mark: kernels.mark(),
});

/** Masks that go by the number of the atom. */
const hasMasksPerAtom = ({ members }: NetworkPotential): boolean =>
  members.some(({ dropout }) => dropout?.masks.some(({ atoms }) => atoms !== 1));

const noSinglePrecision = (): InputError =>
  new InputError({
    code: "no-single-precision",
    problem: "This potential has no kernels in single precision.",
    expected: "A network potential without dropout whose functions the fast kernels know.",
    remedy: "Take precision f64.",
  });
