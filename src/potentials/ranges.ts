/** Values outside the range of the training data: of every member's, so only what none of them has seen. */
import type { Member, NetworkPotential } from "./definition.js";
import type { Extrapolation } from "./potential.js";

export interface RangeInput {
  /** [atom][stride], raw. */
  readonly values: Float64Array;
  readonly stride: number;
  /** Element of each row. */
  readonly types: Uint8Array;
  /** Atom of each row. */
  readonly order: Int32Array;
}

export class RangeCheck {
  /** [element] bounds with n2p2's tolerance: a thousand units in the last place. */
  readonly #ranges: readonly Range[];

  constructor(potential: NetworkPotential) {
    this.#ranges = potential.descriptors.map((_, e) => rangeOf(potential.members, e));
  }

  /** Ascending by atom, then function. */
  check({ values, stride, types, order }: RangeInput): Extrapolation[] {
    const found: Extrapolation[] = [];
    for (let i = 0; i < order.length; i++) {
      const { min, max, low, high } = this.#ranges[types[i]!]!;
      for (let s = 0; s < min.length; s++) {
        const value = values[i * stride + s]!;
        if (value < low[s]! || value > high[s]!)
          found.push({ atom: order[i]!, function: s, value, min: min[s]!, max: max[s]! });
      }
    }
    return found.sort((a, b) => a.atom - b.atom || a.function - b.function);
  }
}

interface Range {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

function rangeOf(members: readonly Member[], e: number): Range {
  const scalings = members.map((member) => member.elements[e]!.scaling);
  const min = scalings[0]!.min.map((_, s) => Math.min(...scalings.map((x) => x.min[s]!)));
  const max = scalings[0]!.max.map((_, s) => Math.max(...scalings.map((x) => x.max[s]!)));
  const slack = min.map((x, s) => 1000 * Number.EPSILON * Math.max(Math.abs(x), Math.abs(max[s]!)));
  return { min, max, low: min.map((x, s) => x - slack[s]!), high: max.map((x, s) => x + slack[s]!) };
}
