/** Molecular dynamics as a walker. */
import {
  type Checkpoint,
  cellRescaling,
  langevin,
  type Motion,
  noseHoover,
  prepare,
  restore,
  run,
  type State,
  type System,
  start,
  velocityRescaling,
  velocityVerlet,
} from "../dynamics/index.js";
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/index.js";
import type { Potential } from "../potentials/potential.js";
import { gigapascal } from "../units/index.js";
import { type HandedIn, type Leg, type LegTask, LookBook } from "./walk.js";
import { legOfRun, recordersOfLeg, watchOfLeg } from "./walk-watch.js";
import type { WalkerOf } from "./walkers.js";

export function walkByDynamics(potential: Potential, walker: WalkerOf<"dynamics">, task: LegTask): Leg {
  const { checkpoint, rules, steps } = task;
  const system = prepare(walker.structures[0], potential);
  const state = checkpoint === undefined ? begin(system, walker, task.restarts) : resume(system, checkpoint, task);
  const first = state.step;
  const book = new LookBook(rules);
  const handedIn: HandedIn[] = [];
  const maximumTemperature = walker.hottest ?? Math.max(2000, 4 * walker.temperature);
  const watching = { rules, handedIn, first, guards: { maximumTemperature } };
  let last: Checkpoint | undefined;
  const result = run(motionOf(state, walker), {
    steps,
    recorders: recordersOfLeg(watching, book),
    watch: watchOfLeg(watching),
    // None between, one at the end.
    checkpoints: {
      every: steps,
      sink: (it) => {
        last = it;
      },
    },
    // What was in doubt at the end of the leg before has been handed in.
    lookAtStart: checkpoint === undefined,
  });
  return legOfRun(result, { task, book, handedIn, checkpoint: last, first });
}

function begin(system: System, { seed, temperature }: WalkerOf<"dynamics">, restarts: number): State {
  return start(system, { seed: new RandomStream(seed, `beginning ${restarts}`).integer(2 ** 31), temperature });
}

function resume(system: System, checkpoint: Checkpoint, { otherPotential }: LegTask): State {
  const state = restore(system, checkpoint);
  if (otherPotential) state.evaluate();
  return state;
}

function motionOf(state: State, walker: WalkerOf<"dynamics">): Motion {
  const { timestep, temperature, thermostat, pressure } = walker;
  const temperatureTime = walker.temperatureTime ?? 100 * timestep;
  const ensemble = walker.ensemble ?? (pressure === undefined ? "nvt" : "npt");
  if (ensemble === "nve") return velocityVerlet(state, { timestep });
  if (ensemble === "npt") {
    if (state.stress === undefined) throw noVolume(walker.name);
    return cellRescaling(state, {
      ...{ timestep, temperature, temperatureTime, cell: walker.cell },
      ...{ pressure: (pressure ?? 0) * gigapascal, pressureTime: 1000 * timestep, compressibility: 0.01 / gigapascal },
    });
  }
  if (thermostat === "langevin") return langevin(state, { timestep, temperature, friction: 1 / temperatureTime });
  if (thermostat === "velocity-rescaling") return velocityRescaling(state, { timestep, temperature, temperatureTime });
  return noseHoover(state, { timestep, temperature, temperatureTime, chain: 3 });
}

const noVolume = (name: string): InputError =>
  new InputError({
    code: "no-pressure",
    problem: `Walker ${name} is to keep a pressure, and its structure does not repeat in three directions.`,
    remedy: "Choose `ensemble: nvt` and no pressure, or a structure that repeats.",
  });
