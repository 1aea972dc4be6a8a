/** From a configuration to a Monte Carlo run that is ready to go. */
import type { Ramp } from "../dynamics/index.js";
import {
  cellMove,
  displacement,
  hybrid,
  MonteCarloState,
  type Move,
  Sampler,
  swap,
  transmutation,
} from "../dynamics/monte-carlo/index.js";
import type { Sampling } from "../hosts/node/sample.js";
import type { SimulationPotential } from "../hosts/node/simulate-potential.js";
import { SteadyPotential } from "../hosts/node/simulate-steady.js";
import { atomCount, atomicNumber, type Structure } from "../structure/index.js";
import { gigapascal, type UnitSystem } from "../units/index.js";
import type { MoveConfiguration, SamplingConfiguration } from "./mc-schema.js";
import {
  closingOnFailure,
  fixedAtoms,
  identityOf,
  openPotentialOf,
  startingFrame,
  thresholdsOf,
} from "./simulation-plan.js";

export interface OpenedSampling {
  readonly sampling: Sampling;
  readonly potential: SimulationPotential;
  readonly atoms: number;
}

/** Close the potential when done. Throws InputError for files, atoms and settings that do not fit. */
export async function openSampling(configuration: SamplingConfiguration, units: UnitSystem): Promise<OpenedSampling> {
  const { structure } = await startingFrame(configuration, units);
  const atoms = atomCount(structure);
  // Threads' memory is not given back when elements change.
  const alone = configuration.moves.some(({ kind }) => kind === "transmutation") ? { threads: 1 } : {};
  const potential = await openPotentialOf(configuration, { units, atoms, ...alone });
  return await closingOnFailure(potential, () => ({
    sampling: samplingOf(configuration, structure, potential),
    ...{ potential, atoms },
  }));
}

function samplingOf(
  configuration: SamplingConfiguration,
  structure: Structure,
  potential: SimulationPotential,
): Sampling {
  const { seed, steps, record, watch, checkpoint, temperature } = configuration;
  const { locality } = potential;
  const steady = new SteadyPotential(potential, structure);
  const state = new MonteCarloState(structure, steady, {
    ...{ seed, fixed: fixedAtoms(configuration.fixed), minimumDistance: watch.closest },
    ...(locality === "none" ? { whole: true } : { sharing: locality, siteCost: SITE_COST }),
  });
  const equilibration = configuration.equilibration ?? 100 * atomCount(structure);
  const moves = configuration.moves.map(moveOf);
  const { every: samplesEvery, ...samples } = record.samples;
  const { every: trajectoryEvery, ...trajectory } = record.trajectory;
  return {
    sampler: new Sampler(state, { temperature: inSteps(temperature), moves, equilibration }),
    settle: () => void steady.bind(state.structure()),
    identity: identity(configuration, structure, potential),
    ...{ steps, equilibration, elements: elementsOf(configuration, structure) },
    samples: samplesEvery === 0 ? undefined : { every: samplesEvery, ...samples },
    trajectory: trajectoryEvery === 0 ? undefined : { every: trajectoryEvery, ...trajectory, velocities: false },
    watch: {
      ...{ thresholds: thresholdsOf(watch, potential), every: watch.every, spacing: watch.spacing },
      // Atoms have no velocities here.
      guards: { every: watch.every, minimumDistance: watch.closest, runaway: false },
      lastGood: { every: watch.every },
    },
    checkpointEvery: checkpoint.every,
  };
}

/** Ramps of the library go by the time, which is the number of attempts here. */
/**
 * A cluster's neighbours are found anew at every attempt, while displacements keep those of all atoms. Seen: 3.0–3.5 for Stillinger–Weber (216 to
 * 1728 atoms), 3.4–4.5 for embedded atoms (256 to 2048), 2.5–3.0 for a network with its fast kernels.
 */
const SITE_COST = 3;

const inSteps = (temperature: SamplingConfiguration["temperature"]): Ramp =>
  typeof temperature === "number" ? temperature : temperature.map(({ step, value }) => ({ time: step, value }));

function moveOf(move: MoveConfiguration): Move {
  switch (move.kind) {
    case "displacement":
      return displacement(move);
    case "swap":
      return swap({ weight: move.weight, ...(move.elements === null ? {} : { elements: move.elements }) });
    case "cell":
      return cellMove({ ...move, pressure: move.pressure * gigapascal });
    case "hybrid":
      return hybrid(move);
    case "transmutation":
      return transmutation(move);
  }
}

/** Atomic numbers that there may be, ascending. */
function elementsOf({ moves }: SamplingConfiguration, { species }: Structure): number[] {
  const others = moves.flatMap((move) =>
    move.kind === "transmutation"
      ? Object.keys(move.chemicalPotentials).map((symbol) => atomicNumber(symbol) ?? 0)
      : [],
  );
  return [...new Set([...species, ...others])].sort((a, b) => a - b);
}

function identity(configuration: SamplingConfiguration, structure: Structure, potential: SimulationPotential): string {
  const { out: _, threads: __, steps: ___, potential: ____, structure: _____, ...settings } = configuration;
  return identityOf(settings, { structure, potential });
}
