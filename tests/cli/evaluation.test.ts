/**
 * `potluck evaluate` and `predict` on silicon with small potentials of each past version of the file: what they say of uncertainty,
 * and the same results by any number of threads. The workers are the built ones: `npm run build` first.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../../src/cli/program.js";
import { type EvaluatedFrame, evaluateFrames } from "../../src/hosts/node/evaluation.js";
import { readAllFrames, writeFrames } from "../../src/hosts/node/files.js";
import { createEvaluator, loadPotential } from "../../src/hosts/node/potentials.js";
import { spreadSourceOf } from "../../src/potentials/definition.js";
import type { Evaluation } from "../../src/potentials/potential.js";
import type { Frame } from "../../src/structure/index.js";
import { parseCalibration } from "../../src/uncertainty/index.js";
import { angstromElectronvolt } from "../../src/units/index.js";
import { memoryTerminal } from "./memory-terminal.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const silicon = here("../../examples/silicon/silicon.extxyz.gz");
const versions = [1, 2].map((version) => here(`samples/potential-version-${version}.json`));
const [committee, dropout] = versions;
const opened = (path: string) => loadPotential(path, angstromElectronvolt);

const folder = mkdtempSync(join(tmpdir(), "potluck-evaluation-"));
const few = join(folder, "few.extxyz");
let frames: readonly Frame[] = [];
beforeAll(async () => {
  frames = await readAllFrames(silicon);
  await writeFrames(
    few,
    frames.filter((_, i) => i % 16 === 0),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

async function potluck(...args: string[]) {
  const terminal = memoryTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.out.text, err: terminal.err.text };
}

describe("potential files of every version open for ever", () => {
  /** Bulk silicon, its first atom moved by 0.1 Å: energy, a force, a stress, spread of the energy, disagreement. */
  const expected = [
    [-878.2300116900059, -0.23549748690627156, 0.28497080596369795, 3.5730481823213722, 0.11890410135724605],
    [-865.5372758793351, -0.09920499828977147, 0.11014489858771852, 4.307375881694043, 0.12411785683979085],
  ];

  test.each([1, 2])("version %i", async (version) => {
    const { potential, record } = opened(versions[version - 1]!);
    expect(JSON.parse(readFileSync(versions[version - 1]!, "utf8"))).toMatchObject({ version });
    expect(record.seed).toBe(5);
    const [{ structure }] = await readAllFrames(here("../../examples/silicon/bulk.poscar"));
    const positions = structure.positions.map((x, k) => (k === 0 ? x + 0.1 : x));
    const { energy, forces, stress, uncertainty } = createEvaluator(potential).evaluate({ ...structure, positions });
    const found = [energy, forces[0], stress![0], uncertainty!.energy, uncertainty!.disagreement];
    found.forEach((value, k) => {
      expect(Math.abs(value - expected[version - 1]![k]!)).toBeLessThan(1e-10 * Math.abs(value));
    });
  });

  test("masks and calibration are in the second", () => {
    const { potential, record } = opened(dropout!);
    expect(spreadSourceOf(potential)).toBe("dropout");
    const [masks] = potential.members[0].dropout!.masks;
    expect(masks).toMatchObject({ probability: 0.2, passes: 5, atoms: 1 });
    expect(masks.kept).toHaveLength(15);
    expect(parseCalibration(record.calibration).source).toBe("dropout");
  });

  test.each([
    ["cut off", { masks: ["67"] }, "hexadecimal"],
    ["of an impossible probability", { probability: 1.5 }, "probability is 1.5"],
  ])("masks that are %s are refused by name", (name, change, message) => {
    const file = JSON.parse(readFileSync(dropout!, "utf8"));
    Object.assign(file.members[0].dropout, change);
    const path = join(folder, `${name}.json`);
    writeFileSync(path, JSON.stringify(file));
    expect(() => opened(path)).toThrow(message);
  });
});

describe("evaluate says how far the uncertainty can be believed", () => {
  test.each([
    ["committee", committee!, "as it is and scaled to fit these very structures"],
    ["dropout", dropout!, "as it is and scaled as calibrated on 17 structures"],
  ])("%s", async (source, path, basis) => {
    const report = join(folder, `${source}.html`);
    const text = await potluck("evaluate", path, few, "--report", report);
    expect(text.code, text.err).toBe(0);
    for (const part of [basis, "energy, meV/atom", "AUROC", "should warn above", "Range of the training data"])
      expect(text.out).toContain(part);
    const { code, out } = await potluck("evaluate", path, few, "--json");
    expect(code).toBe(0);
    const { uncertainty, calibration, errors } = JSON.parse(out);
    const { energy, forces, proposed } = uncertainty[source];
    expect(energy.values).toBe(21);
    expect(1000 * energy.rmse).toBeCloseTo(errors.total.energy.rmse, 8);
    expect(forces.rmse).toBeCloseTo(errors.total.forces.rmse, 8);
    expect(energy.raw.reliability.observed).toHaveLength(21);
    expect(energy.calibration.from).toBe(source === "dropout" ? "potential" : "these values");
    expect(proposed.thresholds.warn.disagreement).toBeGreaterThan(0);
    expect(calibration === null).toBe(source === "committee");
    const html = readFileSync(report, "utf8");
    expect(html).toContain(source === "dropout" ? "Spread over dropout passes" : "Spread of the committee");
    for (const part of ["Predicted share", "Energies per atom", "ENCE", "Range of the training data"])
      expect(html.includes(part), part).toBe(true);
  });

  test("one network has ranges alone", async () => {
    const file = JSON.parse(readFileSync(committee!, "utf8"));
    file.members.splice(1);
    const path = join(folder, "one.json");
    writeFileSync(path, JSON.stringify(file));
    const { out, code } = await potluck("evaluate", path, few, "--json");
    expect(code).toBe(0);
    const { uncertainty } = JSON.parse(out);
    expect(Object.keys(uncertainty)).toEqual(["structures", "notFinite", "extrapolation"]);
  });

  test("a calibration that makes no sense is refused", async () => {
    const file = JSON.parse(readFileSync(dropout!, "utf8"));
    file.calibration.energy.scale = -1;
    const path = join(folder, "negative.json");
    writeFileSync(path, JSON.stringify(file));
    const { code, err } = await potluck("evaluate", path, few);
    expect(code).toBe(2);
    expect(err).toContain("calibration.energy.scale");
  });

  test("info names dropout and calibration; predict calibrates", async () => {
    const info = (await potluck("info", dropout!)).out;
    for (const part of ["dropout (5 passes, probability 0.2)", "calibrated on 17"]) expect(info).toContain(part);
    const { out } = await potluck("predict", dropout!, few, "--json");
    const [first] = out.split("\n").map((line) => line && JSON.parse(line));
    const { scale, floor } = parseCalibration(opened(dropout!).record.calibration).energy!;
    const atoms = first.atomicEnergies.length;
    expect(first.calibrated.energy).toBeCloseTo(scale * Math.max(first.uncertainty.energy, atoms * floor), 10);
    expect(first.calibrated.expectedForceError).toBeGreaterThan(0);
  });
});

describe("several threads", () => {
  async function evaluated(path: string, some: Iterable<Frame>, threads: number): Promise<EvaluatedFrame[]> {
    const { potential } = opened(path);
    const evaluator = createEvaluator(potential);
    const evaluate = (structure: Frame["structure"]): Evaluation => evaluator.evaluate(structure);
    const all: EvaluatedFrame[] = [];
    for await (const one of evaluateFrames(potential, some, { threads, evaluate })) all.push(one);
    return all;
  }

  test.each(["committee", "dropout"])("give the same bits in the same order, %s", async (source) => {
    const path = source === "committee" ? committee! : dropout!;
    // More than are worth while to do in one thread.
    expect(frames.reduce((sum, { structure }) => sum + structure.species.length, 0)).toBeGreaterThan(2000);
    const alone = await evaluated(path, frames, 1);
    const together = await evaluated(path, frames, 3);
    expect(together.map(({ frame }) => frame)).toEqual([...frames]);
    together.forEach(({ evaluation }, k) => {
      expect(evaluation).toEqual(alone[k]!.evaluation);
    });
  });

  test("a structure that cannot be evaluated is named, and those before it come first", async () => {
    const stranger = frames.map((frame, k): Frame => {
      if (k !== 200) return frame;
      const { structure } = frame;
      return { ...frame, structure: { ...structure, species: structure.species.map(() => 79) } };
    });
    const { potential } = opened(committee!);
    const seen: number[] = [];
    const going = async (): Promise<void> => {
      const evaluate = (): never => {
        throw new Error("not in this thread");
      };
      for await (const { frame } of evaluateFrames(potential, stranger, { threads: 2, evaluate }))
        seen.push(frame.source.structure);
    };
    await expect(going()).rejects.toThrow(/silicon\.extxyz\.gz.*201.*contains Au/s);
    expect(seen).toEqual(Array.from({ length: 200 }, (_, k) => k + 1));
  });

  test("who wants no more gets no more", async () => {
    const { potential } = opened(committee!);
    const { evaluate } = createEvaluator(potential);
    let given = 0;
    function* endless(): Generator<Frame> {
      for (;;) {
        given++;
        yield frames[given % frames.length]!;
      }
    }
    let count = 0;
    for await (const _ of evaluateFrames(potential, endless(), { threads: 2, evaluate })) if (++count === 5) break;
    expect(given).toBeLessThan(1000);
  });
});
