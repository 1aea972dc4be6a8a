/**
 * Which hidden neurons are left out: masks, and what they do to parameters. Every hidden neuron is left out with probability p
 * and what the kept ones hand on is divided by 1 − p (inverted dropout); inputs and output are never left out. With masks that
 * stay (Wen and Tadmor 2020, doi:10.1038/s41524-020-00390-8) each pass is an ordinary network. How many passes are computed is
 * in `dropout-batch.ts`, what is right in `dropout-reference.ts`.
 */
import { InputError } from "../errors/index.js";
import type { RandomStream } from "../math/index.js";
import type { NetworkShape } from "./definition.js";

/** One choice of neurons to keep. */
export interface DropoutMask {
  /** p, probability that a neuron is left out. */
  readonly probability: number;
  /** 1 kept, 0 left out, [hidden neuron], layer by layer. */
  readonly kept: Uint8Array;
}

/** The masks of all passes: plain data, so that a surface stays what it is. */
export interface DropoutMasks extends DropoutMask {
  readonly passes: number;
  /** 1: all atoms of the element share the masks of a pass. Else so many atoms have masks of their own. */
  readonly atoms: number;
  /** [atom][pass][hidden neuron] */
  readonly kept: Uint8Array;
}

/** Number of neurons that dropout may leave out. */
export const hiddenUnits = (shape: NetworkShape): number => shape.nodes.slice(1, -1).reduce((sum, n) => sum + n, 0);

/**
 * Draws masks, atom by atom, pass by pass, neuron by neuron. A pass may lose a whole layer (its output is then a constant);
 * nothing is drawn again for that. InputError where p is not in [0, 1), passes is no whole number above 0, or there is no
 * hidden layer.
 */
export function drawMasks(
  shape: NetworkShape,
  random: RandomStream,
  { probability, passes, atoms = 1 }: { probability: number; passes: number; atoms?: number },
): DropoutMasks {
  const units = hiddenUnits(shape);
  checkDropout({ probability, passes, units });
  const kept = Uint8Array.from({ length: atoms * passes * units }, () => (random.uniform() < probability ? 0 : 1));
  return { probability, passes, atoms, kept };
}

/** One mask, for a step of a fit. */
export function drawMask(shape: NetworkShape, random: RandomStream, probability: number): DropoutMask {
  const { kept } = drawMasks(shape, random, { probability, passes: 1 });
  return { probability, kept };
}

/** InputError where p is not in [0, 1), passes is no whole number above 0, or there is no hidden layer. */
export function checkDropout({
  probability,
  passes,
  units,
}: {
  probability: number;
  passes: number;
  units: number;
}): void {
  const fail = (code: string, problem: string, remedy: string): never => {
    throw new InputError({ code, problem, remedy });
  };
  if (!(probability >= 0 && probability < 1))
    fail(
      "dropout-probability",
      `The dropout probability is ${probability}.`,
      "Give a number from 0 up to, but not, 1; 0.1 is usual.",
    );
  if (!(Number.isInteger(passes) && passes > 0))
    fail("dropout-passes", `The number of dropout passes is ${passes}.`, "Give a whole number above 0; 100 is usual.");
  if (units === 0)
    fail(
      "dropout-without-hidden-layer",
      "The network has no hidden layer, so dropout has nothing to leave out.",
      "Give the network at least one hidden layer, or use no dropout.",
    );
}

/** The mask of one pass (a view). */
export function maskOf({ probability, passes, atoms, kept }: DropoutMasks, pass: number, atom = 0): DropoutMask {
  const units = kept.length / (passes * atoms);
  const first = ((atoms === 1 ? 0 : atom) * passes + pass) * units;
  return { probability, kept: kept.subarray(first, first + units) };
}

/** Masks as text, eight neurons in two hexadecimal digits (the first in the lowest bit), for files. */
export function packKept(kept: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(kept.length / 8));
  kept.forEach((bit, i) => {
    bytes[i >> 3] |= bit << (i & 7);
  });
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The reverse of `packKept` for `count` neurons; InputError where the text is not that. */
export function unpackKept(text: string, count: number): Uint8Array {
  if (text.length !== 2 * Math.ceil(count / 8) || !/^[0-9a-f]*$/.test(text))
    throw new InputError({
      code: "malformed-masks",
      problem: `The dropout masks are ${text.length} characters, not ${2 * Math.ceil(count / 8)} hexadecimal digits.`,
      remedy: "Copy the potential again from where it was made; it may have been edited or cut off.",
    });
  return Uint8Array.from({ length: count }, (_, i) => {
    const byte = Number.parseInt(text.slice(2 * (i >> 3), 2 * (i >> 3) + 2), 16);
    return (byte >> (i & 7)) & 1;
  });
}

/**
 * Parameters of the plain network that equals the network under a mask: the weights that lead out of a neuron are divided
 * by 1 − p, or 0 where it is left out. So a fit with dropout needs no kernels of its own. Commutes with `foldInputs`.
 */
export function maskedParameters(shape: NetworkShape, parameters: Float64Array, mask: DropoutMask): Float64Array {
  const masked = Float64Array.from(parameters);
  scaleOutgoing(shape, masked, mask);
  return masked;
}

/** The reverse for gradients: from ∂/∂(masked parameters) to ∂/∂parameters, in place. */
export function unmaskGradient(shape: NetworkShape, gradient: Float64Array, mask: DropoutMask): void {
  scaleOutgoing(shape, gradient, mask);
}

/** Multiplies the row of each hidden neuron in the layer above by m/(1 − p), in place. */
function scaleOutgoing({ nodes }: NetworkShape, values: Float64Array, { kept, probability }: DropoutMask): void {
  const scale = 1 / (1 - probability);
  let unit = 0;
  let at = (nodes[0]! + 1) * nodes[1]!;
  for (let l = 1; l < nodes.length - 1; l++) {
    const outputs = nodes[l + 1]!;
    for (let j = 0; j < nodes[l]!; j++) {
      const factor = kept[unit++] === 1 ? scale : 0;
      for (let k = 0; k < outputs; k++) values[at++]! *= factor;
    }
    at += outputs;
  }
}
