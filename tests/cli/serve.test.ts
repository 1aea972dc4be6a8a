/** `potluck serve`: our potentials as force providers, for our own server of i-PI, and for ASE's SocketIOCalculator where it is installed. */
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveCommand } from "../../src/cli/serve.js";
import { stressOfVirial } from "../../src/engines/index.js";
import { freeSocketName, IpiServer } from "../../src/hosts/node/engines/index.js";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { createEvaluator, loadPotential } from "../../src/hosts/node/potentials.js";
import type { Evaluation } from "../../src/potentials/potential.js";
import type { Structure } from "../../src/structure/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { runAlone } from "./commands-alone.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const committee = here("samples/potential-version-1.json");
const python = "/usr/bin/python3";

const folder = mkdtempSync(join(tmpdir(), "potluck-serve-"));
const file = join(folder, "start.extxyz");
let start: Structure;
/** The truth by another way: the evaluator of predictions. */
let truth: (structure: Structure) => Evaluation;

beforeAll(async () => {
  const [bulk] = await readAllFrames(here("../../examples/silicon/bulk.poscar"));
  const positions = bulk!.structure.positions.map((x, k) => x + 0.05 * Math.sin(3 * k));
  start = { ...bulk!.structure, positions };
  await writeFrames(file, [{ ...bulk!, structure: start }]);
  const evaluator = createEvaluator(loadPotential(committee, angstromElectronvolt).potential);
  truth = (structure) => evaluator.evaluate(structure);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const potluck = (...args: string[]) => runAlone(serveCommand, args);

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

const moved = (shift: number): Structure => ({
  ...start,
  positions: start.positions.map((x, k) => (k === 0 ? x + shift : x)),
  cell: start.cell!.map((x) => x * (1 + shift / 20)),
});

interface Answer {
  readonly energy: number;
  readonly forces: ArrayLike<number>;
  readonly stress: ArrayLike<number>;
}

/** Within what hartree and bohr of another year and 32 steps of rounding make. */
function expectSame(found: Answer, expected: Evaluation, tolerance: number): void {
  expect(Math.abs(found.energy / expected.energy - 1)).toBeLessThan(tolerance);
  Array.from(found.forces).forEach(
    (f, i) => void expect(Math.abs(f - expected.forces[i]!)).toBeLessThan(tolerance * 10),
  );
  Array.from(found.stress).forEach((s, i) => void expect(Math.abs(s - expected.stress![i]!)).toBeLessThan(tolerance));
}

describe("a server of i-PI", () => {
  test("gets energy, forces and stress, and the spread beside them", async () => {
    const server = await IpiServer.listen({ port: 0 });
    const { port } = server.address as { port: number };
    const served = potluck(committee, file, "--address", `127.0.0.1:${port}`, "--uncertainty", "--json");
    for (const shift of [0, 0.1, -0.1]) {
      const { positions, cell } = moved(shift);
      const { energy, forces, virial, extra } = await server.evaluate({ positions, cell: cell! });
      const expected = truth(moved(shift));
      expectSame({ energy, forces, stress: stressOfVirial(virial, cell!) }, expected, 1e-9);
      expect(Math.max(...expected.stress!.map(Math.abs))).toBeGreaterThan(1e-3);
      expect(JSON.parse(extra).disagreement).toBeCloseTo(expected.uncertainty!.disagreement, 9);
    }
    server.close();
    const { code, out } = await served;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ structures: 3, stopped: false });
  });

  test("is left, with exit code 3, where the potential is not sure enough", async () => {
    const name = freeSocketName();
    const server = await IpiServer.listen({ unix: name });
    const limit = truth(start).uncertainty!.disagreement * 1.01;
    const served = potluck(committee, file, "--unix", name, "--stop-above", String(limit));
    await server.evaluate({ positions: start.positions, cell: start.cell! });
    const far = moved(0.8);
    expect(truth(far).uncertainty!.disagreement).toBeGreaterThan(limit);
    await expect(server.evaluate({ positions: far.positions, cell: far.cell! })).rejects.toThrow(/left|broken/);
    const { code, out } = await served;
    server.close();
    expect(code).toBe(3);
    expect(out).toContain("2 structures served");
    expect(out).toContain("Stopped there");
  });
});

describe("ASE", () => {
  const script = `
import json, sys
from ase.calculators.socketio import SocketIOCalculator
from ase.io import read
place = json.loads(sys.argv[2])
atoms = read(sys.argv[1])
cell, found = atoms.cell.copy(), []
with SocketIOCalculator(**place) as atoms.calc:
    for shift in (0.0, 0.1):
        atoms.positions[0, 0] += shift
        atoms.set_cell(cell * (1 + shift / 20))
        found.append({"energy": atoms.get_potential_energy(), "forces": atoms.get_forces().ravel().tolist(), "stress": atoms.get_stress().tolist()})
json.dump(found, sys.stdout)
`;
  test.for(["unix", "port"])(
    "its SocketIOCalculator gets our energies, forces and stress (%s)",
    async (kind, context) => {
      try {
        execFileSync(python, ["-c", "import ase.calculators.socketio"], { stdio: "ignore" });
      } catch (error) {
        if (process.env.POTLUCK_REQUIRE_ENGINES === "true") throw error;
        return context.skip("ASE is not installed for /usr/bin/python3 (apt-get install python3-ase)");
      }
      const [name, port] = [freeSocketName(), await freePort()];
      const place = kind === "unix" ? { unixsocket: name } : { port };
      const words = kind === "unix" ? ["--unix", name] : ["--address", `localhost:${port}`];
      const asked = promisify(execFile)(python, ["-c", script, file, JSON.stringify(place)]);
      const { code, out, err } = await potluck(committee, file, ...words, "--threads", "1");
      expect(err).toContain(`Serving ${start.species.length} atoms at`);
      expect(code).toBe(0);
      expect(out).toContain("2 structures served");
      const answers: Answer[] = JSON.parse((await asked).stdout);
      for (const [i, answer] of answers.entries()) expectSame(answer, truth(moved(0.1 * i)), 1e-7);
    },
  );
});

describe("bad input", () => {
  const bad: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["no server named", [], /Write --unix NAME, or --address HOST:PORT/],
    ["two servers", ["--unix", "a", "--address", "b:1"], /Both --unix and --address/],
    ["no port", ["--address", "localhost"], /no host and port/],
    ["nobody there", ["--unix", "nobody-at-all", "--patience", "0.1"], /Nobody listens at \/tmp\/ipi_nobody-at-all/],
    ["no such structure", ["--unix", "a", "--frame", "4"], /Structure 4 is asked for, and the file has 1/],
  ];
  test.each(bad)("%s", async (_, more, message) => {
    const { code, err } = await potluck(committee, file, ...more);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test("another number of atoms", async () => {
    const server = await IpiServer.listen({ port: 0 });
    const { port } = server.address as { port: number };
    const served = potluck(committee, file, "--address", `127.0.0.1:${port}`);
    const asked = server.evaluate({ positions: new Float64Array(9), cell: start.cell! });
    await expect(asked).rejects.toThrow(/left|broken/);
    const { code, err } = await served;
    server.close();
    expect(code).toBe(2);
    expect(err).toContain("The server has sent 3 atoms");
  });
});
