/**
 * One atom through a network under many dropout masks, lanes over the passes: value of every pass, and the gradient of their mean. The
 * first layer is the same for all; with its outputs a, masks m (0 or 1/(1 − p)) and D^l = ∂(mean)/∂z^l
 *
 *   z²_k[t] = Σ_j (W²_jk a_j) m_j[t],   z^{l+1}_k[t] = Σ_j W_jk m_j[t] f(z^l_j[t])
 *   ∂(mean)/∂z¹_j = f′(z¹_j) Σ_k W²_jk Σ_t m_j[t] D²_k[t]
 *
 * so the first and the last step are products of small matrices, and nothing that depends on the pass reaches the inputs.
 */
import { dots, get, mul, product, put, splat, spread } from "./lanes";
import { activate, LAYER_BYTES, rowTimes } from "./network";

/**
 * As `network`, with `masks` u32[hidden layer]: pointers to rows T[neuron][passes], padded with zeros to whole vectors. Returns the mean over
 * the passes; adds `scale` times each pass's value to sums, f64[pass].
 */
export function dropoutNetwork<T>(
  table: usize, masks: usize, passes: i32, input: usize, gradient: usize, scratch: usize, scale: f64, sums: usize,
): f64 {
  const layers = load<i32>(table);
  const first = table + 16;
  const row = (<usize>passes * sizeof<T>() + 15) & ~15;
  // The first layer.
  const n1 = load<i32>(first, 4);
  const bytes1 = <usize>load<u32>(first, 8);
  const z1 = scratch, a1 = z1 + bytes1, d1 = a1 + bytes1;
  rowTimes<T>(load<i32>(first), input, <usize>load<u32>(first, 16), bytes1, <usize>load<u32>(first, 24), z1);
  activate<T>(load<i32>(first, 12), bytes1, z1, a1, d1);
  // The others, for all passes at once: rows of sums, values and slopes of each neuron, and of masked values below.
  const second = first + LAYER_BYTES;
  const n2 = load<i32>(second, 4);
  // Room for W a, and later for the matrix of the way back.
  const weighted = d1 + bytes1;
  let at = weighted + max(<usize>n2 * bytes1, <usize>n1 * <usize>load<u32>(second, 8));
  const transposed = <usize>load<u32>(second, 20);
  for (let k: usize = 0; k < <usize>n2 * bytes1; k += bytes1)
    for (let p: usize = 0; p < bytes1; p += 16) v128.store(weighted + k + p, mul<T>(v128.load(transposed + k + p), v128.load(a1 + p)));
  const ownMasks = <usize>load<u32>(masks);
  product<T>(n2, row, n1, weighted, bytes1, sizeof<T>(), ownMasks, row, at, row);
  finish<T>(second, row, at);
  const start = at;
  for (let l: usize = 2; l < <usize>layers; l++) {
    const layer = first + l * LAYER_BYTES;
    const inputs = load<i32>(layer);
    const below = <usize>inputs * row;
    const mask = <usize>load<u32>(masks + ((l - 1) << 2));
    const masked = at + 3 * below;
    for (let p: usize = 0; p < below; p += 16) v128.store(masked + p, mul<T>(v128.load(at + below + p), v128.load(mask + p)));
    at = masked + below;
    product<T>(
      load<i32>(layer, 4), row, inputs, <usize>load<u32>(layer, 20), <usize>load<u32>(layer, 28), sizeof<T>(), masked, row, at, row,
    );
    finish<T>(layer, row, at);
  }
  // One output: its sums, values and slopes are a row each.
  const share = 1 / <f64>passes;
  let mean: f64 = 0;
  for (let t: usize = 0; t < <usize>passes; t++) {
    const value = get<T>(at + row + t * sizeof<T>());
    mean += value;
    store<f64>(sums + (t << 3), load<f64>(sums + (t << 3)) + scale * value);
  }
  // D of the top layer, in place of its sums; masks below are 0 where a row is padded.
  for (let p: usize = 0; p < row; p += 16) v128.store(at + p, mul<T>(splat<T>(share), v128.load(at + 2 * row + p)));
  for (let l = <usize>layers - 1; l > 1; l--) {
    const layer = first + l * LAYER_BYTES;
    const inputs = load<i32>(layer);
    const below = <usize>inputs * row;
    const to = at - 4 * below;
    const mask = <usize>load<u32>(masks + ((l - 1) << 2));
    product<T>(inputs, row, load<i32>(layer, 4), <usize>load<u32>(layer, 16), <usize>load<u32>(layer, 8), sizeof<T>(), at, row, to, row);
    for (let p: usize = 0; p < below; p += 16)
      v128.store(to + p, mul<T>(mul<T>(v128.load(to + p), v128.load(mask + p)), v128.load(to + 2 * below + p)));
    at = to;
  }
  firstSlopes<T>(first, row, ownMasks, start, weighted, d1);
  const inputBytes = <usize>load<u32>(first, 28);
  rowTimes<T>(n1, d1, <usize>load<u32>(first, 20), inputBytes, 0, gradient);
  return mean * share;
}

/** Adds the biases to the rows of sums at `at`; values and slopes go behind them. */
function finish<T>(layer: usize, row: usize, at: usize): void {
  const neurons = <usize>load<i32>(layer, 4);
  const biases = <usize>load<u32>(layer, 24);
  let to = at;
  for (let k: usize = 0; k < neurons; k++) {
    const bias = spread<T>(biases + k * sizeof<T>());
    for (let p: usize = 0; p < row; p += 16) v128.store(to + p, v128.add<T>(v128.load(to + p), bias));
    to += row;
  }
  activate<T>(load<i32>(layer, 12), neurons * row, at, at + neurons * row, at + 2 * neurons * row);
}

/** ∂(mean)/∂z¹ in place of f′(z¹) at `slopes`; `sums`: room for the matrix Σ_t m_j[t] D_k[t]. */
function firstSlopes<T>(first: usize, row: usize, masks: usize, delta: usize, sums: usize, slopes: usize): void {
  const second = first + LAYER_BYTES;
  const n1 = load<i32>(first, 4), n2 = load<i32>(second, 4);
  const weights = <usize>load<u32>(second, 16);
  const weightRow = <usize>load<u32>(second, 8);
  // [neuron of the first layer][of the second], rows as the weights'.
  dots<T>(n1, n2, row, masks, row, delta, row, sums, weightRow);
  for (let j: usize = 0; j < <usize>n1; j++) {
    const s = sums + j * weightRow, w = weights + j * weightRow;
    let sum: f64 = 0;
    for (let k: usize = 0; k < <usize>n2; k++) sum += get<T>(s + k * sizeof<T>()) * get<T>(w + k * sizeof<T>());
    const at = slopes + j * sizeof<T>();
    put<T>(at, sum * get<T>(at));
  }
}
