/** A fit that was stopped and goes on from its checkpoint's bytes ends with the same bits as one that was not; bad bytes are refused. */
import { describe, expect, it } from "vitest";
import { fitMember, type MemberPlan, type MemberSnapshot } from "../../src/training/member.js";
import { decodeSnapshot, encodeSnapshot } from "../../src/training/snapshot.js";
import { fixture, optimizerOf, unwatched } from "./training-fixtures.js";

const SEED = 61;
const IDENTITY = "this fit";
const EPOCHS = 6;

const made = fixture({ seed: SEED, elements: [1, 8], structures: 14, hidden: [4], validation: 3, l2: 1e-4 });

const throughBytes = (snapshot: MemberSnapshot): MemberSnapshot => {
  const decoded = decodeSnapshot(encodeSnapshot(snapshot, IDENTITY), IDENTITY);
  if (typeof decoded === "string") throw new Error(decoded);
  return decoded;
};

/** Fits; the memory is given back. */
function runFit(plan: MemberPlan, options: Partial<Parameters<typeof fitMember>[2]> = {}): MemberSnapshot {
  const mark = made.kernels.mark();
  const { snapshot } = fitMember(made.kernels, plan, { ...unwatched, ...options });
  made.kernels.release(mark);
  return snapshot;
}

const methods: [string, Readonly<Record<string, unknown>>][] = [
  ["adam", { method: "adam", batch: 3, rate: 0.01 }],
  ["soap", { method: "soap", batch: 3, rate: 0.01, every: 4 }],
  ["momentum", { method: "momentum", batch: 3 }],
  ["lbfgs", { method: "lbfgs", memory: 3 }],
  ["levenberg-marquardt", { method: "levenberg-marquardt", forceFraction: 0.3 }],
  ["kalman", { method: "kalman", forceFraction: 0.2 }],
  ["kalman, fading memory", { method: "kalman", type: "fading-memory", forceFraction: 0.2 }],
  ["kalman, sorted batches", { method: "kalman", selection: "sort", batchEnergy: 2, batchForces: 3 }],
];

describe(`resumed fits end with the same bits (seed ${SEED})`, () => {
  it.each(methods)("%s", (_, input) => {
    const plan = { ...made.plan, optimizer: optimizerOf(input), epochs: EPOCHS };
    const kept: MemberSnapshot[] = [];
    const unbroken = runFit(plan, {
      onEpoch: (_record, snapshot) => {
        kept.push(throughBytes(snapshot()));
        return false;
      },
    });
    expect(unbroken.epoch).toBe(EPOCHS);
    expect(unbroken.history.map((h) => h.epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const epoch of [1, 3, 5]) {
      const stopped = runFit(plan, { onEpoch: (record) => record.epoch === epoch });
      expect(stopped).toEqual(kept[epoch - 1]);
      expect(runFit(plan, { resume: throughBytes(stopped) })).toEqual(unbroken);
    }
  });

  it("stopped twice", () => {
    const plan = { ...made.plan, optimizer: optimizerOf({ method: "soap", batch: 2 }), epochs: EPOCHS };
    const first = runFit(plan, { onEpoch: (record) => record.epoch === 2 });
    const second = runFit(plan, { resume: throughBytes(first), onEpoch: (record) => record.epoch === 4 });
    expect(runFit(plan, { resume: throughBytes(second) })).toEqual(runFit(plan));
  });

  it("a finished fit that is resumed stays as it is", () => {
    const plan = { ...made.plan, epochs: 3 };
    const finished = runFit(plan);
    expect(runFit(plan, { resume: throughBytes(finished) })).toEqual(finished);
  });

  it("patience counts across the stop", () => {
    const optimizer = optimizerOf({ method: "momentum", rate: 5, momentum: 0, rateEnd: 5, batch: 4 });
    const plan = { ...made.plan, optimizer, epochs: 200, patience: 4 };
    const unbroken = runFit(plan);
    expect(unbroken.epoch).toBeLessThan(200);
    expect(unbroken.epoch - unbroken.bestEpoch).toBe(4);
    const stopped = runFit(plan, { onEpoch: (record) => record.epoch === unbroken.epoch - 2 });
    expect(runFit(plan, { resume: throughBytes(stopped) })).toEqual(unbroken);
  });

  it("time adds up", () => {
    let clock = 0;
    const now = (): number => clock++;
    const plan = { ...made.plan, epochs: 3 };
    const stopped = runFit(plan, { now, onEpoch: (record) => record.epoch === 2 });
    clock = 1000;
    const seconds = runFit(plan, { now, resume: throughBytes(stopped) }).history.map((h) => h.seconds);
    expect(seconds[2]).toBeGreaterThan(seconds[1]);
    expect(seconds[2]).toBeLessThan(100);
  });
});

describe("bytes that are no snapshot of this fit", () => {
  const snapshot = runFit({ ...made.plan, epochs: 2 });
  const bytes = encodeSnapshot(snapshot, IDENTITY);
  const refusal = (changed: Uint8Array): string => {
    const decoded = decodeSnapshot(changed, IDENTITY);
    return typeof decoded === "string" ? decoded : "accepted";
  };

  /** A copy with the header's text changed to another of the same length. */
  function withHeader(from: string, to: string): Uint8Array {
    const text = Buffer.from(bytes).toString("latin1");
    expect(text).toContain(from);
    expect(to).toHaveLength(from.length);
    return new Uint8Array(Buffer.from(text.replace(from, to), "latin1"));
  }

  it("whole bytes are taken, wherever they lie in memory", () => {
    expect(decodeSnapshot(bytes, IDENTITY)).toEqual(snapshot);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeSnapshot(shifted.subarray(3), IDENTITY)).toEqual(snapshot);
    expect(decodeSnapshot(Buffer.from(shifted.buffer, 3, bytes.length), IDENTITY)).toEqual(snapshot);
  });

  it("an infinite best loss survives", () => {
    const fresh = { ...snapshot, bestLoss: Number.POSITIVE_INFINITY };
    expect(throughBytes(fresh)).toEqual(fresh);
  });

  it("cut off anywhere", () => {
    for (let length = 0; length < bytes.length; length += length < 40 ? 1 : 97)
      expect(refusal(bytes.slice(0, length))).toMatch(/cut off|no checkpoint/);
    expect(refusal(bytes.slice(0, -1))).toBe("it is cut off");
    expect(refusal(Uint8Array.of(...bytes, 0))).toBe("it is cut off");
  });

  it("a bit flipped anywhere, header or arrays", () => {
    for (let at = 0; at < bytes.length; at += at < 1500 ? 1 : 101) {
      const flipped = bytes.slice();
      flipped[at] ^= 1 << (at % 8);
      const reason = refusal(flipped);
      // Between header and arrays are up to seven bytes that mean nothing.
      const meaningless = bytes[at] === 0 && reason === "accepted";
      if (!meaningless) expect(reason, `byte ${at}`).not.toBe("accepted");
    }
  });

  it("of something else", () => {
    expect(refusal(new TextEncoder().encode("%PDF-1.7 and so on, long enough"))).toBe("it is no checkpoint");
    expect(refusal(new Uint8Array(0))).toBe("it is no checkpoint");
  });

  it("of another fit", () => {
    expect(decodeSnapshot(bytes, "another fit")).toBe("it belongs to another configuration or other data");
  });

  it("of a newer version", () => {
    expect(refusal(withHeader('"version":1', '"version":2'))).toBe("it was written by a newer version (format 2)");
  });

  it("with a header that is no JSON, or another one", () => {
    expect(refusal(withHeader('{"version"', '<"version"'))).toBe("its content is damaged");
    expect(refusal(withHeader('"energyScale":', '"energyscale":'))).toBe("its content is damaged");
  });
});
