/** Around the steps: recorders, runs that rest, are cancelled or go on, and their checkpoints as bytes. */
import { describe, expect, it } from "vitest";
import {
  adviseTimestep,
  type Checkpoint,
  course,
  decodeCheckpoint,
  encodeCheckpoint,
  langevin,
  prepare,
  pressure,
  type RunOptions,
  recorder,
  restore,
  run,
  runWithPauses,
  type State,
  save,
  start,
  thermo,
  trajectory,
  Watch,
  watchOf,
} from "../../src/dynamics/index.js";
import type { Structure } from "../../src/structure/index.js";
import { boltzmann } from "../../src/units/index.js";
import { argon, crystal, loose, wells } from "./dynamics-beds.js";
import { codeOf, SEED, tampered, verlet } from "./dynamics-tampered.js";

console.log(`dynamics-run: seed ${SEED}`);

describe("recorders", () => {
  it("look at their steps and are read back by name", () => {
    const motion = verlet();
    const frames = trajectory({ every: 5 });
    const lines = thermo({ every: 4 });
    const first = recorder("first atom", ({ state }) => state.positions[0], { every: 1 });
    const result = run(motion, { steps: 20, recorders: [frames, lines, first] });
    expect(result).toMatchObject({ reason: "finished", verdict: undefined, steps: 20, advice: undefined });
    expect(lines.records.map((r) => r.step)).toEqual([0, 4, 8, 12, 16, 20]);
    expect(frames.records.map((f) => f.info.get("time"))).toEqual([0, 15, 30, 45, 60]);
    expect(first.records.length).toBe(21);
    const last = lines.records.at(-1)!;
    expect(last.kinetic + last.potential).toBe(last.conserved);
    expect(last.temperature).toBeCloseTo((2 * last.kinetic) / (93 * boltzmann), 12);
    expect([last.volume, last.pressure]).toEqual([motion.state.volume, pressure(motion.state)]);
    const frame = frames.records.at(-1)!;
    expect(frame.columns.get("velocities")).toEqual({ type: "R", width: 3, values: motion.state.velocities });
    expect(frame.forces).toEqual(motion.state.forces);
    expect(frame.stress).toEqual(motion.state.stress);
    expect(frame.structure.positions).toEqual(motion.state.positions);
    // Copies, not views.
    motion.step();
    expect(frame.structure.positions).not.toEqual(motion.state.positions);
  });

  it("hand records to sinks and ask for uncertainty at their steps only", () => {
    const asked: boolean[] = [];
    const potential = tampered((found, _, demand) => {
      asked.push(demand?.uncertainty !== false);
      const uncertainty = { energy: 0, forces: new Float64Array(96), disagreement: 0.25 };
      return { ...found, uncertainty: demand?.uncertainty === false ? undefined : uncertainty };
    });
    const taken: (number | undefined)[] = [];
    const lines = thermo({ every: 3, uncertainty: true, sink: (r) => void taken.push(r.disagreement) });
    run(verlet(potential), { steps: 7, recorders: [lines], lookAtStart: false });
    expect(taken).toEqual([0.25, 0.25]);
    expect(lines.records).toEqual([]);
    expect(asked).toEqual([false, false, false, true, false, false, true, false]);
  });

  it("wrap only if asked, and have names of their own", () => {
    const motion = verlet(argon(), 300);
    const [raw, wrapped] = [trajectory({ every: 40 }), trajectory({ every: 40, wrap: true })];
    expect(codeOf(() => run(motion, { steps: 1, recorders: [raw, wrapped] }))).toBe("two-recorders");
    run(motion, { steps: 40, recorders: [raw] });
    run(motion, { steps: 40, recorders: [wrapped] });
    expect(Math.min(...raw.records[1].structure.positions)).toBeLessThan(0);
    expect(Math.min(...wrapped.records[0].structure.positions)).toBeGreaterThanOrEqual(0);
    expect(codeOf(() => thermo({ every: 0 }))).toBe("wrong-parameter");
  });
});

describe("runs", () => {
  it("rest, tell where they are, and can be cancelled", async () => {
    const seen: number[] = [];
    const walk = course(verlet(), { steps: 25, restEvery: 10 });
    for (let next = walk.next(); next.done !== true; next = walk.next()) seen.push(next.value.done);
    expect(seen).toEqual([10, 20, 25]);
    let kept: Checkpoint | undefined;
    const options: RunOptions = {
      steps: 1000,
      restEvery: 10,
      cancelled: () => seen.length > 4,
      checkpoints: {
        every: 1000,
        sink: (c) => {
          kept = c;
        },
      },
    };
    const result = await runWithPauses(verlet(), options, async ({ done }) => void seen.push(done));
    expect(result).toMatchObject({ reason: "cancelled", steps: 20 });
    expect(kept?.step).toBe(20);
  });

  it("broken anywhere go on as if nothing had happened, watch and records included", () => {
    const parts = (): {
      records: string[];
      collected: number[];
      options: (watch: Watch) => Partial<RunOptions>;
      watch: Watch;
    } => {
      const records: string[] = [];
      const collected: number[] = [];
      const watch = new Watch({
        every: 3,
        spacing: 8,
        thresholds: [{ quantity: "disagreement", above: 0.005, action: "collect" }],
        collect: (frame) => collected.push(Number(frame.info.get("step"))),
        guards: { every: 2, maximumDrift: 0.01 },
      });
      const lines = thermo({ every: 2, sink: (r) => void records.push(JSON.stringify(r)) });
      return { records, collected, watch, options: () => ({ recorders: [lines] }) };
    };
    // Doubts by the clock, not by the call, so that a restored run finds the same.
    const potential = tampered((found) => ({
      ...found,
      uncertainty: { energy: 0, forces: new Float64Array(96).fill(0.01), disagreement: 0.01 },
    }));
    const settings = { timestep: 4, temperature: 60, friction: 0.01 };
    const system = prepare(crystal(2), potential);
    const begin = (): State => start(system, { seed: SEED, temperature: 60 });

    const whole = parts();
    const state = begin();
    run(langevin(state, settings), { steps: 40, watch: whole.watch, ...whole.options(whole.watch) });
    expect(whole.collected).toEqual([0, 9, 18, 27, 36]);

    for (const stop of [7, 20]) {
      const before = parts();
      const kept: Uint8Array[] = [];
      const checkpoints = { every: 5, sink: (c: Checkpoint) => void kept.push(encodeCheckpoint(c, "a run")) };
      run(langevin(begin(), settings), {
        steps: stop,
        watch: before.watch,
        checkpoints,
        ...before.options(before.watch),
      });
      const checkpoint = decodeCheckpoint(kept.at(-1)!, "a run") as Checkpoint;
      expect(checkpoint.step).toBe(stop);
      const after = parts();
      after.watch.restore(watchOf(checkpoint));
      const restored = restore(prepare(crystal(2), potential), checkpoint);
      run(langevin(restored, settings), { steps: 40 - stop, watch: after.watch, ...after.options(after.watch) });
      expect([...before.records, ...after.records]).toEqual(whole.records);
      expect([...before.collected, ...after.collected]).toEqual(whole.collected);
      expect(save(restored, { watch: after.watch.save() })).toEqual(save(state, { watch: whole.watch.save() }));
    }
  });

  it("advise on long steps for light atoms", () => {
    const water: Structure = { ...loose(3), species: Uint8Array.of(1, 8, 1) };
    const potential = wells(water.positions, new Float64Array(9));
    expect(adviseTimestep(prepare(water, potential), 0.5)).toBeUndefined();
    expect(adviseTimestep(prepare(water, potential), 2)).toMatchObject({ code: "long-timestep", atom: 0, mass: 1.008 });
    expect(adviseTimestep(prepare(water, potential, { fixed: [0, 2] }), 2)).toBeUndefined();
    expect(adviseTimestep(prepare(water, potential, { masses: [2, 16, 1] }), 1)).toMatchObject({ atom: 2 });
  });
});

describe("checkpoints", () => {
  const motion = verlet();
  motion.step();
  const bytes = encodeCheckpoint(save(motion.state, { watch: [1, Number.NaN] }), "argon at 40 K");

  it("come back bit for bit, from any place in memory", () => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const back = decodeCheckpoint(shifted.subarray(3), "argon at 40 K");
    expect(back).toEqual(save(motion.state, { watch: [1, Number.NaN] }));
  });

  it("are refused if damaged, cut off, of another run or of a newer version", () => {
    const decode = (change: (copy: Uint8Array) => Uint8Array): unknown =>
      decodeCheckpoint(change(bytes.slice()), "argon at 40 K");
    for (const at of [12, 200, bytes.length - 100])
      expect(
        decode((b) => {
          b[at] ^= 1;
          return b;
        }),
      ).toMatch(/damaged|cut off|another|newer/);
    expect(decode((b) => b.subarray(0, b.length - 8))).toBe("it is cut off");
    expect(decode((b) => b.subarray(0, 40))).toBe("it is cut off");
    expect(decode((b) => b.subarray(4))).toBe("it is no checkpoint");
    expect(decodeCheckpoint(bytes, "argon at 50 K")).toBe("it belongs to another run");
    const text = new TextDecoder("latin1").decode(bytes).replace('"version":1', '"version":2');
    const newer = Uint8Array.from(text, (c) => c.charCodeAt(0));
    expect(decodeCheckpoint(newer, "argon at 40 K")).toMatch(/newer version/);
  });

  it("are refused for other atoms", () => {
    const checkpoint = save(motion.state);
    expect(codeOf(() => restore(prepare(crystal(1), argon()), checkpoint))).toBe("wrong-checkpoint");
    const other = { ...crystal(2), species: new Uint8Array(32).fill(36) };
    expect(codeOf(() => restore(prepare(other, argon()), checkpoint))).toBe("wrong-checkpoint");
    const film = { ...crystal(2), periodic: [true, true, false] as const };
    expect(codeOf(() => restore(prepare(film, argon()), checkpoint))).toBe("wrong-checkpoint");
  });
});
