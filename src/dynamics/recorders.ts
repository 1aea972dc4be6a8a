/**
 * Recorders: what is looked at every so many steps, under a name. A recorder keeps its records, to be read back from it, or hands them
 * to a sink, which may write them to a file.
 */
import { InputError } from "../errors/index.js";
import { allOf, type Demand } from "../potentials/potential.js";
import type { Frame } from "../structure/index.js";
import { type FrameOptions, frameOf } from "./frames.js";
import { checkCounts, type Motion } from "./motion.js";
import { kineticEnergy, pressure, temperatureOf } from "./observables.js";

export interface Recorder {
  readonly name: string;
  /** It looks at steps that are multiples of this. */
  readonly every: number;
  /** What the potential must give at those steps beyond energy, forces and stress. */
  readonly demand: Demand;
  look(motion: Motion): void;
}

/** A recorder that keeps what it has seen. */
export interface Series<R> extends Recorder {
  /** In the order of the steps; empty where a sink takes them. */
  readonly records: readonly R[];
}

export interface RecorderOptions<R> {
  readonly every: number;
  /** Takes each record; without it they are kept. */
  readonly sink?: (record: R) => void;
  /** Default: nothing. */
  readonly demand?: Demand;
}

/** A recorder of anything that can be measured on a motion. Measures must copy what they take from the state. */
export function recorder<R>(name: string, measure: (motion: Motion) => R, options: RecorderOptions<R>): Series<R> {
  const { every, sink, demand = {} } = options;
  checkCounts({ [`every of the recorder "${name}"`]: every });
  const records: R[] = [];
  const keep = sink ?? ((record: R) => void records.push(record));
  return {
    name,
    every,
    demand: allOf([demand]),
    records,
    look: (motion) => keep(measure(motion)),
  };
}

/** Thermodynamics at a step. */
export interface ThermoRecord {
  readonly step: number;
  /** fs */
  readonly time: number;
  /** K */
  readonly temperature: number;
  /** eV */
  readonly kinetic: number;
  /** eV */
  readonly potential: number;
  /** What the motion conserves, eV. */
  readonly conserved: number;
  /** eV/Å³; undefined without a cell that repeats in three directions. */
  readonly pressure: number | undefined;
  /** Å³; likewise. */
  readonly volume: number | undefined;
  /** Lattice vectors as rows, Å. */
  readonly cell: readonly number[] | undefined;
  /** γ, eV/Å; undefined unless asked for and known. */
  readonly disagreement: number | undefined;
  /** Values outside the range of the training data; undefined unless asked for. */
  readonly extrapolations: number | undefined;
}

export interface ThermoOptions extends Omit<RecorderOptions<ThermoRecord>, "demand"> {
  /** Ask for the disagreement γ and the number of extrapolations, which cost time. Default false. */
  readonly uncertainty?: boolean;
}

/** Recorder "thermo". */
export function thermo(options: ThermoOptions): Series<ThermoRecord> {
  const asked = options.uncertainty === true;
  const demand = { uncertainty: asked, extrapolation: asked };
  return recorder("thermo", (motion) => thermoOf(motion, asked), { ...options, demand });
}

function thermoOf(motion: Motion, asked: boolean): ThermoRecord {
  const { state } = motion;
  const kinetic = kineticEnergy(state);
  const bulk = state.stress !== undefined;
  return {
    step: state.step,
    time: state.time,
    temperature: temperatureOf(state, kinetic),
    kinetic,
    potential: state.energy,
    conserved: motion.invariant(),
    pressure: bulk ? pressure(state) : undefined,
    volume: bulk ? state.volume : undefined,
    cell: state.cell === undefined ? undefined : [...state.cell],
    disagreement: asked ? state.evaluation?.uncertainty?.disagreement : undefined,
    extrapolations: asked ? state.evaluation?.extrapolation.length : undefined,
  };
}

export interface TrajectoryOptions extends Omit<RecorderOptions<Frame>, "demand">, FrameOptions {
  /** Ask for the spread of the forces too, which costs time. Default false. */
  readonly uncertainty?: boolean;
}

/** Recorder "trajectory": the states as frames. */
export function trajectory(options: TrajectoryOptions): Series<Frame> {
  const demand = { uncertainty: options.uncertainty === true };
  return recorder("trajectory", ({ state }) => frameOf(state, options), { ...options, demand });
}

/** Throws an InputError if two recorders have one name. */
export function checkRecorders(recorders: readonly Recorder[]): void {
  const names = recorders.map((r) => r.name);
  const twice = names.find((name, k) => names.indexOf(name) < k);
  if (twice === undefined) return;
  throw new InputError({
    code: "two-recorders",
    problem: `Two recorders are called "${twice}".`,
    remedy: "Give every recorder a name of its own.",
  });
}
