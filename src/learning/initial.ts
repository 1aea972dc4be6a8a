/** The first structures of a loop that starts from nothing: those given, and strained copies of them with displaced atoms. */
import { RandomStream } from "../math/index.js";
import { deformed } from "../properties/index.js";
import type { Structure } from "../structure/index.js";

export interface InitialOptions {
  /** In all, the given ones included. */
  readonly labels: number;
  /** Å, standard deviation of each coordinate. */
  readonly displacement: number;
  /** Largest component. */
  readonly strain: number;
  readonly seed: number;
}

/** Copies in turn: of each structure the first is as it is given, the others are disturbed, some less and some more. */
export function initialStructures(given: readonly Structure[], options: InitialOptions): Structure[] {
  const random = new RandomStream(options.seed, "first structures");
  return Array.from({ length: options.labels }, (_, k) => {
    const structure = given[k % given.length];
    return k < given.length ? structure : disturbed(structure, options, random);
  });
}

function disturbed(structure: Structure, { displacement, strain }: InitialOptions, random: RandomStream): Structure {
  // Not all alike: a potential must know the neighbourhood of the crystal as well as its far surroundings.
  const size = random.between(0.25, 1);
  const strained =
    structure.cell === undefined ? structure : deformed(structure, symmetricStrain(size * strain, random));
  return { ...strained, positions: strained.positions.map((x) => x + size * displacement * random.normal()) };
}

/** [xyz, xyz] */
function symmetricStrain(largest: number, random: RandomStream): Float64Array {
  const strain = new Float64Array(9);
  for (let i = 0; i < 3; i++)
    for (let j = i; j < 3; j++) {
      const component = random.between(-largest, largest);
      strain[3 * i + j] = component;
      strain[3 * j + i] = component;
    }
  return strain;
}
