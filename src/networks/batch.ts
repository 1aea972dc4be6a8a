/**
 * One network over many atoms at a time, in the kernels: value, gradient, and the gradient with respect to the parameters
 * of any combination of values and directional derivatives. Rows are atoms.
 *
 * With layers l = 1…L, z_l = a_{l−1} W_l + b_l, a_l = f(z_l):
 *
 *   forward   a_l, f′, f″                        value N = a_L
 *   backward  δ_l = f′ ∘ g_l, g_{l−1} = δ_l W_lᵀ, from g_L = 1       g_0 = ∂N/∂a_0
 *   tangent   ż_l = ȧ_{l−1} W_l, ȧ_l = f′ ∘ ż_l, from ȧ_0 = v         v·∂N/∂a_0 = ȧ_L
 *   reverse   z̄_l = f′ ∘ ā_l + f″ ∘ ż_l ∘ g_l, ā_{l−1} = z̄_l W_lᵀ, from ā_L = α
 *             ∂/∂W_l (Σ αN + v·∇N) = a_{l−1}ᵀ z̄_l + ȧ_{l−1}ᵀ δ_l,  ∂/∂b_l = Σ z̄_l
 *
 * The last is the tangent of the backward pass (Pearlmutter 1994): its cost is a small multiple of a plain gradient however many
 * forces are fitted.
 */
import { activationCodes, type Kernels } from "../kernels/index.js";
import type { NetworkShape } from "./definition.js";

/** Pointers of one layer; widths are padded to even numbers, padded weights are 0. */
interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly width: number;
  readonly code: number;
  /** Divides sums where nodes are normalised. */
  readonly divisor: number;
  /** [input][width] */
  readonly weights: number;
  /** [output][width of the layer below] */
  readonly transposed: number;
  readonly biases: number;
  readonly weightGradient: number;
  readonly biasGradient: number;
  // [row][width] each
  readonly z: number;
  readonly a: number;
  readonly slope: number;
  readonly curvature: number;
  readonly g: number;
  readonly delta: number;
  readonly zTangent: number;
  readonly aTangent: number;
  readonly aBar: number;
  readonly zBar: number;
}

const even = (n: number): number => n + (n % 2);

/** Rows that went through `forward` together: `rows` of the batch from `first` on, with their inputs. */
export interface RowSet {
  readonly first: number;
  readonly rows: number;
  /** Pointer to the inputs. */
  readonly input: number;
}

export class NetworkBatch {
  readonly shape: NetworkShape;
  readonly maxRows: number;
  /** Stride of input rows, in values: the caller's rows may be longer than the inputs. */
  readonly inputLength: number;
  readonly #kernels: Kernels;
  readonly #layers: Layer[];
  /** Output of the backward pass, [row][inputLength]. */
  readonly inputGradient: number;
  #set: RowSet = { first: 0, rows: 0, input: 0 };

  /** `inputLength` is even and at least the number of inputs. */
  constructor(
    kernels: Kernels,
    shape: NetworkShape,
    { maxRows, inputLength }: { maxRows: number; inputLength: number },
  ) {
    this.shape = shape;
    this.maxRows = maxRows;
    this.inputLength = inputLength;
    this.#kernels = kernels;
    this.#layers = shape.nodes.slice(1).map((outputs, i) => {
      const inputs = shape.nodes[i]!;
      const width = even(outputs);
      const below = i === 0 ? inputLength : even(inputs);
      const rows = (w: number): number => kernels.allocate(8 * maxRows * w);
      return {
        inputs,
        outputs,
        width,
        code: activationCodes[shape.activations[i]!],
        divisor: shape.normalizeNodes ? inputs : 1,
        weights: kernels.allocate(8 * below * width),
        transposed: kernels.allocate(8 * outputs * below),
        biases: kernels.allocate(8 * width),
        weightGradient: kernels.allocate(8 * below * width),
        biasGradient: kernels.allocate(8 * width),
        z: rows(width),
        a: rows(width),
        slope: rows(width),
        curvature: rows(width),
        g: rows(width),
        delta: rows(width),
        zTangent: rows(width),
        aTangent: rows(width),
        aBar: rows(width),
        zBar: rows(width),
      };
    });
    this.inputGradient = kernels.allocate(8 * maxRows * inputLength);
  }

  /** Takes parameters in the order of `Network.parameters`. */
  load(parameters: Float64Array): void {
    let p = 0;
    this.#layers.forEach((layer, l) => {
      const below = l === 0 ? this.inputLength : even(layer.inputs);
      const weights = this.#kernels.f64(layer.weights, layer.inputs * layer.width);
      const transposed = this.#kernels.f64(layer.transposed, layer.outputs * below);
      const biases = this.#kernels.f64(layer.biases, layer.width);
      const scale = 1 / layer.divisor;
      for (let j = 0; j < layer.inputs; j++)
        for (let k = 0; k < layer.outputs; k++) {
          const w = parameters[p++]! * scale;
          weights[j * layer.width + k] = w;
          transposed[k * below + j] = w;
        }
      for (let k = 0; k < layer.outputs; k++) biases[k] = parameters[p++]! * scale;
    });
  }

  /**
   * Values of `rows` atoms whose inputs start at `input`; returns the pointer to [row][2] with the value first. Several sets of
   * rows can be kept in one batch, each from another `first` on.
   */
  forward(input: number, rows: number, first = 0): number {
    if (first + rows > this.maxRows) throw new Error(`${first + rows} rows in a batch made for ${this.maxRows}`);
    const { run } = this.#kernels;
    this.#set = { first, rows, input };
    let below = input;
    let belowRow = 8 * this.inputLength;
    for (const layer of this.#layers) {
      const row = 8 * layer.width;
      const at = first * row;
      const [z, a] = [layer.z + at, layer.a + at];
      run.broadcastRows(rows, layer.width, layer.biases, z);
      run.multiply(rows, layer.width, layer.inputs, below, belowRow, 8, layer.weights, row, z, row, 1);
      run.activate(layer.code, rows * layer.width, z, a, layer.slope + at, layer.curvature + at);
      below = a;
      belowRow = row;
    }
    return below;
  }

  /** The rows at hand: those of the last `forward` or `resume`. */
  get set(): RowSet {
    return this.#set;
  }

  /** Takes up an earlier set of rows again, which no later `forward` has overwritten. */
  resume(set: RowSet): void {
    this.#set = set;
  }

  /** ∂N/∂inputs of the rows at hand: pointer to [row][inputLength]; entries past the inputs are 0. */
  backward(): number {
    const { run } = this.#kernels;
    const { first, rows } = this.#set;
    const top = this.#layers[this.#layers.length - 1]!;
    const seed = this.#kernels.f64(top.g + 8 * first * top.width, rows * top.width);
    for (let r = 0; r < rows; r++) seed[r * top.width] = 1;
    for (let l = this.#layers.length - 1; l >= 0; l--) {
      const layer = this.#layers[l]!;
      const row = 8 * layer.width;
      const at = first * row;
      run.hadamard(rows * layer.width, layer.slope + at, layer.g + at, layer.delta + at);
      const width = 8 * (l === 0 ? this.inputLength : this.#layers[l - 1]!.width);
      const to = l === 0 ? this.inputGradient : this.#layers[l - 1]!.g + first * width;
      run.multiply(
        ...([rows, width / 8, layer.outputs, layer.delta + at, row, 8] as const),
        ...([layer.transposed, width, to, width, 0] as const),
      );
    }
    return this.inputGradient;
  }

  /** Sets the gradient with respect to the parameters to 0. */
  clearGradient(): void {
    for (const layer of this.#layers) {
      this.#kernels.f64(layer.weightGradient, layer.inputs * layer.width).fill(0);
      this.#kernels.f64(layer.biasGradient, layer.width).fill(0);
    }
  }

  /**
   * Adds ∂/∂θ Σ_rows (α N + v·∇N) to the gradient for the rows at hand, after `forward` and `backward`. directions:
   * [row][inputLength], entries past the inputs are ignored; alpha: one number for all rows.
   */
  addGradient(directions: number, alpha: number): void {
    const { run } = this.#kernels;
    const { first, rows } = this.#set;
    let below = directions;
    let belowRow = 8 * this.inputLength;
    for (const layer of this.#layers) {
      const row = 8 * layer.width;
      run.multiply(rows, layer.width, layer.inputs, below, belowRow, 8, layer.weights, row, layer.zTangent, row, 0);
      run.hadamard(rows * layer.width, layer.slope + first * row, layer.zTangent, layer.aTangent);
      below = layer.aTangent;
      belowRow = row;
    }
    const top = this.#layers[this.#layers.length - 1]!;
    const seed = this.#kernels.f64(top.aBar, rows * top.width);
    for (let r = 0; r < rows; r++) seed[r * top.width] = alpha;
    for (let l = this.#layers.length - 1; l >= 0; l--) this.#reverse(l, directions);
  }

  #reverse(l: number, directions: number): void {
    const { run } = this.#kernels;
    const { first, rows, input } = this.#set;
    const layer = this.#layers[l]!;
    const under = l === 0 ? undefined : this.#layers[l - 1]!;
    const row = 8 * layer.width;
    const at = first * row;
    run.reverseTangent(
      ...([rows * layer.width, layer.slope + at, layer.aBar, layer.curvature + at] as const),
      ...([layer.zTangent, layer.g + at, layer.zBar] as const),
    );
    const aRow = 8 * (under?.width ?? this.inputLength);
    const a = under === undefined ? input : under.a + first * aRow;
    const aTangent = under?.aTangent ?? directions;
    run.multiply(layer.inputs, layer.width, rows, a, 8, aRow, layer.zBar, row, layer.weightGradient, row, 1);
    run.multiply(
      layer.inputs,
      layer.width,
      rows,
      aTangent,
      8,
      aRow,
      layer.delta + at,
      row,
      layer.weightGradient,
      row,
      1,
    );
    run.columnSums(rows, layer.width, layer.zBar, layer.biasGradient);
    if (under === undefined) return;
    const width = 8 * under.width;
    run.multiply(rows, under.width, layer.outputs, layer.zBar, row, 8, layer.transposed, width, under.aBar, width, 0);
  }

  /** Adds the gradient, in the order of `Network.parameters`, to `out` from `offset` on. */
  readGradient(out: Float64Array, offset = 0): void {
    let p = offset;
    for (const layer of this.#layers) {
      const weights = this.#kernels.f64(layer.weightGradient, layer.inputs * layer.width);
      const biases = this.#kernels.f64(layer.biasGradient, layer.width);
      const scale = 1 / layer.divisor;
      for (let j = 0; j < layer.inputs; j++)
        for (let k = 0; k < layer.outputs; k++) out[p++]! += weights[j * layer.width + k]! * scale;
      for (let k = 0; k < layer.outputs; k++) out[p++]! += biases[k]! * scale;
    }
  }
}
