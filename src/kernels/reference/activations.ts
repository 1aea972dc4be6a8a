/**
 * Activation functions f(x) of neurons, with f' and f''.
 *
 *   l  x                    t  tanh x            s  1/(1+e⁻ˣ)        p  ln(1+eˣ)       r  max(0, x)    g  exp(−x²/2)
 *   c  cos x                S  1 − 1/(1+e⁻ˣ)     e  e⁻ˣ              h  x²
 *   m  a tanh(bx), a = 1.7159, b = 2/3           w  m(x) + 0.1 x
 *
 * The first ten are n2p2's letters, the last two aenet's mtanh and twist: LeCun, Bottou, Orr and Müller, "Efficient
 * BackProp" (1998), section 4.4; Artrith and Urban, Comput. Mater. Sci. 114, 135 (2016).
 */

export interface ActivationValue {
  readonly value: number;
  readonly first: number;
  readonly second: number;
}

export type ActivationLetter = "l" | "t" | "s" | "p" | "r" | "g" | "c" | "S" | "e" | "h" | "m" | "w";

/** f(x), f'(x), f''(x). */
export function activation(letter: ActivationLetter, x: number): ActivationValue {
  switch (letter) {
    case "l":
      return { value: x, first: 1, second: 0 };
    case "t":
      return scaledTanh(x, 1, 1);
    case "s":
      return logistic(x);
    case "p":
      return softplus(x);
    case "r":
      // Not "x > 0", so that NaN stays NaN.
      return x <= 0 ? { value: 0, first: 0, second: 0 } : { value: x, first: 1, second: 0 };
    case "g": {
      const value = Math.exp(-0.5 * x * x);
      return { value, first: -x * value, second: (x * x - 1) * value };
    }
    case "c":
      return { value: Math.cos(x), first: -Math.sin(x), second: -Math.cos(x) };
    case "S": {
      // 1/(1+eˣ) is the logistic function of −x, without the cancellation of 1 − f.
      const mirrored = logistic(-x);
      return { value: mirrored.value, first: -mirrored.first, second: mirrored.second };
    }
    case "e": {
      const value = Math.exp(-x);
      return { value, first: -value, second: value };
    }
    case "h":
      return { value: x * x, first: 2 * x, second: 2 };
    case "m":
      return scaledTanh(x, 1.7159, 2 / 3);
    case "w": {
      const { value, first, second } = scaledTanh(x, 1.7159, 2 / 3);
      return { value: value + 0.1 * x, first: first + 0.1, second };
    }
  }
}

/** a tanh(bx) */
function scaledTanh(x: number, a: number, b: number): ActivationValue {
  const t = Math.tanh(b * x);
  const slope = 1 - t * t;
  return { value: a * t, first: a * b * slope, second: -2 * a * b * b * t * slope };
}

function logistic(x: number): ActivationValue {
  // e^−|x| never overflows.
  const e = Math.exp(-Math.abs(x));
  const value = (x >= 0 ? 1 : e) / (1 + e);
  const first = e / (1 + e) ** 2;
  return { value, first, second: first * (1 - 2 * value) };
}

function softplus(x: number): ActivationValue {
  const { value: first, first: second } = logistic(x);
  return { value: Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))), first, second };
}
