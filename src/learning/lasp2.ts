/**
 * A run of LASP2 as a configuration of ours. The same threshold on the same γ at the same steps, one structure a round, the dynamics
 * goes on where it stopped. Different: functions and scaling are not chosen again at every fit (LASP2 keeps the weights and scales anew,
 * which changes what the networks say before the fit has begun), and the fit is ours, not n2p2's Kalman filter.
 */
import type { LearningConfigurationInput } from "./configuration.js";

/** What is taken from `lasp2.ini`. */
export interface Lasp2Settings {
  readonly database: string;
  readonly potentials: string;
  /** Potentials in the committee. */
  readonly members: number;
  /** What starts programs on several processes, and on how many. */
  readonly launcher: string;
  readonly processes: number;
  readonly vasp: string;
  readonly totalSteps: number;
  readonly checkSteps: number;
  /** eV/Å */
  readonly threshold: number;
  readonly epochs: number;
}

/** What is taken from the LAMMPS commands, in fs, K, GPa. */
export interface Lasp2Motion {
  readonly structure: string;
  readonly ensemble: "nve" | "nvt" | "npt";
  readonly timestep: number;
  readonly temperature: number;
  readonly temperatureTime: number | undefined;
  readonly pressure: number | undefined;
  readonly ignored: readonly { readonly line: number; readonly text: string }[];
}

export interface Lasp2Translation {
  readonly configuration: LearningConfigurationInput;
  /** What changes nothing here, or is done in another way, a sentence each. */
  readonly notes: readonly string[];
}

/** `vaspInput` is where LASP2 has INCAR, KPOINTS and POTCAR. Paths stay as they are written. */
export function configurationOfLasp2(ini: Lasp2Settings, dynamics: Lasp2Motion): Lasp2Translation {
  const { launcher, processes, vasp, members, checkSteps, totalSteps, threshold, epochs } = ini;
  const start = launcher === "" ? [] : [...launcher.split(/\s+/), "-n", String(processes)];
  return {
    configuration: {
      ...{ data: ini.database, start: ini.potentials, structure: dynamics.structure },
      engine: { kind: "vasp", settings: { command: [...start, ...vasp.split(/\s+/)], directory: "vaspInput" } },
      potential: { committee: { members } },
      explore: {
        walkers: [walkerOf(dynamics, totalSteps)],
        stepsPerRound: totalSteps,
        checkpoint: checkSteps * Math.max(1, Math.round(500 / checkSteps)),
      },
      doubt: { every: checkSteps, spacing: checkSteps, disagreement: { collect: threshold, stop: threshold } },
      select: { most: 1, separation: 0 },
      refit: { epochs, fromScratchEvery: 0, emphasis: 1 },
    },
    notes: [
      `Fits go on from the last potential for ${epochs} epochs, by our own optimiser.`,
      ...dynamics.ignored.map(({ line, text }) => `Line ${line} of input.lmp is left out: ${text}`),
    ],
  };
}

function walkerOf(dynamics: Lasp2Motion, steps: number) {
  const { ensemble, timestep, temperature, temperatureTime, pressure } = dynamics;
  return {
    ...({ kind: "dynamics", thermostat: "nose-hoover-chains", steps, ensemble, timestep, temperature } as const),
    ...(ensemble === "npt" ? { pressure: pressure ?? 0 } : {}),
    ...(temperatureTime === undefined ? {} : { temperatureTime }),
  };
}
