/**
 * One atom through a network under many dropout masks: value of every pass, and the gradient of their mean. Rows are passes, lanes run
 * over neurons. The first layer is the same for all passes; with its outputs a, masks m (0 or c = 1/(1 − p)) and D^l = ∂(mean)/∂z^l
 *
 *   z²_k[t] = Σ_j W²_jk a_j m_j[t],   z^{l+1}_k[t] = Σ_j W_jk m_j[t] f(z^l_j[t])
 *   ∂(mean)/∂z¹_j = f′(z¹_j) Σ_k W²_jk Σ_t m_j[t] D²_k[t]
 *
 * so nothing that depends on the pass reaches the inputs. A mask leaves out few neurons: the sums under the masks of the first layer are
 * that of all rows less those of the rows left out, or of the kept rows alone where these are fewer. And many passes leave out the same
 * ones of the first layer (of 100 passes through 15 neurons with p = 0.1 there are some 60 that differ), so that z² is made once for these.
 */
import { fma, get, mul, product, put, splat, spread, sub, total } from "./lanes";
import { activate, LAYER_BYTES, rowTimes } from "./network";

// Words of the first layer's masks, see contracts/surface.ts.
const STEP: usize = 0;
const DROPPED: usize = 8;
const CHOICE_STARTS: usize = 12;
const CHOICE_ROWS: usize = 16;
const NEURON_STARTS: usize = 20;
const NEURON_ROWS: usize = 24;
const CHOICES: usize = 28;
const CHOICE_OF: usize = 32;

/**
 * As `network`, with `masks` u32[hidden layer] (contracts/surface.ts). Returns the mean over the passes; adds `scale` times each pass's value
 * to sums, f64[pass].
 */
export function dropoutNetwork<T>(
  table: usize, masks: usize, passes: i32, input: usize, gradient: usize, scratch: usize, scale: f64, sums: usize,
): f64 {
  const last = load<i32>(table) - 1;
  const first = table + 16;
  const second = first + LAYER_BYTES;
  const top = first + <usize>last * LAYER_BYTES;
  const lists = <usize>load<u32>(masks);
  // The first layer.
  const n1 = load<i32>(first, 4);
  const bytes1 = <usize>load<u32>(first, 8);
  const z1 = scratch, a1 = z1 + bytes1, d1 = a1 + bytes1;
  rowTimes<T>(load<i32>(first), input, <usize>load<u32>(first, 16), bytes1, <usize>load<u32>(first, 24), z1);
  activate<T>(load<i32>(first, 12), bytes1, z1, a1, d1);
  const row2 = <usize>load<u32>(second, 8);
  const whole = d1 + bytes1, parts = whole + row2;
  weightedRows<T>(second, lists, a1, whole, parts);
  // The others: rows of sums, values, slopes, a row for each pass (in the second layer for each choice), and masked values.
  const choices = load<i32>(lists, CHOICES), choiceOf = <usize>load<u32>(lists, CHOICE_OF);
  const start = parts + <usize>n1 * row2;
  let at = start;
  let row = row2;
  listedSums<T>(choices, row2, whole, parts, <usize>load<u32>(lists, CHOICE_STARTS), <usize>load<u32>(lists, CHOICE_ROWS), at);
  for (let l = 1; l < last; l++) {
    const layer = first + <usize>l * LAYER_BYTES, above = layer + LAYER_BYTES;
    const all = <usize>passes * row;
    const size = l == 1 ? <usize>choices * row : all;
    activate<T>(load<i32>(layer, 12), size, at, at + size, at + 2 * size);
    const values = at + size, mask = <usize>load<u32>(masks + (<usize>l << 2));
    at += 3 * size;
    if (l + 1 == last) {
      weightedSums<T>(passes, row, values, l == 1 ? choiceOf : 0, mask, at);
      break;
    }
    if (l == 1) maskChoices<T>(passes, row, values, choiceOf, mask, at);
    else for (let p: usize = 0; p < size; p += 16) v128.store(at + p, mul<T>(v128.load(values + p), v128.load(mask + p)));
    const rowAbove = <usize>load<u32>(above, 8);
    product<T>(passes, rowAbove, load<i32>(above), at, row, sizeof<T>(), <usize>load<u32>(above, 16), rowAbove, at + all, rowAbove);
    at += all;
    row = rowAbove;
    addToRows<T>(passes, row, <usize>load<u32>(above, 24), at);
  }
  // The output: one number a pass.
  const outputs = (<usize>passes * sizeof<T>() + 15) & ~15;
  if (last == 1) {
    at += <usize>choices * row2;
    for (let t: usize = 0; t < <usize>passes; t++) store<T>(at + t * sizeof<T>(), load<T>(start + <usize>load<u32>(choiceOf + (t << 2))));
  } else {
    const bias = spread<T>(<usize>load<u32>(top, 24));
    for (let p: usize = 0; p < outputs; p += 16) v128.store(at + p, v128.add<T>(v128.load(at + p), bias));
  }
  activate<T>(load<i32>(top, 12), outputs, at, at + outputs, at + 2 * outputs);
  let mean: f64 = 0;
  for (let t: usize = 0; t < <usize>passes; t++) {
    const value = get<T>(at + outputs + t * sizeof<T>());
    mean += value;
    store<f64>(sums + (t << 3), load<f64>(sums + (t << 3)) + scale * value);
  }
  const share = 1 / <f64>passes;
  const slopes = at + 2 * outputs;
  // And back: D of each layer in place of its sums, of the second layer added up over the passes with the same choice.
  if (last == 1) {
    memory.fill(start, 0, <usize>choices * row2);
    for (let t: usize = 0; t < <usize>passes; t++) {
      const to = start + <usize>load<u32>(choiceOf + (t << 2));
      put<T>(to, get<T>(to) + share * get<T>(slopes + t * sizeof<T>()));
    }
  } else if (last == 2) addChoices<T>(passes, row, 0, choiceOf, <usize>load<u32>(masks, 4), start, choices, slopes, share);
  else {
    const size = <usize>passes * row;
    at -= 3 * size;
    const mask = <usize>load<u32>(masks + (<usize>(last - 1) << 2));
    for (let t: usize = 0, q: usize = 0; t < <usize>passes; t++) {
      const d = splat<T>(share * get<T>(slopes + t * sizeof<T>()));
      for (const end = q + row; q < end; q += 16)
        v128.store(at + q, mul<T>(mul<T>(d, v128.load(mask + q)), v128.load(at + 2 * size + q)));
    }
    for (let l = last - 2; l > 0; l--) {
      const layer = first + <usize>(l + 1) * LAYER_BYTES;
      const below = <usize>load<u32>(layer, 28), handed = at - <usize>passes * below;
      product<T>(passes, below, load<i32>(layer, 4), at, row, sizeof<T>(), <usize>load<u32>(layer, 20), below, handed, below);
      row = below;
      const own = <usize>load<u32>(masks + (<usize>l << 2));
      if (l == 1) addChoices<T>(passes, row, handed, choiceOf, own, start, choices, 0, 0);
      else {
        const size = <usize>passes * row;
        at = handed - 3 * size;
        for (let p: usize = 0; p < size; p += 16)
          v128.store(at + p, mul<T>(mul<T>(v128.load(handed + p), v128.load(own + p)), v128.load(at + 2 * size + p)));
      }
    }
  }
  firstSlopes<T>(second, lists, choices, start, whole, parts, d1);
  rowTimes<T>(n1, d1, <usize>load<u32>(first, 20), <usize>load<u32>(first, 28), 0, gradient);
  return mean * share;
}

/** Values of the choice of each pass, masked. */
function maskChoices<T>(passes: i32, row: usize, values: usize, choiceOf: usize, mask: usize, to: usize): void {
  for (let t = 0; t < passes; t++) {
    const from = values + <usize>load<u32>(choiceOf);
    for (let p: usize = 0; p < row; p += 16) v128.store(to + p, mul<T>(v128.load(from + p), v128.load(mask + p)));
    choiceOf += 4;
    mask += row;
    to += row;
  }
}

/** Σ of the values of each pass with its masked output weights; `choiceOf` 0: rows are passes. T[pass] at `to`. */
function weightedSums<T>(passes: i32, row: usize, values: usize, choiceOf: usize, weights: usize, to: usize): void {
  for (let t: usize = 0; t < <usize>passes; t++) {
    const from = values + (choiceOf ? <usize>load<u32>(choiceOf + (t << 2)) : t * row);
    let s = splat<T>(0);
    for (let p: usize = 0; p < row; p += 16) s = fma<T>(s, v128.load(from + p), v128.load(weights + p));
    put<T>(to + t * sizeof<T>(), total<T>(s));
    weights += row;
  }
}

/**
 * D² of each choice from the rows `from` that the passes hand down, or, where that is 0, from `share` times their slopes; rows D², values and
 * slopes of the choices at `to`.
 */
function addChoices<T>(
  passes: i32, row: usize, from: usize, choiceOf: usize, mask: usize, to: usize, choices: i32, slopes: usize, share: f64,
): void {
  const size = <usize>choices * row;
  memory.fill(to, 0, size);
  for (let t: usize = 0; t < <usize>passes; t++) {
    const own = to + <usize>load<u32>(choiceOf + (t << 2));
    if (from == 0) {
      const d = splat<T>(share * get<T>(slopes + t * sizeof<T>()));
      for (let p: usize = 0; p < row; p += 16) v128.store(own + p, fma<T>(v128.load(own + p), d, v128.load(mask + p)));
    } else {
      for (let p: usize = 0; p < row; p += 16) v128.store(own + p, fma<T>(v128.load(own + p), v128.load(from + p), v128.load(mask + p)));
      from += row;
    }
    mask += row;
  }
  for (let p: usize = 0; p < size; p += 16) v128.store(to + p, mul<T>(v128.load(to + p), v128.load(to + 2 * size + p)));
}

/** Rows ∓c a_j W_j, and what stands before any of them is added: the biases, and with rows to be left out all rows. */
function weightedRows<T>(layer: usize, lists: usize, a: usize, whole: usize, parts: usize): void {
  const n = load<i32>(layer), row = <usize>load<u32>(layer, 8);
  const dropped = load<i32>(lists, DROPPED) != 0;
  const step = load<f64>(lists, STEP);
  memory.copy(whole, <usize>load<u32>(layer, 24), row);
  let w = <usize>load<u32>(layer, 16), to = parts;
  for (let j = 0; j < n; j++) {
    const factor = splat<T>(step * get<T>(a + <usize>j * sizeof<T>()));
    for (let p: usize = 0; p < row; p += 16) {
      const part = mul<T>(factor, v128.load(w + p));
      v128.store(to + p, part);
      if (dropped) v128.store(whole + p, sub<T>(v128.load(whole + p), part));
    }
    w += row;
    to += row;
  }
}

/** Rows of `bytes` at `to`: `whole` and the rows that list i names (u32[starts[i] … starts[i + 1]], bytes from `rows`). */
function listedSums<T>(count: i32, bytes: usize, whole: usize, rows: usize, starts: usize, list: usize, to: usize): void {
  for (let i = 0; i < count; i++) {
    const from = list + (<usize>load<u32>(starts) << 2), end = list + (<usize>load<u32>(starts, 4) << 2);
    let p: usize = 0;
    for (; p + 64 <= bytes; p += 64) {
      const w = whole + p, r = rows + p;
      let s0 = v128.load(w), s1 = v128.load(w, 16), s2 = v128.load(w, 32), s3 = v128.load(w, 48);
      for (let q = from; q < end; q += 4) {
        const at = r + <usize>load<u32>(q);
        s0 = v128.add<T>(s0, v128.load(at)); s1 = v128.add<T>(s1, v128.load(at, 16));
        s2 = v128.add<T>(s2, v128.load(at, 32)); s3 = v128.add<T>(s3, v128.load(at, 48));
      }
      v128.store(to + p, s0); v128.store(to + p, s1, 16);
      v128.store(to + p, s2, 32); v128.store(to + p, s3, 48);
    }
    for (; p < bytes; p += 16) {
      let s = v128.load(whole + p);
      for (let q = from; q < end; q += 4) s = v128.add<T>(s, v128.load(rows + p + <usize>load<u32>(q)));
      v128.store(to + p, s);
    }
    to += bytes;
    starts += 4;
  }
}

/** Adds a row of `bytes` to each of the rows at `to`. */
function addToRows<T>(count: i32, bytes: usize, more: usize, to: usize): void {
  for (let i = 0; i < count; i++) {
    for (let p: usize = 0; p < bytes; p += 16) v128.store(to + p, v128.add<T>(v128.load(to + p), v128.load(more + p)));
    to += bytes;
  }
}

/** ∂(mean)/∂z¹ in place of f′(z¹) at `slopes`, from the rows D² at `delta`. */
function firstSlopes<T>(second: usize, lists: usize, choices: i32, delta: usize, whole: usize, parts: usize, slopes: usize): void {
  const n1 = load<i32>(second), row = <usize>load<u32>(second, 8);
  memory.fill(whole, 0, row);
  if (load<i32>(lists, DROPPED))
    for (let p: usize = 0; p < row; p += 16) {
      let s = splat<T>(0);
      let from = delta + p;
      for (let t = 0; t < choices; t++) {
        s = sub<T>(s, v128.load(from));
        from += row;
      }
      v128.store(whole + p, s);
    }
  listedSums<T>(n1, row, whole, delta, <usize>load<u32>(lists, NEURON_STARTS), <usize>load<u32>(lists, NEURON_ROWS), parts);
  const step = load<f64>(lists, STEP);
  const weights = <usize>load<u32>(second, 16);
  const outputs = <usize>load<i32>(second, 4);
  for (let j: usize = 0; j < <usize>n1; j++) {
    const s = parts + j * row, w = weights + j * row;
    let sum: f64 = 0;
    for (let k: usize = 0; k < outputs; k++) sum += get<T>(s + k * sizeof<T>()) * get<T>(w + k * sizeof<T>());
    const at = slopes + j * sizeof<T>();
    put<T>(at, step * sum * get<T>(at));
  }
}
