/**
 * What a trajectory shows, all at once: radial and angular distributions, neighbours, displacements and diffusion, Lindemann's index. Frames
 * are read twice, because the first minimum of g(r), which says what a bond is, is known only at the end.
 */
import { atomicMasses, type Structure, volume } from "../structure/index.js";
import { AngleDistribution, type AngleDistributionResult } from "./angle-distribution.js";
import { Coordination, type CoordinationResult } from "./coordination.js";
import type { DisplacementResult } from "./diffusion.js";
import { type FirstShell, firstShell } from "./first-shell.js";
import { noFrames } from "./frames.js";
import { Lindemann, type LindemannResult } from "./lindemann.js";
import { MeanSquareDisplacement } from "./mean-square-displacement.js";
import { RadialDistribution, type RadialDistributionResult } from "./radial-distribution.js";

export interface TimedStructure {
  readonly structure: Structure;
  /** fs; undefined where nobody knows. */
  readonly time: number | undefined;
}

export interface AnalysisOptions {
  /** Of g(r), Å. Default 8. */
  readonly cutoff?: number;
  /** Distance within which atoms are neighbours, Å. Default: the first minimum of g(r) of all atoms. */
  readonly bonds?: number;
  /** fs from frame to frame, for frames without times. */
  readonly interval?: number;
  /** Å³, for the density of what does not repeat in three directions. Default, where nothing repeats: of the sphere around the first frame. */
  readonly volume?: number;
}

export interface TrajectoryAnalysis {
  readonly frames: number;
  /** Of the first frame. */
  readonly species: Uint8Array;
  /** g/cm³, mean over frames; undefined without a volume. */
  readonly density: number | undefined;
  /** fs from frame to frame; undefined where it is not known or not the same. */
  readonly interval: number | undefined;
  readonly radial: RadialDistributionResult | undefined;
  readonly shell: FirstShell | undefined;
  /** Å: within which atoms counted as neighbours. */
  readonly bonds: number | undefined;
  readonly angles: AngleDistributionResult | undefined;
  readonly coordination: CoordinationResult | undefined;
  readonly lindemann: LindemannResult | undefined;
  readonly displacement: DisplacementResult | undefined;
  /** Why something is missing, or is not to be trusted. */
  readonly remarks: readonly string[];
}

/** amu/Å³ to g/cm³ (CODATA 2018). */
const GRAMS_PER_CUBIC_CENTIMETRE = 1.6605390666;
/** Frames below which displacements have no time origins to speak of. */
const FEWEST_FRAMES = 10;
const MOST_LAGS = 500;
/** Squared differences of coordinates, a few seconds' worth; beyond that not every frame is an origin. */
const MOST_DIFFERENCES = 3e9;
/** A longer step along a cell vector may as well have been one the other way round. */
const LONGEST_STEP = 0.4;

/**
 * `frames` is called twice and gives the same frames each time. Throws InputError (`no-frames`, `changed-atoms`, `bad-range`, `bad-cutoff`,
 * and those of the neighbour list).
 */
export async function analyzeTrajectory(
  frames: () => AsyncIterable<TimedStructure>,
  options: AnalysisOptions = {},
): Promise<TrajectoryAnalysis> {
  const first = await survey(frames(), options);
  const bonds = options.bonds ?? first.shell?.minimum;
  const second = await follow(frames(), { ...first, bonds });
  const { count, species, density, interval, radial, shell } = first;
  return {
    ...{ frames: count, species, density, interval, radial, shell, bonds, ...second },
    remarks: [
      ...(radial === undefined ? ["No g(r): what repeats in one or two directions needs a volume."] : []),
      ...(bonds === undefined
        ? ["No angles, neighbours and Lindemann index: g(r) has no first minimum, and no bond length was given."]
        : []),
      ...displacementRemarks(first, second.displacement),
    ],
  };
}

interface Survey {
  readonly count: number;
  readonly species: Uint8Array;
  readonly density: number | undefined;
  readonly interval: number | undefined;
  readonly radial: RadialDistributionResult | undefined;
  readonly shell: FirstShell | undefined;
}

async function survey(frames: AsyncIterable<TimedStructure>, options: AnalysisOptions): Promise<Survey> {
  const { cutoff = 8 } = options;
  const times: (number | undefined)[] = [];
  let first: Structure | undefined;
  let distribution: RadialDistribution | undefined;
  let filled = 0;
  for await (const { structure, time } of frames) {
    if (first === undefined) {
      first = structure;
      distribution = distributionOf(structure, { cutoff, given: options.volume });
    }
    times.push(time);
    filled += options.volume ?? ownVolume(structure) ?? Number.NaN;
    distribution?.add(structure);
  }
  if (first === undefined) throw noFrames();
  const { species } = first;
  const radial = distribution?.result();
  const mass = species.reduce((sum, z) => sum + atomicMasses[z], 0);
  const density = (GRAMS_PER_CUBIC_CENTIMETRE * mass * times.length) / filled;
  return {
    ...{ count: times.length, species, radial, interval: options.interval ?? spacing(times) },
    density: Number.isFinite(density) ? density : undefined,
    shell: radial && firstShell(radial.r, radial.total.g.values),
  };
}

/** Undefined where a volume is needed and not known. */
function distributionOf(
  structure: Structure,
  { cutoff, given }: { readonly cutoff: number; readonly given: number | undefined },
): RadialDistribution | undefined {
  if (given === undefined && ownVolume(structure) !== undefined) return new RadialDistribution({ cutoff });
  const filled = given ?? (structure.periodic.some(Boolean) ? undefined : sphereVolume(structure.positions));
  return filled === undefined ? undefined : new RadialDistribution({ cutoff, volume: filled });
}

const ownVolume = ({ cell, periodic }: Structure): number | undefined =>
  cell !== undefined && periodic.every(Boolean) ? volume(cell) : undefined;

/** About the mean position, with an ångström to spare, Å³. */
function sphereVolume(positions: Float64Array): number {
  const atoms = positions.length / 3;
  const centre = [0, 1, 2].map((x) => positions.reduce((sum, p, k) => (k % 3 === x ? sum + p / atoms : sum), 0));
  let farthest = 0;
  for (let k = 0; k < positions.length; k += 3)
    farthest = Math.max(farthest, Math.hypot(...centre.map((c, x) => positions[k + x] - c)));
  return (4 / 3) * Math.PI * (farthest + 1) ** 3;
}

/** Of times that are known and evenly spaced, to rounding. */
function spacing(times: readonly (number | undefined)[]): number | undefined {
  const [start, next] = times;
  if (start === undefined || next === undefined || !(next > start)) return undefined;
  const step = ((times.at(-1) ?? Number.NaN) - start) / (times.length - 1);
  const even = times.every((time, k) => time !== undefined && Math.abs(time - start - k * step) <= 1e-4 * step);
  return even ? step : undefined;
}

type Followed = Pick<TrajectoryAnalysis, "angles" | "coordination" | "lindemann" | "displacement">;

async function follow(
  frames: AsyncIterable<TimedStructure>,
  about: Survey & { readonly bonds: number | undefined },
): Promise<Followed> {
  const { bonds } = about;
  const bonded =
    bonds === undefined
      ? undefined
      : {
          angles: new AngleDistribution({ cutoffs: bonds }),
          coordination: new Coordination({ cutoffs: bonds }),
          lindemann: new Lindemann({ cutoff: bonds }),
        };
  const displacement = displacementMeasure(about);
  for await (const { structure } of frames) {
    bonded?.angles.add(structure);
    bonded?.coordination.add(structure);
    bonded?.lindemann.add(structure);
    displacement?.add(structure);
  }
  return {
    angles: bonded?.angles.result(),
    coordination: bonded?.coordination.result(),
    lindemann: about.count > 1 ? bonded?.lindemann.result() : undefined,
    displacement: displacement?.result(),
  };
}

function displacementMeasure({ count, species, interval }: Survey): MeanSquareDisplacement | undefined {
  if (interval === undefined || count < FEWEST_FRAMES) return undefined;
  const lags = Math.min(count >> 1, MOST_LAGS);
  return new MeanSquareDisplacement({
    ...{ interval, lags, originEvery: Math.ceil((3 * species.length * lags * count) / MOST_DIFFERENCES) },
    // One atom is its own centre of mass.
    ...(species.length > 1 ? { masses: Float64Array.from(species, (z) => atomicMasses[z]) } : {}),
  });
}

function displacementRemarks({ count, interval }: Survey, displacement: DisplacementResult | undefined): string[] {
  if (count < FEWEST_FRAMES) return [`No displacements: ${count} frames are too few, they need ${FEWEST_FRAMES}.`];
  if (interval === undefined)
    return ["No displacements: the times of the frames are not known, or not evenly spaced; give the interval."];
  if (displacement !== undefined && displacement.largestStep > LONGEST_STEP)
    return [
      "Atoms go so far from frame to frame that their way through the cell is a guess: displacements may be too small.",
    ];
  return [];
}
