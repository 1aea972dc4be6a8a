/** From a configuration to metadynamics of a cell that is ready to go. */
import { langevin, type Motion, type State, velocityRescaling } from "../dynamics/index.js";
import {
  CELL_COMPONENTS,
  CellVariable,
  type CellVariableOptions,
  ChangeDetector,
  standardOrientation,
} from "../dynamics/metadynamics/index.js";
import type { CellMetadynamics } from "../hosts/node/metadynamics.js";
import type { SimulationPotential } from "../hosts/node/simulate-potential.js";
import { SteadyPotential } from "../hosts/node/simulate-steady.js";
import { atomCount, type Structure } from "../structure/index.js";
import { gigapascal, type UnitSystem } from "../units/index.js";
import type { MetadynamicsConfiguration } from "./metadynamics-schema.js";
import { closingOnFailure, identityOf, openPotentialOf, startingFrame, thresholdsOf } from "./simulation-plan.js";

export interface OpenedMetadynamics {
  readonly task: CellMetadynamics;
  readonly potential: SimulationPotential;
  readonly atoms: number;
}

/** Close the potential when done. Throws InputError for files, atoms and settings that do not fit. */
export async function openMetadynamics(
  configuration: MetadynamicsConfiguration,
  units: UnitSystem,
): Promise<OpenedMetadynamics> {
  const structure = standardOrientation((await startingFrame(configuration, units)).structure);
  const atoms = atomCount(structure);
  const potential = await openPotentialOf(configuration, { units, precision: configuration.precision, atoms });
  return await closingOnFailure(potential, () => ({
    task: taskOf(configuration, structure, potential),
    ...{ potential, atoms },
  }));
}

function taskOf(
  configuration: MetadynamicsConfiguration,
  structure: Structure,
  potential: SimulationPotential,
): CellMetadynamics {
  const { seed, metasteps, hills, variable, detector, record, watch, checkpoint } = configuration;
  const { every: framesEvery, ...frames } = record.frames;
  const steady = new SteadyPotential(potential, structure);
  const make: CellMetadynamics["variable"] = (looks, curvature) =>
    new CellVariable(structure, steady, {
      ...variableOptions(configuration),
      ...(looks === undefined ? {} : { watch: looks }),
      ...(curvature === undefined ? {} : { curvature }),
    });
  // Complains about the structure now, not when the directory has been begun.
  make();
  return {
    variable: make,
    curvatureBy: variable.scaled ? variable.displacement : undefined,
    hills: { width: hills.width, seed, ...(hills.height === null ? {} : { height: hills.height }) },
    pressure: configuration.pressure * gigapascal,
    detector: detectorOf(detector),
    stopAfterChanges: detector.stopAfter ?? undefined,
    identity: identity(configuration, structure, potential),
    ...{ metasteps, table: record.metasteps, checkpointEvery: checkpoint.every },
    frames: framesEvery === 0 ? undefined : { every: framesEvery, ...frames },
    watch: {
      ...{ thresholds: thresholdsOf(watch, potential), every: watch.every, spacing: watch.spacing },
      guards: {
        minimumDistance: watch.closest,
        ...(watch.hottest === null ? {} : { maximumTemperature: watch.hottest }),
      },
    },
  };
}

function variableOptions(configuration: MetadynamicsConfiguration): CellVariableOptions {
  const { seed, temperature, pressure, equilibration, averaging, variable, detector } = configuration;
  const [a, b, c, d, e, f] = CELL_COMPONENTS.map((name) => variable.components.includes(name));
  return {
    ...{ seed, temperature, equilibration, averaging, pressure: pressure * gigapascal },
    ensemble: (state) => ensembleOf(state, configuration),
    components: [a!, b!, c!, d!, e!, f!],
    ...(detector.cutoff === null ? {} : { coordinationCutoff: detector.cutoff }),
  };
}

function ensembleOf(state: State, configuration: MetadynamicsConfiguration): Motion {
  const { timestep, temperature, thermostat, friction, temperatureTime } = configuration;
  if (thermostat === "langevin") return langevin(state, { timestep, temperature, friction: friction ?? 0.01 });
  return velocityRescaling(state, { timestep, temperature, temperatureTime: temperatureTime ?? 100 * timestep });
}

function detectorOf(settings: MetadynamicsConfiguration["detector"]): CellMetadynamics["detector"] {
  const { volume, coordination, window, persist } = settings;
  if (volume === null && coordination === null) return undefined;
  const limits = {
    ...(volume === null ? {} : { volume: { relative: volume } }),
    ...(coordination === null ? {} : { coordination: { absolute: coordination } }),
  };
  return (observables) => new ChangeDetector(observables, { limits, window, persist });
}

function identity(
  configuration: MetadynamicsConfiguration,
  structure: Structure,
  potential: SimulationPotential,
): string {
  const { out: _, threads: __, metasteps: ___, potential: ____, structure: _____, ...settings } = configuration;
  return identityOf(settings, { structure, potential });
}
