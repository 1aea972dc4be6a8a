/** The state of a simulation: all that changes from step to step, and all that a checkpoint has to hold. */
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/index.js";
import type { Demand, Evaluation } from "../potentials/potential.js";
import { type Structure, volume } from "../structure/index.js";
import type { System } from "./system.js";
import { drawVelocities } from "./velocities.js";

/** Nothing beyond energy, forces and stress: what a step asks for unless told otherwise. */
export const BARE: Demand = { uncertainty: false, energySpread: false, extrapolation: false };

/** Å from the origin at which an atom is lost; a free atom at 10 km/s is there after a microsecond. */
const FAR = 1e8;

/** Å³ for each atom below which a cell has collapsed: iron at the centre of the Earth has 7. */
const SMALL = 0.5;

export class State {
  readonly system: System;
  /** [atom, xyz], Å. Atoms are not wrapped into the cell, so that displacements can be followed. */
  readonly positions: Float64Array;
  /** [atom, xyz], Å/fs; 0 where the coordinate is fixed. */
  readonly velocities: Float64Array;
  /** [atom, xyz], eV/Å; as the potential gives them, for fixed atoms too. */
  readonly forces: Float64Array;
  /** Σ F/M of a centre of mass at rest, [xyz], Å/fs²; 0 in the directions in which it is free. Follows from `forces`. */
  readonly centreAcceleration = new Float64Array(3);
  /** Lattice vectors as rows, Å. */
  readonly cell: Float64Array | undefined;
  /** Potential energy, eV. */
  energy = Number.NaN;
  /** Of the potential alone, without the kinetic part: xx yy zz yz xz xy, eV/Å³, negative under compression. */
  readonly stress: Float64Array | undefined;
  /** Steps taken. */
  step = 0;
  /** fs */
  time = 0;
  /** Name of the ensemble to which `variables` belong. */
  ensemble = "";
  /** Variables of thermostat and barostat, in the order of the ensemble. */
  variables = new Float64Array(0);
  /** Noise of the thermostat and barostat. */
  random: RandomStream;
  /** The evaluation of these positions with all that was asked of it; overwritten by the next. Undefined after a restore. */
  evaluation: Evaluation | undefined;

  /** Positions and cell of the system's structure, copied; atoms at rest, forces not known yet. */
  constructor(system: System, random: RandomStream) {
    const { positions, cell, periodic } = system.structure;
    this.system = system;
    this.positions = positions.slice();
    this.cell = cell?.slice();
    this.velocities = new Float64Array(positions.length);
    this.forces = new Float64Array(positions.length);
    this.stress = cell !== undefined && periodic.every(Boolean) ? new Float64Array(6) : undefined;
    this.random = random;
  }

  /**
   * Energy, forces and stress at the present positions. Throws an InputError (`lost-atoms`, `collapsed-cell`) where no potential could
   * be asked any more, and whatever the potential throws.
   */
  evaluate(demand: Demand = BARE): void {
    this.#checkPlaces();
    const evaluation = this.system.forceField.evaluate(this.positions, this.cell, demand);
    this.evaluation = evaluation;
    this.energy = evaluation.energy;
    this.forces.set(evaluation.forces);
    this.sumForces();
    if (this.stress === undefined) return;
    if (evaluation.stress === undefined) this.stress.fill(Number.NaN);
    else this.stress.set(evaluation.stress);
  }

  /** A run that explodes ends here, before a potential looks for neighbours at 1e30 Å. */
  #checkPlaces(): void {
    const { positions, cell } = this;
    for (let k = 0; k < positions.length; k++) {
      if (Math.abs(positions[k]) < FAR) continue;
      throw new InputError({
        code: "lost-atoms",
        where: { atom: Math.floor(k / 3) + 1 },
        problem: `This atom is at ${positions[k]} Å along ${"xyz"[k % 3]}.`,
        remedy: "Take a shorter time step, a better start, or a potential that knows such structures.",
      });
    }
    const least = SMALL * this.system.atoms;
    if (this.stress === undefined || cell === undefined || volume(cell) >= least) return;
    throw new InputError({
      code: "collapsed-cell",
      problem: `The cell (${[...cell].map((x) => Number(x.toPrecision(6))).join(" ")}) Å has collapsed.`,
      expected: `At least ${SMALL} Å³ for each of ${this.system.atoms} atoms.`,
      remedy:
        "Take a shorter time step, a longer time for the pressure, a lower pressure, or a potential that resists.",
    });
  }

  /** Brings `centreAcceleration` up to date after a change of `forces`. */
  sumForces(): void {
    const { forces, centreAcceleration } = this;
    const { restingMass } = this.system;
    let x = 0;
    let y = 0;
    let z = 0;
    for (let k = 0; k < forces.length; k += 3) {
      x += forces[k];
      y += forces[k + 1];
      z += forces[k + 2];
    }
    centreAcceleration[0] = restingMass[0] > 0 ? x / restingMass[0] : 0;
    centreAcceleration[1] = restingMass[1] > 0 ? y / restingMass[1] : 0;
    centreAcceleration[2] = restingMass[2] > 0 ? z / restingMass[2] : 0;
  }

  /** Å³; NaN without a cell that repeats in three directions. */
  get volume(): number {
    return this.stress === undefined || this.cell === undefined ? Number.NaN : volume(this.cell);
  }

  /** The atoms as they are now, copied. */
  structure(): Structure {
    const { species, periodic } = this.system.structure;
    return { species, periodic, positions: this.positions.slice(), cell: this.cell?.slice() };
  }

  /**
   * The variables of an ensemble: those that are there if they are its own (after a restore, or in a second run), else zeros.
   * True if they were there.
   */
  enter(ensemble: string, count: number): boolean {
    if (this.ensemble === ensemble && this.variables.length === count) return true;
    this.ensemble = ensemble;
    this.variables = new Float64Array(count);
    return false;
  }
}

export interface StartOptions {
  readonly seed: number;
  /** K, of the velocities drawn. */
  readonly temperature?: number;
  /** Rescale the velocities so that the temperature is met exactly, instead of on average. Default false. */
  readonly exactTemperature?: boolean;
  /** [atom, xyz], Å/fs: velocities to start with instead of drawn ones. */
  readonly velocities?: Float64Array;
}

/** A state at step 0 with velocities and forces. Without temperature and velocities the atoms are at rest. */
export function start(system: System, options: StartOptions): State {
  const { seed, temperature = 0, velocities } = options;
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new InputError({
      code: "wrong-temperature",
      problem: `The temperature at the start is ${temperature} K.`,
      expected: "A finite number, not below 0.",
      remedy: "Correct the temperature.",
    });
  if (velocities !== undefined && velocities.length !== 3 * system.atoms)
    throw new InputError({
      code: "wrong-length",
      problem: `${velocities.length} velocity components were given for ${system.atoms} atoms.`,
      expected: "Each atom has three.",
      remedy: "Give the velocities of all atoms, in Å/fs, or a temperature.",
    });
  const state = new State(system, new RandomStream(seed, "dynamics noise"));
  if (velocities === undefined) {
    const random = new RandomStream(seed, "initial velocities");
    drawVelocities(state, { temperature, random, exact: options.exactTemperature ?? false });
  } else for (let k = 0; k < velocities.length; k++) state.velocities[k] = system.masses[k] > 0 ? velocities[k] : 0;
  state.evaluate();
  return state;
}
