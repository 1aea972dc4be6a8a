/** From a configuration to a simulation that is ready to go: files read, potential open, units turned into ours. */
import { createHash } from "node:crypto";
import {
  cellRescaling,
  langevin,
  type Motion,
  martynaTobiasKlein,
  noseHoover,
  prepare,
  type Quantity,
  type Ramp,
  type State,
  start,
  type Threshold,
  valueAt,
  velocityRescaling,
  velocityVerlet,
} from "../dynamics/index.js";
import { InputError } from "../errors/index.js";
import type { Simulation } from "../hosts/node/simulate.js";
import {
  openSimulationPotential,
  type RelistingForceField,
  type SimulationPotential,
} from "../hosts/node/simulate-potential.js";
import type { ClassicalRecord } from "../potentials/index.js";
import { atomCount, type Frame, replicate, type Structure } from "../structure/index.js";
import { gigapascal, type UnitSystem } from "../units/index.js";
import type { SimulationConfiguration } from "./simulation-schema.js";
import { readFrames } from "./wiring.js";

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
  const structure = replicatedOf(frame, configuration);
  const velocities = configuration.velocities === "file" ? velocitiesOf(frame, structure) : undefined;
  const { precision } = configuration;
  const potential = await openSimulationPotential(configuration.potential as string | ClassicalRecord, {
    ...{ units, precision, threads: configuration.threads ?? undefined, atoms: atomCount(structure) },
  });
  try {
    return {
      simulation: simulationOf(configuration, { structure, velocities, potential }),
      potential,
      atoms: atomCount(structure),
    };
  } catch (error) {
    await potential.close();
    throw error;
  }
}

interface Parts {
  readonly structure: Structure;
  readonly velocities: Float64Array | undefined;
  readonly potential: SimulationPotential;
}

function simulationOf(configuration: SimulationConfiguration, parts: Parts): Simulation {
  const { structure, velocities, potential } = parts;
  const thresholds = thresholdsOf(configuration, potential);
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
    identity: identityOf(configuration, parts),
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

async function startingFrame({ structure }: SimulationConfiguration, units: UnitSystem): Promise<Frame> {
  let count = 0;
  let last: Frame | undefined;
  for await (const frame of readFrames(structure.file, { units })) {
    last = frame;
    if (++count === structure.frame) return frame;
  }
  if (last !== undefined && structure.frame === "last") return last;
  throw new InputError({
    code: "no-such-structure",
    where: { file: structure.file },
    problem: `Structure ${structure.frame} is asked for, and the file has ${count}.`,
    remedy: "Correct `structure.frame`.",
  });
}

function replicatedOf({ structure }: Frame, configuration: SimulationConfiguration): Structure {
  const [a = 1, b = 1, c = 1] = configuration.structure.replicate;
  if (structure.cell !== undefined || a * b * c === 1) return replicate(structure, [a, b, c]);
  throw new InputError({
    code: "no-cell",
    where: { file: configuration.structure.file },
    problem: "The structure has no cell, and `structure.replicate` asks for copies of it.",
    remedy: "Leave `structure.replicate` out, or give the structure a cell.",
  });
}

/** [atom, xyz], Å/fs, of all copies. */
function velocitiesOf({ columns, source }: Frame, structure: Structure): Float64Array {
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

/** 0-based; "10-20" is eleven atoms. */
function fixedAtoms(fixed: SimulationConfiguration["fixed"]): number[] {
  return fixed.flatMap((entry) => {
    if (typeof entry === "number") return [entry - 1];
    const [first = 1, last = 0] = entry.split("-").map(Number);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first - 1 + k);
  });
}

const inOurs = (ramp: Ramp): Ramp =>
  typeof ramp === "number" ? ramp * gigapascal : ramp.map(({ time, value }) => ({ time, value: value * gigapascal }));

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

function thresholdsOf({ watch }: SimulationConfiguration, { hasSpread }: SimulationPotential): Threshold[] {
  const kinds: [Quantity, SimulationConfiguration["watch"]["disagreement"]][] = [
    ["disagreement", watch.disagreement],
    ["energy-spread", watch.energySpread],
    ["extrapolations", watch.extrapolations],
  ];
  const thresholds = kinds.flatMap(([quantity, limits]) =>
    (["warn", "collect", "stop"] as const).flatMap((action): Threshold[] => {
      const above = limits[action];
      return above === null ? [] : [{ quantity, above, action }];
    }),
  );
  const needy = thresholds.find(({ quantity }) => quantity !== "extrapolations");
  if (needy !== undefined && !hasSpread)
    throw new InputError({
      code: "no-uncertainty",
      problem: `\`watch\` asks for the ${needy.quantity}, which this potential does not know.`,
      expected: "A committee or a dropout potential.",
      remedy: "Take such a potential, or leave the threshold out.",
    });
  return thresholds;
}

/** Of all that decides the course of a run; where files lie, how long it lasts and how many threads share it does not. */
function identityOf(configuration: SimulationConfiguration, { structure, velocities, potential }: Parts): string {
  const { out: _, threads: __, steps: ___, potential: ____, structure: _____, ...settings } = configuration;
  const { species, positions, cell, periodic } = structure;
  const atoms = [[...species], [...positions], [...(cell ?? [])], periodic, [...(velocities ?? [])]];
  const text = JSON.stringify([settings, potential.fingerprint, atoms]);
  return createHash("sha256").update(text).digest("hex");
}
