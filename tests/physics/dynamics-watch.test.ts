/** The watch: thresholds, guards, and what a run that ends before its time says of itself. */
import { describe, expect, it } from "vitest";
import {
  type Checkpoint,
  contactBelow,
  describeVerdict,
  type Finding,
  isDoubt,
  martynaTobiasKlein,
  prepare,
  restore,
  run,
  start,
  thermo,
  velocityVerlet,
  Watch,
  watchOf,
} from "../../src/dynamics/index.js";
import { InputError } from "../../src/errors/index.js";
import { RandomStream } from "../../src/math/index.js";
import { neighborList } from "../../src/neighbors/index.js";
import type { Potential } from "../../src/potentials/potential.js";
import type { Frame, Structure } from "../../src/structure/index.js";
import { argon, crystal, gas } from "./dynamics-beds.js";
import { codeOf, doubtful, heatedFrom, SEED, tampered, verlet } from "./dynamics-tampered.js";

console.log(`dynamics-watch: seed ${SEED}`);

describe("the watch", () => {
  it("warns, collects and stops by thresholds", () => {
    const warned: Finding[] = [];
    const collected: [Frame, Finding][] = [];
    const watch = new Watch({
      every: 2,
      thresholds: [
        { quantity: "disagreement", above: 0.055, action: "warn" },
        { quantity: "energy-spread", above: 0.0101, action: "collect" },
        { quantity: "extrapolations", above: 0, action: "stop" },
      ],
      spacing: 5,
      warn: (finding) => warned.push(finding),
      collect: (...found) => collected.push(found),
      lastGood: { every: 4, keep: 2 },
    });
    const result = run(verlet(doubtful), { steps: 100, watch, lookAtStart: false });
    // The call's number is the step's.
    expect(warned.map((f) => f.step)).toEqual([6, 8, 10, 12, 14, 16, 18, 20]);
    expect(warned[0]).toMatchObject({ value: 0.06, atom: 7 });
    expect(collected.map(([frame]) => frame.info.get("step"))).toEqual([12, 18]);
    expect(collected[0][0].columns.get("force_spread")!.values[22]).toBeCloseTo(0.12);
    expect(result.reason).toBe("stopped");
    const verdict = result.verdict!;
    expect(verdict).toMatchObject({ reason: "extrapolations", step: 20, value: 1, limit: 0, atoms: [4] });
    expect(isDoubt(verdict)).toBe(true);
    expect(verdict.lastGood.map((f) => f.info.get("step"))).toEqual([12, 16]);
    expect(describeVerdict(verdict)).toMatch(/step 20, 60 fs: .*outside the training data is 1 \(atom 5\), limit 0\.$/);
    expect(result.tallies.map((t) => [t.threshold.quantity, t.count, t.firstStep, t.lastStep])).toEqual([
      ["disagreement", 8, 6, 20],
      ["energy-spread", 5, 12, 20],
      ["extrapolations", 1, 20, 20],
    ]);
    expect(result.tallies[0].largest).toBeCloseTo(0.2);
  });

  it("refuses thresholds that nobody can keep", () => {
    const threshold = { quantity: "disagreement", above: 0.1, action: "stop" } as const;
    const watch = new Watch({ thresholds: [threshold] });
    expect(codeOf(() => run(verlet(), { steps: 20, watch }))).toBe("no-uncertainty");
    expect(codeOf(() => new Watch({ thresholds: [{ ...threshold, above: -1 }] }))).toBe("wrong-threshold");
    expect(codeOf(() => new Watch({ thresholds: [{ ...threshold, action: "collect" }] }))).toBe("nowhere-to-collect");
    expect(codeOf(() => new Watch({ every: 0 }))).toBe("wrong-parameter");
  });

  it("counts a spread that is not a number as doubt", () => {
    const lost = tampered((found) => ({
      ...found,
      uncertainty: { energy: 0, forces: new Float64Array(96), disagreement: Number.NaN },
    }));
    const watch = new Watch({ thresholds: [{ quantity: "disagreement", above: 0.1, action: "stop" }] });
    expect(run(verlet(lost), { steps: 20, watch }).verdict).toMatchObject({ reason: "disagreement", step: 0 });
  });

  it("ends runs with energies or forces that are not numbers, and shows what led there", () => {
    for (const [what, atoms] of [
      ["energy", []],
      ["forces", [3]],
    ] as const) {
      const broken = tampered((found, call) => {
        if (call !== 13) return found;
        const forces = found.forces.slice();
        if (what === "forces") forces[10] = Number.POSITIVE_INFINITY;
        return { ...found, energy: what === "energy" ? Number.NaN : found.energy, forces };
      });
      const saved: number[] = [];
      const lines = thermo({ every: 1 });
      const result = run(verlet(broken), {
        steps: 100,
        watch: new Watch({ lastGood: { every: 1, keep: 3 } }),
        recorders: [lines],
        checkpoints: { every: 5, sink: (c) => void saved.push(c.step) },
        lookAtStart: false,
      });
      expect(result).toMatchObject({ reason: "stopped", steps: 13 });
      expect(result.verdict).toMatchObject({ reason: "non-finite", step: 13, atoms });
      expect(result.verdict!.lastGood.map((f) => f.info.get("step"))).toEqual([10, 11, 12]);
      expect(result.verdict!.lastGood.every((f) => f.forces!.every(Number.isFinite))).toBe(true);
      expect(lines.records.length).toBe(12);
      expect(saved).toEqual([5, 10]);
      expect(isDoubt(result.verdict!)).toBe(false);
    }
  });

  it("ends runs when the potential gives up, and lets our own errors through", () => {
    const failing = (error: Error): Potential =>
      tampered((found, call) => {
        if (call === 4) throw error;
        return found;
      });
    const trouble = { code: "unknown-element", where: { atom: 9 }, problem: "No.", remedy: "None." };
    const { verdict } = run(verlet(failing(new InputError(trouble))), { steps: 10, lookAtStart: false });
    expect(verdict).toMatchObject({ reason: "evaluation-failed", step: 4, atoms: [8], trouble, frame: undefined });
    expect(describeVerdict(verdict!)).toMatch(/the potential gave up: atom 9: No\. None\./);
    expect(() => run(verlet(failing(new TypeError("a bug"))), { steps: 10, lookAtStart: false })).toThrow(/a bug/);
  });

  it("sees atoms that are too close, temperatures that run away or are too high, and drifts", () => {
    const still = tampered((found) => ({ ...found, forces: new Float64Array(96) }));
    const pair = verlet(still, 0);
    pair.state.positions.set([0.1, 0.1, 10.6 + 0.05], 3);
    expect(run(pair, { steps: 100, lookAtStart: false }).verdict).toMatchObject({
      reason: "atoms-too-close",
      step: 10,
      atoms: [0, 1],
      value: expect.closeTo(0.15, 9),
      limit: 0.4,
    });
    const heated = heatedFrom(0);
    const guards = { runaway: { factor: 3, steps: 50, floor: 30 } };
    expect(run(verlet(heated), { steps: 300, watch: new Watch({ guards }) }).verdict?.reason).toBe("runaway");
    const hot = { runaway: false, maximumTemperature: 80 } as const;
    expect(run(verlet(heated), { steps: 300, watch: new Watch({ guards: hot }) }).verdict?.reason).toBe("too-hot");
    const steady = { runaway: false, maximumDrift: 0.001 } as const;
    const drift = run(verlet(heated), { steps: 300, watch: new Watch({ guards: steady }) }).verdict;
    expect(drift?.reason).toBe("energy-drift");
    expect(drift?.value).toBeGreaterThan(0.001);
    const all = { maximumTemperature: 200, maximumDrift: 0.001 };
    expect(run(verlet(), { steps: 300, watch: new Watch({ guards: all }) }).reason).toBe("finished");
  });

  it("knows after a restore how hot it was before", () => {
    const watch = (): Watch => new Watch({ guards: { runaway: { factor: 3, steps: 50, floor: 10 } } });
    const whole = run(verlet(heatedFrom(0)), { steps: 300, watch: watch(), lookAtStart: false }).verdict!;
    expect(whole.reason).toBe("runaway");
    let kept: Checkpoint | undefined;
    const checkpoints = {
      every: 1000,
      sink: (c: Checkpoint) => {
        kept = c;
      },
    };
    run(verlet(heatedFrom(0)), { steps: whole.step - 5, watch: watch(), lookAtStart: false, checkpoints });
    // One call more: that of `prepare` and `start` is not made again.
    const system = prepare(crystal(2), heatedFrom(whole.step - 4));
    const motion = velocityVerlet(restore(system, kept!), { timestep: 3 });
    const after = watch();
    after.restore(watchOf(kept!));
    const { reason, step, value } = run(motion, { steps: 300, watch: after }).verdict!;
    expect([reason, step, value]).toEqual([whole.reason, whole.step, whole.value]);
  });

  it("survives an explosion", () => {
    // A step of a picosecond throws atoms through one another.
    const state = start(prepare(crystal(2), argon()), { seed: SEED, temperature: 300 });
    const motion = velocityVerlet(state, { timestep: 1000 });
    const result = run(motion, { steps: 1000 });
    expect(result.reason).toBe("stopped");
    expect(result.steps).toBeLessThan(20);
    expect(result.verdict!.lastGood.length).toBeGreaterThan(0);
    // And a cell that is driven far too fast.
    const squeezed = start(prepare(crystal(2), argon()), { seed: SEED, temperature: 300 });
    const settings = { timestep: 10, temperature: 300, pressure: 10, temperatureTime: 100, pressureTime: 20 };
    const crushed = run(martynaTobiasKlein(squeezed, settings), { steps: 1000 });
    expect(crushed.reason).toBe("stopped");
    // In the explicit loop the same ends in an error that says what happened.
    const loop = velocityVerlet(start(prepare(crystal(2), argon()), { seed: SEED, temperature: 300 }), {
      timestep: 1000,
    });
    expect(
      codeOf(() => {
        for (let n = 0; n < 1000; n++) loop.step();
      }),
    ).toBe("lost-atoms");
  });
});

describe("contacts", () => {
  it("are the nearest pairs of the neighbour list, in any cell", () => {
    const random = new RandomStream(SEED, "contacts");
    let found = 0;
    for (let trial = 0; trial < 150; trial++) {
      const atoms = 1 + random.integer(40);
      const bulk = gas(atoms, { volume: random.between(2, 40) * atoms, seed: trial + SEED });
      const periodic = [random.uniform() < 0.7, random.uniform() < 0.7, random.uniform() < 0.7] as const;
      const cell = random.uniform() < 0.2 ? undefined : bulk.cell!.map((x) => x + random.between(-0.5, 0.5));
      const structure: Structure = {
        ...bulk,
        cell,
        periodic: cell === undefined ? [false, false, false] : periodic,
        positions: bulk.positions.map((x) => x + random.between(-20, 20) * random.integer(2)),
      };
      const limit = random.between(0.2, 3);
      const list = neighborList(structure, limit);
      const distances = Array.from(list.indices, (_, p) => Math.hypot(...list.vectors.subarray(3 * p, 3 * p + 3)));
      const contact = contactBelow(structure, limit);
      if (distances.length === 0) expect(contact).toBeUndefined();
      else {
        found++;
        expect(contact!.distance).toBeCloseTo(Math.min(...distances), 10);
      }
    }
    expect(found).toBeGreaterThan(40);
  });
});
