/**
 * Speed of energies and forces in dynamics, against LAMMPS in the same minutes: `npm run bench [-- --json FILE] [-- NAME…]`. With
 * `--against DIST`, the built code of another commit, both take turns in one process.
 *
 * Each system runs NVE with velocity Verlet, neighbour lists included, one thread. Potluck and the yardstick take turns; what counts
 * is the best of the turns, and the ratio of the bests. Systems and their yardsticks are described in README.md.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../dist");
const data = join(here, "../../shared/data");
const { hasRelaxedSimd } = await import(join(dist, "kernels/index.js"));
const { drawMasks } = await import(join(dist, "networks/index.js"));
const { loadPotential } = await import(join(dist, "hosts/node/potentials.js"));
const { readAllFrames } = await import(join(dist, "hosts/node/files.js"));
const { unitSystem } = await import(join(dist, "units/index.js"));
const { replicate } = await import(join(dist, "structure/index.js"));
const { RandomStream } = await import(join(dist, "math/index.js"));

/** (eV/Å)/amu in Å/fs². */
const ACCELERATION = 9.64853321e-3;
const MASSES = { 1: 1.008, 6: 12.011, 7: 14.007, 8: 15.999, 14: 28.0855, 79: 196.967 };

const angstrom = unitSystem("angstrom", "eV");
const bohr = unitSystem("bohr", "hartree");

function lammpsBox(file, z) {
  const lines = readFileSync(file, "utf8").split("\n");
  const edge = (axis) => {
    const [low, high] = lines
      .find((l) => l.includes(`${axis}lo`))
      .trim()
      .split(/\s+/)
      .map(Number);
    return high - low;
  };
  const at = lines.findIndex((l) => l.startsWith("Atoms"));
  const rows = lines
    .slice(at + 1)
    .map((l) => l.trim().split(/\s+/).map(Number))
    .filter((r) => r.length >= 5);
  return {
    species: new Uint8Array(rows.length).fill(z),
    positions: Float64Array.from(rows.flatMap((r) => r.slice(-3))),
    cell: Float64Array.of(edge("x"), 0, 0, 0, edge("y"), 0, 0, 0, edge("z")),
    periodic: [true, true, true],
  };
}

const gold = () => replicate(lammpsBox(join(data, "gold-lasp2/Bulk.data"), 79), [2, 2, 2]);
const first = async (file, units, times) => {
  const [frame] = await readAllFrames(join(data, file), { units });
  return times === undefined ? frame.structure : replicate(frame.structure, times);
};

const eam = {
  name: "eam, 1024 gold atoms",
  atoms: 1024,
  input: (steps) => {
    const box = gold();
    const rows = Array.from(
      box.species,
      (_, i) => `${i + 1} 1 ${[...box.positions.slice(3 * i, 3 * i + 3)].join(" ")}`,
    );
    const [x, y, z] = [box.cell[0], box.cell[4], box.cell[8]];
    writeFileSync(
      join(scratch, "gold.data"),
      `gold\n\n${rows.length} atoms\n1 atom types\n0 ${x} xlo xhi\n0 ${y} ylo yhi\n0 ${z} zlo zhi\n\nAtoms\n\n${rows.join("\n")}\n`,
    );
    return `units metal\natom_style atomic\nread_data ${join(scratch, "gold.data")}\nmass 1 196.967\npair_style eam
pair_coeff * * /usr/share/lammps/potentials/Au_u3.eam\nneighbor 1.0 bin\nneigh_modify every 1 delay 0 check yes
velocity all create 600 12345\nfix 1 all nve\ntimestep 0.002\nthermo 1000000\nrun ${steps}\n`;
  },
  steps: 400,
};
const tersoff = {
  name: "tersoff, 1000 silicon atoms",
  atoms: 1000,
  input: (
    steps,
  ) => `units metal\natom_style atomic\nlattice diamond 5.431\nregion b block 0 5 0 5 0 5\ncreate_box 1 b\ncreate_atoms 1 box
mass 1 28.0855\npair_style tersoff\npair_coeff * * /usr/share/lammps/potentials/Si.tersoff Si\nneighbor 1.0 bin
neigh_modify every 1 delay 0 check yes\nvelocity all create 600 12345\nfix 1 all nve\ntimestep 0.001\nthermo 1000000\nrun ${steps}\n`,
  steps: 300,
};

const systems = {
  gold: {
    potential: "gold-lasp2/committee/Seed1",
    units: angstrom,
    structure: gold,
    yardstick: eam,
    time: 2,
    temperature: 600,
  },
  committee: {
    potential: "gold-lasp2/committee",
    units: angstrom,
    structure: gold,
    yardstick: eam,
    time: 2,
    temperature: 600,
    spread: true,
  },
  water: {
    potential: "n2p2/H2O_RPBE-D3",
    units: bohr,
    structure: () => first("n2p2/H2O_RPBE-D3/input.data", bohr),
    yardstick: tersoff,
    time: 0.5,
    temperature: 300,
  },
  water8640: {
    potential: "n2p2/H2O_RPBE-D3",
    units: bohr,
    structure: () => first("n2p2/H2O_RPBE-D3/input.data", bohr, [2, 2, 2]),
    yardstick: tersoff,
    threads: true,
    time: 0.5,
    temperature: 300,
  },
  dropout: {
    potential: "gold-lasp2/committee/Seed1",
    units: angstrom,
    structure: gold,
    yardstick: eam,
    time: 2,
    temperature: 600,
    dropout: { hidden: [15, 15], probability: 0.1, passes: 100 },
  },
  ethylbenzene: {
    potential: "n2p2/Ethylbenzene_SCAN",
    units: bohr,
    structure: () => first("n2p2/Ethylbenzene_SCAN/input.data", bohr),
    yardstick: tersoff,
    time: 0.5,
    temperature: 300,
  },
  dmabn: {
    potential: "n2p2/DMABN_SCAN",
    units: bohr,
    structure: () => first("n2p2/DMABN_SCAN/input.data", bohr),
    yardstick: tersoff,
    time: 0.5,
    temperature: 300,
  },
};

/** The same functions with small random networks, and their passes if asked for. */
function dropoutPotential({ descriptors, members: [member] }, { hidden, probability, passes }, withDropout) {
  const random = new RandomStream(1, "networks");
  const elements = member.elements.map(({ scaling, network }) => {
    const nodes = [network.nodes[0], ...hidden, 1];
    const count = nodes.slice(1).reduce((sum, n, l) => sum + n * (nodes[l] + 1), 0);
    const parameters = Float64Array.from({ length: count }, () => random.between(-0.1, 0.1));
    return { scaling, network: { ...network, nodes, activations: [...hidden.map(() => "t"), "l"], parameters } };
  });
  const masks = elements.map(({ network }) => drawMasks(network, random, { probability, passes }));
  const energyScale = 1e-3;
  return {
    descriptors,
    members: [{ ...member, elements, energyScale, ...(withDropout ? { dropout: { seed: 1, masks } } : {}) }],
  };
}

/** A force field of one build. */
async function bound(code, { potential, structure, precision = "f64", threads = 1 }) {
  const kernels = code.createKernels();
  if (!code.isSurface(potential)) return { field: new code.NetworkEvaluator(kernels, potential).bind(structure) };
  if (threads === 1) return { field: new code.SurfaceForceField(kernels, potential, structure, { precision }) };
  const { team, close } = await code.startSurfaceThreads(kernels, potential, { threads, precision });
  return { field: new code.SurfaceForceField(kernels, potential, structure, { precision, team }), close };
}

/** What is measured of the code built in a folder. */
async function build(folder) {
  const load = (path) => import(join(folder, path));
  const { createKernels } = await load("hosts/node/kernels.js");
  const { SurfaceForceField, isSurface } = await load("potentials/surface.js");
  const { NetworkEvaluator } = await load("potentials/network-evaluator.js");
  const { startSurfaceThreads } = await load("hosts/node/surface-threads.js");
  return { createKernels, SurfaceForceField, isSurface, NetworkEvaluator, startSurfaceThreads };
}

const scratch = mkdtempSync(join(tmpdir(), "potluck-speed-"));

/** µs per atom and step. */
function runLammps(yardstick) {
  const file = join(scratch, "in.lammps");
  writeFileSync(file, yardstick.input(yardstick.steps));
  const run = spawnSync("lmp", ["-in", file, "-log", "none"], {
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
  });
  const loop = /Loop time of (\S+)/.exec(run.stdout ?? "");
  if (loop === null)
    throw new Error(`LAMMPS did not run (apt-get install lammps): ${run.stderr ?? ""}${run.stdout ?? ""}`);
  return (1e6 * Number(loop[1])) / (yardstick.atoms * yardstick.steps);
}

/** A trajectory that can be taken up again and again. */
function trajectory(force, structure, { time, temperature, demand }) {
  const n = structure.species.length;
  const random = new RandomStream(1, "velocities");
  const positions = structure.positions.slice();
  const mass = Float64Array.from(structure.species, (z) => MASSES[z]);
  const velocities = new Float64Array(3 * n);
  for (let i = 0; i < 3 * n; i++) {
    const width = Math.sqrt((8.617333e-5 * temperature * ACCELERATION) / mass[Math.floor(i / 3)]);
    // Sum of twelve uniform numbers: normal enough for a benchmark.
    let g = -6;
    for (let k = 0; k < 12; k++) g += random.uniform();
    velocities[i] = width * g;
  }
  let { forces } = force.evaluate(positions, structure.cell, demand);
  const kick = () => {
    for (let i = 0; i < 3 * n; i++) velocities[i] += (0.5 * time * ACCELERATION * forces[i]) / mass[(i / 3) | 0];
  };
  return (steps) => {
    const start = performance.now();
    for (let s = 0; s < steps; s++) {
      kick();
      for (let i = 0; i < 3 * n; i++) positions[i] += time * velocities[i];
      ({ forces } = force.evaluate(positions, structure.cell, demand));
      kick();
    }
    return (1e3 * (performance.now() - start)) / (n * steps);
  };
}

const args = process.argv.slice(2);
const jsonAt = args.indexOf("--json");
const json = jsonAt < 0 ? undefined : args.splice(jsonAt, 2)[1];
const againstAt = args.indexOf("--against");
const against = againstAt < 0 ? undefined : args.splice(againstAt, 2)[1];
/** Suffix of its rows → code. */
const builds = [["", await build(dist)]];
if (against !== undefined) builds.push([" before", await build(resolve(against))]);
const { isSurface } = builds[0][1];
const names = args.length > 0 ? args : Object.keys(systems);
if (!existsSync(data)) throw new Error("the reference data are not there (../shared/data)");
const turns = Number(process.env.TURNS ?? 7);
const machine = `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}`;
const module = hasRelaxedSimd() ? "relaxed SIMD" : "plain SIMD";
console.log(`${new Date().toISOString()}  ${machine}, ${module}  load ${loadavg()[0].toFixed(2)}`);
console.log("system      kind       µs/atom/step best (median)   ratio   yardstick best (median)");
const record = { date: new Date().toISOString(), machine, module, load: loadavg()[0], rows: [] };
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

for (const name of names) {
  const system = systems[name];
  const { potential } = loadPotential(join(data, system.potential), system.units);
  const structure = await system.structure();
  const bare = { uncertainty: false, extrapolation: false };
  const spread = { ...bare, uncertainty: true };
  /** A kind of run: precision, threads, what is asked for, and the potential if it is not the system's. */
  const kinds = { f64: { demand: bare }, f32: { precision: "f32", demand: bare } };
  if (system.spread)
    Object.assign(kinds, { "f64 all": { demand: spread }, "f32 all": { precision: "f32", demand: spread } });
  if (system.threads)
    Object.assign(kinds, {
      "f64 ×2": { threads: 2, demand: bare },
      "f32 ×2": { precision: "f32", threads: 2, demand: bare },
    });
  if (system.dropout !== undefined) {
    const [plain, passes] = [false, true].map((withDropout) =>
      dropoutPotential(potential, system.dropout, withDropout),
    );
    const demand = { ...bare, energySpread: true };
    kinds.f64.potential = plain;
    kinds.f32.potential = plain;
    kinds["f64 100"] = { potential: passes, demand };
    kinds["f32 100"] = { precision: "f32", potential: passes, demand };
  }
  if (!isSurface(kinds.f64.potential ?? potential)) delete kinds.f32;
  const runs = {};
  const closing = [];
  for (const [kind, how] of Object.entries(kinds))
    for (const [where, code] of builds) {
      const { field, close } = await bound(code, { potential, structure, ...how });
      if (close !== undefined) closing.push(close);
      runs[`${kind}${where}`] = { times: [], go: trajectory(field, structure, { ...system, demand: how.demand }) };
    }
  const yard = [];
  const steps = Math.max(3, Math.round(20000 / structure.species.length));
  for (let turn = 0; turn < turns; turn++) {
    yard.push(runLammps(system.yardstick));
    for (const run of Object.values(runs)) run.times.push(run.go(steps));
  }
  for (const [kind, { times }] of Object.entries(runs)) {
    const best = Math.min(...times);
    const yardBest = Math.min(...yard);
    console.log(
      [
        name.padEnd(10),
        kind.padEnd(9),
        `${best.toFixed(1)} (${median(times).toFixed(1)})`.padStart(22),
        (best / yardBest).toFixed(1).padStart(12),
        `   ${yardBest.toFixed(2)} (${median(yard).toFixed(2)}) ${system.yardstick.name}`,
      ].join("  "),
    );
    record.rows.push({
      name,
      kind,
      atoms: structure.species.length,
      best,
      times,
      yardstick: system.yardstick.name,
      yardBest,
      yard,
    });
  }
  for (const close of closing) await close();
}
if (json !== undefined) writeFileSync(json, `${JSON.stringify(record, null, 2)}\n`);
