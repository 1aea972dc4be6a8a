/** From a configuration to a simulation that is ready to go: files read, potential open, units turned into ours. */
import {
  cellRescaling,
  langevin,
  type Motion,
  martynaTobiasKlein,
  noseHoover,
  prepare,
  type State,
  start,
  valueAt,
  velocityRescaling,
  velocityVerlet,
} from "../dynamics/index.js";
import { InputError } from "../errors/index.js";
import type { Simulation } from "../hosts/node/simulate.js";
import type { RelistingForceField, SimulationPotential } from "../hosts/node/simulate-potential.js";
import { atomCount, type Frame, type Structure } from "../structure/index.js";
import { gigapascal, type UnitSystem } from "../units/index.js";
import {
  closingOnFailure,
  fixedAtoms,
  identityOf,
  inOurs,
  openPotentialOf,
  startingFrame,
  thresholdsOf,
} from "./simulation-plan.js";
import type { SimulationConfiguration } from "./simulation-schema.js";

export interface OpenedSimulation {
  readonly simulation: Simulation;
  readonly potential: SimulationPotential;
  readonly atoms: number;
}

/** Close the potential when done. Throws InputError for files, atoms and settings that do not fit. */
export async function openSimulation(
  configuration: SimulationConfiguration,
  units: UnitSystem,
): Promise<OpenedSimulation> {
  const frame = await startingFrame(configuration, units);
  const { structure } = frame;
  const velocities = configuration.velocities === "file" ? velocitiesOf(frame) : undefined;
  const { precision } = configuration;
  const atoms = atomCount(structure);
  const potential = await openPotentialOf(configuration, { units, precision, atoms });
  return await closingOnFailure(potential, () => ({
    simulation: simulationOf(configuration, { structure, velocities, potential }),
    ...{ potential, atoms },
  }));
}

interface Parts {
  readonly structure: Structure;
  readonly velocities: Float64Array | undefined;
  readonly potential: SimulationPotential;
}

function simulationOf(configuration: SimulationConfiguration, parts: Parts): Simulation {
  const { structure, velocities, potential } = parts;
  const thresholds = thresholdsOf(configuration.watch, potential);
  let field: RelistingForceField | undefined;
  const bind = (atoms: Structure): RelistingForceField => {
    field = potential.bind(atoms);
    return field;
  };
  const fixed = fixedAtoms(configuration.fixed);
  const system = prepare(structure, { ...potential, bind }, { fixed });
  const { record, watch, seed } = configuration;
  const { every: trajectoryEvery, ...trajectory } = record.trajectory;
  return {
    system,
    begin: () => start(system, { seed, ...startingVelocities(configuration, velocities) }),
    motion: (state) => motionOf(state, configuration),
    relist: () => field?.relist(),
    identity: identity(configuration, parts),
    steps: configuration.steps,
    thermo: record.thermo.every === 0 ? undefined : record.thermo,
    trajectory: trajectoryEvery === 0 ? undefined : { every: trajectoryEvery, ...trajectory },
    watch: {
      ...{ thresholds, every: watch.every, spacing: watch.spacing },
      guards: {
        minimumDistance: watch.closest,
        ...(watch.hottest === null ? {} : { maximumTemperature: watch.hottest }),
        ...(watch.drift === null ? {} : { maximumDrift: watch.drift }),
      },
    },
    checkpointEvery: configuration.checkpoint.every,
  };
}

/** [atom, xyz], Å/fs, of all copies. */
function velocitiesOf({ columns, source, structure }: Frame): Float64Array {
  const column = columns.get("velocities");
  if (column === undefined || column.width !== 3 || !(column.values instanceof Float64Array))
    throw new InputError({
      code: "no-velocities",
      where: { file: source.file, structure: source.structure },
      problem: "`velocities: file` is asked for, and the structure has none.",
      expected: "A column velocities:R:3 in Å/fs, or the velocities of a LAMMPS file.",
      remedy: "Choose `velocities: draw`.",
    });
  const all = new Float64Array(structure.positions.length);
  for (let at = 0; at < all.length; at += column.values.length) all.set(column.values, at);
  return all;
}

function startingVelocities(
  { velocities: how, temperature }: SimulationConfiguration,
  velocities: Float64Array | undefined,
) {
  if (velocities !== undefined) return { velocities };
  if (how === "rest") return {};
  return { temperature: valueAt(temperature, 0), exactTemperature: how === "exact" };
}

function motionOf(state: State, configuration: SimulationConfiguration): Motion {
  const { timestep, temperature, ensemble } = configuration;
  const temperatureTime = ensemble.temperatureTime ?? 100 * timestep;
  if (ensemble.kind === "nve") return velocityVerlet(state, { timestep });
  const chain = ensemble.chain ?? 3;
  if (ensemble.kind === "nvt") {
    if (ensemble.thermostat === "langevin")
      return langevin(state, { timestep, temperature, friction: ensemble.friction ?? 0.005 });
    if (ensemble.thermostat === "velocity-rescaling")
      return velocityRescaling(state, { timestep, temperature, temperatureTime });
    return noseHoover(state, { timestep, temperature, temperatureTime, chain });
  }
  const pressed = {
    ...{ timestep, temperature, temperatureTime, pressure: inOurs(configuration.pressure) },
    pressureTime: ensemble.pressureTime ?? 1000 * timestep,
    cell: ensemble.cell ?? "isotropic",
  };
  if (ensemble.barostat === "cell-rescaling")
    return cellRescaling(state, { ...pressed, compressibility: (ensemble.compressibility ?? 0.01) / gigapascal });
  return martynaTobiasKlein(state, { ...pressed, chain });
}

/** Of all that decides the course of a run. */
function identity(configuration: SimulationConfiguration, parts: Parts): string {
  const { out: _, threads: __, steps: ___, potential: ____, structure: _____, ...settings } = configuration;
  return identityOf(settings, parts);
}
