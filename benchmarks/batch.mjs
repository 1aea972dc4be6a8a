/**
 * Relaxations over threads: `node benchmarks/batch.mjs [--turns N]` (after `npm run build`). The structures of `examples/silicon`, four cells of each, to their nearest minima of
 * the Stillinger–Weber potential, atoms alone, on one thread, two and so on; the numbers of threads take turns. Seconds count from the call to
 * the last result, so that starting threads and opening the potential in each are in it.
 */
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { readAllFrames, relaxAll } = await import(join(root, "dist/hosts/node/index.js"));
const { replicate } = await import(join(root, "dist/structure/index.js"));
const { values: options } = parseArgs({ options: { turns: { type: "string", default: "7" } } });

const frames = await readAllFrames(join(root, "examples/silicon/silicon.extxyz.gz"));
const tasks = frames.map(({ structure }) => ({ structure: replicate(structure, [2, 2, 1]), forceTolerance: 0.001 }));
const source = { kind: "published", name: "silicon-stillinger-weber-1985" };
const counts = [1, 2, 4, 8].filter((threads) => threads <= cpus().length);
const seconds = new Map(counts.map((threads) => [threads, []]));
let first;
for (let turn = 0; turn < Number(options.turns); turn++)
  for (const threads of counts) {
    const start = performance.now();
    const energies = (await relaxAll(source, tasks, { units: { length: 1, energy: 1 }, threads })).map((r) => r.energy);
    seconds.get(threads).push((performance.now() - start) / 1000);
    first ??= energies;
    if (!energies.every((energy, k) => Object.is(energy, first[k])))
      throw new Error(`${threads} threads: other energies`);
  }

console.log(
  `${new Date().toISOString()}  ${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}  load ${loadavg()[0].toFixed(2)}`,
);
const best = (threads) => Math.min(...seconds.get(threads));
const median = (threads) => seconds.get(threads).toSorted((a, b) => a - b)[seconds.get(threads).length >> 1];
for (const threads of counts) {
  const times = `best ${best(threads).toFixed(2)} s, median ${median(threads).toFixed(2)} s`;
  const faster = `${(best(1) / best(threads)).toFixed(2)} (${(median(1) / median(threads)).toFixed(2)}) times as fast as one`;
  console.log(`${frames.length} structures, ${threads} threads: ${times}, ${faster}`);
}
