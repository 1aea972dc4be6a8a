/** The i-PI protocol: bytes, units, transposition, sign of the virial, and both ends of a socket. */
import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeMessage, IpiDecoder, type IpiMessage, stressOfVirial, virialOfStress } from "../../src/engines/index.js";
import { InputError } from "../../src/errors/index.js";
import { freeSocketName, IpiDisconnected, IpiServer, serveIpi } from "../../src/hosts/node/engines/index.js";
import { bohr, hartree } from "../../src/units/index.js";
import { pairLabels } from "./engines-pair.js";

const SEED = Number(process.env.POTLUCK_SEED ?? 20261122);
console.log(`engines-ipi: seed ${SEED}`);

const cell = Float64Array.of(3, 0, 0, 1, 4, 0, 0.5, -0.25, 5);
const positions = Float64Array.of(0, 0.5, 1, 1.5, 2, 2.5);

const decode = (bytes: Uint8Array, size = bytes.length): IpiMessage[] => {
  const decoder = new IpiDecoder();
  const messages: IpiMessage[] = [];
  for (let at = 0; at < bytes.length; at += size) messages.push(...decoder.push(bytes.subarray(at, at + size)));
  expect(decoder.inside).toBe(false);
  return messages;
};

describe("messages", () => {
  it("are twelve characters, then numbers in bohr with vectors as columns", () => {
    const bytes = encodeMessage({ word: "POSDATA", cell, positions });
    expect(new TextDecoder().decode(bytes.subarray(0, 12))).toBe("POSDATA     ");
    const view = new DataView(bytes.buffer);
    const real = (k: number) => view.getFloat64(12 + 8 * k, true);
    // The second number is the x component of the second vector, the fourth the y component of the first.
    expect(real(1)).toBeCloseTo(1 / bohr, 12);
    expect(real(3)).toBe(0);
    // h times its inverse is one, as they are on the wire.
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 3; j++) {
        const sum = [0, 1, 2].reduce((s, k) => s + real(3 * i + k) * real(9 + 3 * k + j), 0);
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    expect(view.getInt32(12 + 144, true)).toBe(2);
    expect(view.getFloat64(12 + 144 + 4 + 8, true)).toBeCloseTo(0.5 / bohr, 12);
    expect(bytes.length).toBe(12 + 144 + 4 + 48);
  });

  it("carry hartree and hartree per bohr", () => {
    const forces = Float64Array.of(1, 2, 3);
    const virial = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const bytes = encodeMessage({ word: "FORCEREADY", energy: hartree, forces, virial, extra: "" });
    const view = new DataView(bytes.buffer);
    expect(view.getFloat64(12, true)).toBe(1);
    expect(view.getFloat64(24, true)).toBeCloseTo(bohr / hartree, 15);
    // Second on the wire is row 2, column 1.
    expect(view.getFloat64(12 + 8 + 4 + 24 + 8, true)).toBeCloseTo(4 / hartree, 15);
    // Never a text of no bytes.
    expect(view.getInt32(12 + 8 + 4 + 24 + 72, true)).toBe(1);
  });

  it("come back as they were, in pieces of any size", () => {
    const reals = (n: number) =>
      fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: n, maxLength: n });
    const messages = fc
      .record({ atoms: fc.integer({ min: 0, max: 5 }), size: fc.integer({ min: 1, max: 90 }) })
      .chain((a) =>
        fc.record({
          size: fc.constant(a.size),
          positions: reals(3 * a.atoms),
          forces: reals(3 * a.atoms),
          virial: reals(9),
          energy: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
          extra: fc.stringMatching(/^[a-z]{0,9}$/),
        }),
      );
    fc.assert(
      fc.property(messages, ({ size, energy, extra, ...arrays }) => {
        const [at, forces, virial] = [arrays.positions, arrays.forces, arrays.virial].map((x) => Float64Array.from(x));
        const sent: IpiMessage[] = [
          { word: "STATUS" },
          { word: "INIT", index: 3, text: extra },
          { word: "POSDATA", cell, positions: at! },
          { word: "HAVEDATA" },
          { word: "FORCEREADY", energy, forces: forces!, virial: virial!, extra },
          { word: "EXIT" },
        ];
        const read = decode(Buffer.concat(sent.map(encodeMessage)), size);
        expect(read.map(({ word }) => word)).toEqual(sent.map(({ word }) => word));
        const [, init, data, , answer] = read;
        expect(init).toEqual(sent[1]);
        if (data?.word !== "POSDATA" || answer?.word !== "FORCEREADY") throw new Error("other messages");
        const near = (a: Float64Array, b: Float64Array) => a.forEach((x, i) => void expect(x).toBeCloseTo(b[i]!, 9));
        near(data.cell, cell);
        near(data.positions, at!);
        near(answer.forces, forces!);
        near(answer.virial, virial!);
        expect(answer.energy).toBeCloseTo(energy, 8);
        expect(answer.extra).toBe(extra);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("that are none are refused", () => {
    expect(() => decode(new TextEncoder().encode("HTTP/1.1 200"))).toThrow(/"HTTP\/1\.1 200"/);
    const bytes = encodeMessage({ word: "POSDATA", cell, positions });
    new DataView(bytes.buffer).setInt32(12 + 144, 2, false);
    expect(() => decode(bytes)).toThrow(/announces 33554432/);
    new DataView(bytes.buffer).setInt32(12 + 144, -1, true);
    expect(() => decode(bytes)).toThrow(InputError);
  });
});

describe("virial and stress", () => {
  it("of the pair potential that these tests stand on are derivatives of its energy", () => {
    const { forces, stress } = pairLabels({ positions, cell });
    const h = 1e-5;
    const energyOf = (r: Float64Array, c: Float64Array) => pairLabels({ positions: r, cell: c }).energy;
    forces.forEach((force, k) => {
      const moved = (e: number) =>
        energyOf(
          positions.map((x, i) => x + (i === k ? e : 0)),
          cell,
        );
      expect(-(moved(h) - moved(-h)) / (2 * h)).toBeCloseTo(force, 7);
    });
    const pairs = [
      [0, 0],
      [1, 1],
      [2, 2],
      [1, 2],
      [0, 2],
      [0, 1],
    ] as const;
    for (const [k, [a, b]] of pairs.entries()) {
      const strain = (v: Float64Array, e: number) =>
        v.map(
          (x, at) =>
            x +
            [
              [a, b],
              [b, a],
            ].reduce((s, [from, to]) => s + (at % 3 === to ? (e / 2) * v[at - (at % 3) + from!]! : 0), 0),
        );
      const strained = (e: number) => energyOf(strain(positions, e), strain(cell, e));
      expect((strained(h) - strained(-h)) / (2 * h) / 60).toBeCloseTo(stress![k]!, 7);
    }
  });

  it("turn into each other", () => {
    const stress = Float64Array.of(-1, 2, 3, -4, 5, 6);
    const virial = virialOfStress(stress, cell);
    stressOfVirial(virial, cell).forEach((x, k) => void expect(x).toBeCloseTo(stress[k]!, 13));
    // Compression: negative stress, positive virial.
    expect(virial[0]).toBeGreaterThan(0);
  });

  it("of a program that fills one triangle only count whole", () => {
    const upper = Float64Array.of(1, 2, 3, 0, 4, 5, 0, 0, 6);
    const lower = Float64Array.of(1, 0, 0, 2, 4, 0, 3, 5, 6);
    const both = Float64Array.of(1, 2, 3, 2, 4, 5, 3, 5, 6);
    expect(stressOfVirial(upper, cell)).toEqual(stressOfVirial(both, cell));
    expect(stressOfVirial(lower, cell)).toEqual(stressOfVirial(both, cell));
  });
});

const addresses = [
  ["a Unix socket", () => ({ unix: freeSocketName() })],
  ["a port", () => ({ port: 0 })],
] as const;

describe.each(addresses)("over %s", (_, at) => {
  it("a server gets what a client computes, and the client ends on EXIT", async () => {
    const server = await IpiServer.listen(at());
    const seen: Float64Array[] = [];
    const client = serveIpi({
      address: server.address,
      atoms: 2,
      evaluate: (r, h) => {
        seen.push(r, h);
        return pairLabels({ positions: r, cell: h });
      },
    });
    for (const shift of [0, 0.1, 0.2]) {
      const moved = positions.map((x, i) => x + (i === 0 ? shift : 0));
      const { energy, forces, virial } = await server.evaluate({ cell, positions: moved });
      const truth = pairLabels({ positions: moved, cell });
      expect(energy).toBeCloseTo(truth.energy, 11);
      forces.forEach((f, i) => void expect(f).toBeCloseTo(truth.forces[i]!, 11));
      stressOfVirial(virial, cell).forEach((s, i) => void expect(s).toBeCloseTo(truth.stress![i]!, 11));
      moved.forEach((x, i) => void expect(seen.at(-2)![i]).toBeCloseTo(x, 12));
      cell.forEach((x, i) => void expect(seen.at(-1)![i]).toBeCloseTo(x, 12));
    }
    server.close();
    expect(await client).toBe(3);
  });

  it("a server notices that its client has left, and takes the next one", async () => {
    const server = await IpiServer.listen(at());
    const leaving = new AbortController();
    const evaluate = (r: Float64Array, h: Float64Array) => {
      leaving.abort();
      return pairLabels({ positions: r, cell: h });
    };
    const first = serveIpi({ address: server.address, atoms: 2, evaluate, signal: leaving.signal });
    await expect(server.evaluate({ cell, positions })).rejects.toThrow(IpiDisconnected);
    expect(await first).toBe(0);
    const second = serveIpi({
      address: server.address,
      atoms: 2,
      evaluate: (r, h) => pairLabels({ positions: r, cell: h }),
    });
    expect((await server.evaluate({ cell, positions })).energy).toBeCloseTo(pairLabels({ positions, cell }).energy, 11);
    server.close();
    expect(await second).toBe(1);
  });
});

describe("trouble at a socket", () => {
  it("is told where no server listens, the number of atoms differs, or the other side speaks something else", async () => {
    const nobody = {
      address: { unix: freeSocketName() },
      atoms: 2,
      patience: 0.05,
      evaluate: () => pairLabels({ positions, cell }),
    };
    await expect(serveIpi(nobody)).rejects.toThrow(/Nobody listens/);

    const server = await IpiServer.listen({ unix: freeSocketName() });
    const wrong = serveIpi({ ...nobody, address: server.address, atoms: 3 });
    const asked = server.evaluate({ cell, positions });
    await expect(wrong).rejects.toThrow(/sent 2 atoms, and the potential serves 3/);
    await expect(asked).rejects.toThrow(IpiDisconnected);
    server.close();

    const other = await IpiServer.listen({ port: 0 });
    if (!("port" in other.address)) throw new Error("no port");
    const socket = connect(other.address.port, other.address.host);
    socket.write("GET / HTTP/1.1\r\n\r\n");
    await expect(other.evaluate({ cell, positions })).rejects.toThrow(/speaks i-PI/);
    socket.destroy();
    other.close();
  });

  it("is told where the name is taken", async () => {
    const name = freeSocketName();
    const server = await IpiServer.listen({ unix: name });
    await expect(IpiServer.listen({ unix: name })).rejects.toThrow(/Nothing can listen/);
    server.close();
  });
});
