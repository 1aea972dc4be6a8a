/** A potential that nobody has fitted, for commands that need one that is unsure. */
import { writePotentialJson } from "../../src/formats/potential-json.js";
import { createKernels } from "../../src/hosts/node/index.js";
import { RandomStream } from "../../src/math/index.js";
import { isSurface } from "../../src/potentials/index.js";
import { diamond, replicate } from "../../src/structure/index.js";
import { randomDescriptors, randomPotential } from "../physics/random-potential.js";

/** Networks for silicon that disagree. Without angular functions they go the fast way, which keeps neighbours. */
export function committeeJson(members: number): string {
  const seed = 20;
  console.info(`committee from seed ${seed}`);
  const random = new RandomStream(seed, "simulate");
  const descriptors = randomDescriptors(random, { elements: [14], types: [2], cutoffs: [1] });
  const bulk = replicate(diamond("Si", 5.431), [2, 2, 2]);
  const rattled = { ...bulk, positions: bulk.positions.map((x) => x + random.between(-0.2, 0.2)) };
  const wild = randomPotential(createKernels(), random, { descriptors, structures: [bulk, rattled], members });
  // Weak, so that atoms do not fall into one another.
  const potential = { ...wild, members: wild.members.map((m) => ({ ...m, energyScale: 0.1 * m.energyScale })) };
  if (!isSurface(potential)) throw new Error("the fast kernels should know this potential");
  return writePotentialJson(potential, {});
}
