/**
 * Dropout at inference (Gal and Ghahramani 2016, arXiv:1506.02142; with masks that stay, for atomic networks: Wen and
 * Tadmor 2020, doi:10.1038/s41524-020-00390-8): every hidden neuron is left out with probability p, and what the kept
 * ones hand on is divided by 1 − p. Inputs and output are never left out. The mean over T passes with different masks is
 * the prediction and their spread the uncertainty; what is right is in `dropout-reference.ts`.
 *
 * With one mask per pass for all atoms of an element, each pass is an ordinary network, so the mean energy is a smooth
 * function of the positions and the gradient given here is exactly its own, as long as the masks stay.
 *
 *   forward      a_1 = f(x W_1 + b_1) once for all passes; then for pass t and l = 2…L
 *                a_{t,l} = f((m_{t,l−1} ∘ a_{t,l−1}) W_l + b_l)
 *   backward     g_{t,l−1} = m_{t,l−1} ∘ ((f′ ∘ g_{t,l}) W_lᵀ) down to l = 2, from g_{t,L} = 1/T; summed over t; then the
 *                first layer once for all passes
 *   pass slopes  s_t = ∂N_t/∂z_1, so that ∂N_t/∂x = s_t W_1ᵀ: all that is needed for the spread of a force
 *
 * Cost of an atom with two hidden layers of 15 and 100 passes, in products: 100·15·15 forward and the same backward. The
 * spread of forces needs more, one of
 *   - `passGradient` and a backward pass through the functions for every pass: T times the forces of a plain potential;
 *   - `passResponses` with the derivatives of the atom's functions (3 rows a neighbour): rows·n_1·(inputs + T), exact and
 *     an order of magnitude cheaper; still several times the cost of the mean, so on demand only.
 * The spread of the energy is free.
 */
import { activationCodes, type Kernels } from "../kernels/index.js";
import type { NetworkShape } from "./definition.js";
import { checkDropout, type DropoutMasks, hiddenUnits } from "./dropout-masks.js";

interface Weights {
  readonly inputs: number;
  readonly outputs: number;
  /** Outputs and inputs padded to even numbers; padded weights are 0. */
  readonly width: number;
  readonly below: number;
  readonly code: number;
  /** Divides sums where nodes are normalised. */
  readonly divisor: number;
  /** [input][width] */
  readonly weights: number;
  /** [output][below] */
  readonly transposed: number;
  readonly biases: number;
}

/** A layer above the first: each row has a value for every pass. */
interface PassLayer extends Weights {
  /** f′, [row][pass][width] */
  readonly slope: number;
  /** m/(1 − p) of the layer below, [atom with masks of its own, or 1][pass][below] */
  readonly masks: number;
}

const even = (n: number): number => n + (n % 2);

/** Many atoms of one element under all passes, in the kernels. Rows are atoms; the memory is the caller's for good. */
export class DropoutBatch {
  readonly shape: NetworkShape;
  readonly maxRows: number;
  readonly passes: number;
  /** Stride of input rows, in values. */
  readonly inputLength: number;
  /** Width of a row of pass slopes: neurons of the first hidden layer. */
  readonly slopeWidth: number;
  /** N_t, f64[row][pass]; the mean over passes, f64[row]. Results of `forward`. */
  readonly values: Float64Array;
  readonly means: Float64Array;
  /** Result of `backward` and `passGradient`, pointer to [row][inputLength]; entries past the inputs are 0. */
  readonly inputGradient: number;
  readonly #kernels: Kernels;
  readonly #first: Weights;
  readonly #layers: readonly PassLayer[];
  /** How many atoms `masks` have room for: 1 or all. */
  readonly #maskedAtoms: number;
  #atoms = 0;
  #rows = 0;
  #firstAtom = 0;
  /** Of the first layer, [row][width]. */
  readonly #row: { readonly a: number; readonly slope: number; readonly g: number; readonly delta: number };
  /** Of one row above the first layer, [pass][width]. */
  readonly #pass: { readonly [name in "x" | "z" | "a" | "curvature" | "g" | "delta"]: number };
  /** ∂/∂N_t of the mean and of each pass, [pass][2] */
  readonly #meanSeed: number;
  readonly #unitSeed: number;
  /** Of the first layer's sums and second derivative, [row][width] */
  readonly #spare: number;

  /**
   * `inputLength` is even and at least the number of inputs. `maskedAtoms`: 1, or the number of atoms that may have masks of
   * their own. With 100 passes a row of 15-15 takes 14 kB, so some 16 rows at a time stay in the cache.
   */
  constructor(
    kernels: Kernels,
    shape: NetworkShape,
    options: { maxRows: number; inputLength: number; passes: number; maskedAtoms?: number },
  ) {
    const { maxRows, inputLength, passes, maskedAtoms = 1 } = options;
    checkDropout({ probability: 0, passes, units: hiddenUnits(shape) });
    this.shape = shape;
    this.maxRows = maxRows;
    this.passes = passes;
    this.inputLength = inputLength;
    this.slopeWidth = shape.nodes[1]!;
    this.#kernels = kernels;
    this.#maskedAtoms = maskedAtoms;
    const all = shape.nodes.slice(1).map((_, l) => this.#allocateWeights(l));
    this.#first = all[0]!;
    this.#layers = all.slice(1).map((layer) => ({
      ...layer,
      slope: kernels.allocate(8 * maxRows * passes * layer.width),
      masks: kernels.allocate(8 * maskedAtoms * passes * layer.below),
    }));
    const row = (): number => kernels.allocate(8 * maxRows * this.#first.width);
    this.#row = { a: row(), slope: row(), g: row(), delta: row() };
    this.#spare = kernels.allocate(16 * maxRows * this.#first.width);
    const widest = Math.max(...all.map(({ width }) => width));
    const block = (): number => kernels.allocate(8 * passes * widest);
    this.#pass = { x: block(), z: block(), a: block(), curvature: block(), g: block(), delta: block() };
    this.#meanSeed = kernels.allocate(16 * passes);
    this.#unitSeed = kernels.allocate(16 * passes);
    for (let t = 0; t < passes; t++) {
      kernels.f64(this.#meanSeed, 2 * passes)[2 * t] = 1 / passes;
      kernels.f64(this.#unitSeed, 2 * passes)[2 * t] = 1;
    }
    this.values = kernels.f64(kernels.allocate(8 * maxRows * passes), maxRows * passes);
    this.means = kernels.f64(kernels.allocate(8 * maxRows), maxRows);
    this.inputGradient = kernels.allocate(8 * maxRows * inputLength);
  }

  #allocateWeights(l: number): Weights {
    const { nodes, activations, normalizeNodes } = this.shape;
    const [inputs, outputs] = [nodes[l]!, nodes[l + 1]!];
    const width = even(outputs);
    const below = l === 0 ? this.inputLength : even(inputs);
    return {
      inputs,
      outputs,
      width,
      below,
      code: activationCodes[activations[l]!],
      divisor: normalizeNodes ? inputs : 1,
      weights: this.#kernels.allocate(8 * inputs * width),
      transposed: this.#kernels.allocate(8 * outputs * below),
      biases: this.#kernels.allocate(8 * width),
    };
  }

  /** Takes parameters in the order of `Network.parameters`, without masks. */
  load(parameters: Float64Array): void {
    let p = 0;
    for (const layer of [this.#first, ...this.#layers]) {
      const { inputs, outputs, width, below } = layer;
      const weights = this.#kernels.f64(layer.weights, inputs * width);
      const transposed = this.#kernels.f64(layer.transposed, outputs * below);
      const biases = this.#kernels.f64(layer.biases, width);
      const scale = 1 / layer.divisor;
      for (let j = 0; j < inputs; j++)
        for (let k = 0; k < outputs; k++) {
          const w = parameters[p++]! * scale;
          weights[j * width + k] = w;
          transposed[k * below + j] = w;
        }
      for (let k = 0; k < outputs; k++) biases[k] = parameters[p++]! * scale;
    }
  }

  /** Takes the masks that hold until the next call; draw new ones for every evaluation where a new surface each time is wanted. */
  setMasks(masks: DropoutMasks): void {
    const { passes, atoms, probability, kept } = masks;
    const units = hiddenUnits(this.shape);
    if (passes !== this.passes || kept.length !== atoms * passes * units || atoms > this.#maskedAtoms)
      throw new Error(
        `masks of ${passes} passes and ${atoms} atoms in a batch made for ${this.passes} and ${this.#maskedAtoms}`,
      );
    const scale = 1 / (1 - probability);
    let first = 0;
    for (const layer of this.#layers) {
      const factors = this.#kernels.f64(layer.masks, atoms * passes * layer.below);
      for (let row = 0; row < atoms * passes; row++)
        for (let j = 0; j < layer.inputs; j++) factors[row * layer.below + j] = scale * kept[row * units + first + j]!;
      first += layer.inputs;
    }
    this.#atoms = atoms;
  }

  /**
   * All passes of `rows` atoms whose inputs start at `input`, into `values` and `means`. `firstAtom`: which masks the first
   * row has where atoms have their own.
   */
  forward(input: number, rows: number, firstAtom = 0): void {
    if (rows > this.maxRows) throw new Error(`${rows} rows in a batch made for ${this.maxRows}`);
    if (this.#atoms === 0) throw new Error("dropout without masks");
    if (this.#atoms > 1 && firstAtom + rows > this.#atoms)
      throw new Error(`atoms up to ${firstAtom + rows} with masks for ${this.#atoms}`);
    this.#rows = rows;
    this.#firstAtom = firstAtom;
    const { run } = this.#kernels;
    const { inputs, width, below, biases, weights, code } = this.#first;
    const z = this.#spare;
    const curvature = z + 8 * rows * width;
    run.broadcastRows(rows, width, biases, z);
    run.multiply(rows, width, inputs, input, 8 * below, 8, weights, 8 * width, z, 8 * width, 1);
    run.activate(code, rows * width, z, this.#row.a, this.#row.slope, curvature);
    for (let r = 0; r < rows; r++) this.#forwardRow(r);
  }

  #forwardRow(r: number): void {
    const { run } = this.#kernels;
    const { x, z, a, curvature } = this.#pass;
    const { passes } = this;
    run.broadcastRows(passes, this.#first.width, this.#row.a + 8 * r * this.#first.width, a);
    for (const layer of this.#layers) {
      const { inputs, width, below, weights } = layer;
      run.hadamard(passes * below, a, this.#masksOf(layer, r), x);
      run.broadcastRows(passes, width, layer.biases, z);
      run.multiply(passes, width, inputs, x, 8 * below, 8, weights, 8 * width, z, 8 * width, 1);
      run.activate(layer.code, passes * width, z, a, this.#slopeOf(layer, r), curvature);
    }
    const output = this.#kernels.f64(a, 2 * passes);
    let sum = 0;
    for (let t = 0; t < passes; t++) {
      const value = output[2 * t]!;
      this.values[r * passes + t] = value;
      sum += value;
    }
    this.means[r] = sum / passes;
  }

  #masksOf(layer: PassLayer, r: number): number {
    return layer.masks + (this.#atoms === 1 ? 0 : 8 * (this.#firstAtom + r) * this.passes * layer.below);
  }

  #slopeOf(layer: PassLayer, r: number): number {
    return layer.slope + 8 * r * this.passes * layer.width;
  }

  /** Leaves Σ over the layers above the first, from `seed`, in `#pass.g`: [pass][width of the first layer]. */
  #backwardRow(r: number, seed: number): void {
    const { run } = this.#kernels;
    const { x, g, delta } = this.#pass;
    const { passes } = this;
    let from = seed;
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const layer = this.#layers[l]!;
      const { outputs, width, below, transposed } = layer;
      run.hadamard(passes * width, this.#slopeOf(layer, r), from, delta);
      run.multiply(passes, below, outputs, delta, 8 * width, 8, transposed, 8 * below, x, 8 * below, 0);
      run.hadamard(passes * below, x, this.#masksOf(layer, r), g);
      from = g;
    }
  }

  /** ∂⟨N⟩/∂inputs of the rows of the last `forward`: pointer to [row][inputLength]. */
  backward(): number {
    const { run } = this.#kernels;
    const { width, outputs, below, transposed } = this.#first;
    const rows = this.#rows;
    this.#kernels.f64(this.#row.g, rows * width).fill(0);
    for (let r = 0; r < rows; r++) {
      this.#backwardRow(r, this.#meanSeed);
      run.columnSums(this.passes, width, this.#pass.g, this.#row.g + 8 * r * width);
    }
    run.hadamard(rows * width, this.#row.slope, this.#row.g, this.#row.delta);
    const row = 8 * width;
    run.multiply(
      rows,
      below,
      outputs,
      this.#row.delta,
      row,
      8,
      transposed,
      8 * below,
      this.inputGradient,
      8 * below,
      0,
    );
    return this.inputGradient;
  }

  /** Adds each pass's sum over the rows of the last `forward` to `totals`, [pass]. */
  addPassTotals(totals: Float64Array): void {
    for (let r = 0; r < this.#rows; r++)
      for (let t = 0; t < this.passes; t++) totals[t]! += this.values[r * this.passes + t]!;
  }

  /** Writes s_t = ∂N_t/∂z_1 of the rows of the last `forward` to `to`, [row][slopeWidth][pass]. */
  passSlopes(to: number): void {
    const { passes, slopeWidth } = this;
    const { width } = this.#first;
    const out = this.#kernels.f64(to, this.#rows * slopeWidth * passes);
    const slope = this.#kernels.f64(this.#row.slope, this.#rows * width);
    const g = this.#kernels.f64(this.#pass.g, passes * width);
    for (let r = 0; r < this.#rows; r++) {
      this.#backwardRow(r, this.#unitSeed);
      for (let j = 0; j < slopeWidth; j++) {
        const at = (r * slopeWidth + j) * passes;
        const first = slope[r * width + j]!;
        for (let t = 0; t < passes; t++) out[at + t] = first * g[t * width + j]!;
      }
    }
  }

  /** ∂N_t/∂inputs of one pass from slopes of `rows` atoms (any that `passSlopes` wrote): pointer to [row][inputLength]. */
  passGradient(slopes: number, rows: number, pass: number): number {
    const { below, outputs, transposed } = this.#first;
    const column = 8 * this.passes;
    this.#kernels.run.multiply(
      ...([rows, below, outputs, slopes + 8 * pass, column * this.slopeWidth, column] as const),
      ...([transposed, 8 * below, this.inputGradient, 8 * below, 0] as const),
    );
    return this.inputGradient;
  }

  /**
   * ∂N_t/∂q of one atom for `count` coordinates q, written to `to`, [coordinate][pass]. slopes: of this atom, [slopeWidth][pass]; derivatives: ∂x/∂q, [coordinate][inputLength]; scratch: `count` times
   * the first layer's width, in f64.
   */
  passResponses(
    slopes: number,
    derivatives: number,
    { count, scratch, to }: { count: number; scratch: number; to: number },
  ): void {
    const { run } = this.#kernels;
    const { inputs, outputs, width, below, weights } = this.#first;
    const [row, out] = [8 * width, 8 * this.passes];
    run.multiply(count, width, inputs, derivatives, 8 * below, 8, weights, row, scratch, row, 0);
    run.multiply(count, this.passes, outputs, scratch, row, 8, slopes, out, to, out, 0);
  }
}
