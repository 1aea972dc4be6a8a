/**
 * What is minimised: H = E + pV over the positions x in the starting cell and the coordinates s of its logarithmic strain
 * (see `strain.ts`), in one vector of 3·atoms + strains numbers.
 *
 * Strains are scaled to lengths, s = α·(coordinates of U), α = √n (V₀/n)^⅓. The curvature along s is then V·C/α² = C·(V/n)^⅓
 * for elastic constants C, about the stiffness of one bond, so that atoms and cell converge together.
 */
import { InputError, type Trouble } from "../errors/index.js";
import { determinant3, timesMatrix } from "../math/matrix3.js";
import { coincidentPair, neighborList } from "../neighbors/index.js";
import type { Demand, Evaluation, ForceField, Potential } from "../potentials/potential.js";
import { atomCount, elementSymbol, type Structure, volume } from "../structure/index.js";
import type { CompleteSettings } from "./settings.js";
import { alongBasis, conjugateStress, type Stretch, strainBasis, strainOf, stretchOf } from "./strain.js";
import { matrixOf, multiply } from "./symmetric.js";

/** One evaluated place. */
export interface Point {
  /** Positions in the starting cell [atom, xyz] and scaled strains, Å. */
  readonly x: Float64Array;
  /** H, eV. */
  readonly value: number;
  /** dH/dx, eV/Å; 0 where held. */
  readonly gradient: Float64Array;
  readonly structure: Structure;
  /** eV */
  readonly energy: number;
  /** [atom, xyz], eV/Å */
  readonly forces: Float64Array;
  /** xx yy zz yz xz xy, eV/Å³ */
  readonly stress: Float64Array | undefined;
  /** Of the atoms that may move, eV/Å. */
  readonly largestForce: number;
  /** Of the strains that may change, of σ + p, eV/Å³; 0 at fixed cell. */
  readonly largestStress: number;
}

/** A place where there is nothing to evaluate. */
export interface Rejection {
  readonly trouble: Trouble;
  /** Whether no shorter step would help either. */
  readonly final: boolean;
}

export const isRejection = (result: Point | Rejection): result is Rejection => "trouble" in result;

const rejected = (trouble: Trouble): Rejection => ({ trouble, final: false });

const QUICK: Demand = { uncertainty: false, extrapolation: false };

export class Objective {
  readonly start: Float64Array;
  evaluations = 0;
  readonly #field: ForceField;
  readonly #structure: Structure;
  readonly #settings: CompleteSettings;
  readonly #basis: readonly Float64Array[];
  /** α, Å. */
  readonly #scale: number;

  constructor(potential: Potential, structure: Structure, settings: CompleteSettings) {
    this.#field = potential.bind(structure);
    this.#structure = structure;
    this.#settings = settings;
    this.#basis = strainBasis(settings.cell);
    const n = atomCount(structure);
    this.#scale = structure.cell === undefined || n === 0 ? 1 : Math.sqrt(n) * Math.cbrt(volume(structure.cell) / n);
    this.start = new Float64Array(3 * n + this.#basis.length);
    this.start.set(structure.positions);
  }

  /** Where the numbers say that atoms and cell are. */
  structureAt(x: Float64Array): { structure: Structure; stretch: Stretch } {
    const { species, periodic, cell } = this.#structure;
    const n = 3 * atomCount(this.#structure);
    const strains = x.subarray(n).map((s) => s / this.#scale);
    const stretch = stretchOf(strainOf(strains, this.#basis));
    if (this.#basis.length === 0 || cell === undefined)
      return { structure: { species, periodic, cell, positions: x.slice(0, n) }, stretch };
    const positions = new Float64Array(n);
    for (let i = 0; i < n; i += 3) positions.set(timesMatrix(x.subarray(i, i + 3), stretch.matrix), i);
    return { structure: { species, periodic, positions, cell: multiply(cell, stretch.matrix) }, stretch };
  }

  at(x: Float64Array): Point | Rejection {
    if (!x.every(Number.isFinite)) return rejected(notFinite("A coordinate"));
    const { structure, stretch } = this.structureAt(x);
    const outOfRange = this.#strainTrouble(stretch);
    if (outOfRange !== undefined) return { trouble: outOfRange, final: true };
    const tooClose = closenessTrouble(structure, this.#settings.closest);
    if (tooClose !== undefined) return rejected(tooClose);
    const evaluation = this.#tried(structure);
    if ("trouble" in evaluation) return rejected(evaluation.trouble);
    if (!Number.isFinite(evaluation.energy)) return rejected(notFinite("The energy"));
    if (!evaluation.forces.every(Number.isFinite)) return rejected(notFinite("A force"));
    if (this.#basis.length > 0) {
      if (evaluation.stress === undefined) throw noStress();
      if (!evaluation.stress.every(Number.isFinite)) return rejected(notFinite("The stress"));
    }
    return this.#point(x, { structure, stretch, evaluation });
  }

  /** A place that the potential refuses, because it needs more memory than there is or has atoms upon each other, is left like a wall. */
  #tried(structure: Structure): Evaluation | { readonly trouble: Trouble } {
    try {
      return this.evaluate(structure, QUICK);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { trouble: error.trouble };
    }
  }

  evaluate(structure: Structure, demand: Demand): Evaluation {
    this.evaluations++;
    return this.#field.evaluate(structure.positions, structure.cell, demand);
  }

  /** The largest factor up to 1 at which no atom and no strain goes farther than it may in one step. */
  limit(step: Float64Array): number {
    const { maxMove, maxStrainMove } = this.#settings;
    const n = 3 * atomCount(this.#structure);
    let over = 1;
    for (let i = 0; i < n; i += 3) over = Math.max(over, Math.hypot(step[i], step[i + 1], step[i + 2]) / maxMove);
    for (let k = n; k < step.length; k++) over = Math.max(over, Math.abs(step[k]) / (this.#scale * maxStrainMove));
    return 1 / over;
  }

  #point(x: Float64Array, about: { structure: Structure; stretch: Stretch; evaluation: Evaluation }): Point {
    const { structure, stretch, evaluation } = about;
    const { pressure, fixed } = this.#settings;
    const { energy } = evaluation;
    const forces = evaluation.forces.slice();
    const stress = evaluation.stress?.slice();
    const gradient = new Float64Array(x.length);
    const still = this.#basis.length === 0;
    for (let i = 0; i < forces.length; i += 3) {
      const f = forces.subarray(i, i + 3);
      gradient.set(still ? f : timesMatrix(f, stretch.matrix), i);
    }
    for (let k = 0; k < forces.length; k++) gradient[k] = fixed?.[k] ? 0 : -gradient[k];
    const strain = still || stress === undefined ? undefined : this.#strainGradient(stress, stretch);
    const v = structure.cell === undefined ? 0 : volume(structure.cell);
    strain?.forEach((component, k) => {
      gradient[forces.length + k] = (component * v) / this.#scale;
    });
    return {
      ...{ x, gradient, structure, energy, forces, stress },
      value: energy + (pressure === 0 ? 0 : pressure * v),
      largestForce: this.#largestForce(forces, gradient),
      largestStress: strain === undefined ? 0 : largestOf(strainOf(strain, this.#basis)),
    };
  }

  /** ∂H/∂U over V along the strains that may change. */
  #strainGradient(stress: Float64Array, stretch: Stretch): Float64Array {
    const excess = matrixOf(stress);
    for (const k of [0, 4, 8]) excess[k] += this.#settings.pressure;
    return alongBasis(conjugateStress(excess, stretch.eigen), this.#basis);
  }

  #largestForce(forces: Float64Array, gradient: Float64Array): number {
    const { fixed } = this.#settings;
    let most = 0;
    for (let i = 0; i < forces.length; i += 3) {
      // An atom that is held in part must satisfy the gradient in the directions that are left.
      const held = fixed !== undefined && (fixed[i] || fixed[i + 1] || fixed[i + 2]);
      const rows = held ? gradient : forces;
      most = Math.max(most, Math.hypot(rows[i], rows[i + 1], rows[i + 2]));
    }
    return most;
  }

  #strainTrouble({ eigen, matrix }: Stretch): Trouble | undefined {
    const { strainLimit } = this.#settings;
    const most = largestOf(eigen.values);
    if (most <= strainLimit) return undefined;
    return {
      code: "cell-out-of-range",
      problem: `The cell has changed its volume by a factor of ${determinant3(matrix).toPrecision(3)} (logarithmic strain ${most.toFixed(2)}).`,
      expected: `Strains up to ${strainLimit}.`,
      remedy: "Start from a cell nearer to the minimum, check the pressure, or raise strainLimit.",
    };
  }
}

const largestOf = (values: Float64Array): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function closenessTrouble(structure: Structure, closest: number): Trouble | undefined {
  if (closest === 0) return undefined;
  const pair = coincidentPair(neighborList(structure, closest), closest);
  if (pair === undefined) return undefined;
  const [i, j] = pair.atoms;
  const named = (atom: number): string => `${elementSymbol(structure.species[atom])} atom ${atom + 1}`;
  return {
    code: "atoms-too-close",
    where: { atom: i + 1 },
    problem: `${named(i)} and ${i === j ? "its own image" : named(j)} are ${pair.distance.toPrecision(3)} Å apart.`,
    expected: `At least ${closest} Å.`,
    remedy: "Start from atoms farther apart, or lower `closest` if such distances are meant.",
  };
}

const notFinite = (what: string): Trouble => ({
  code: "non-finite",
  problem: `${what} is not a finite number.`,
  remedy: "Look at the last structure: it is probably far outside of what the potential knows.",
});

const noStress = (): InputError =>
  new InputError({
    code: "no-stress",
    problem: "The potential gives no stress for this structure, and the cell was to be relaxed.",
    remedy: "Keep the cell fixed, or use a potential that gives stresses.",
  });
