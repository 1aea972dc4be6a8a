/**
 * kill -9 of the loop, of the engine's programs, or both, at random moments: no label is bought twice, none is lost, and the potential at
 * the end has the bits of an unbroken run. POTLUCK_KILLS=50 POTLUCK_SEED=… asks for more. The loop is the built one: `npm run build` first.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Accounts, accountsOf, runWithKills } from "./kills.js";

const SEED = Number(process.env.POTLUCK_SEED ?? Math.floor(1e6 * Math.random()));
const KILLS = Number(process.env.POTLUCK_KILLS ?? 6);
/** Kills of one run; then it must come to its end, and the next run begins. */
const IN_A_RUN = 6;
console.log(`kills: ${KILLS}, seed ${SEED}`);

let folder = "";
let unbroken: Accounts;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "potluck-kills-"));
  unbroken = accountsOf(await runWithKills({ folder, name: "unbroken", kills: 0, seed: SEED, within: 1 }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe(`kills at random moments (seed ${SEED})`, () => {
  it("the unbroken run has bought labels and learned them", () => {
    expect(unbroken.bought.length).toBeGreaterThan(8);
    expect([...unbroken.ends.values()].every((count) => count === 1)).toBe(true);
  });

  const runs = Array.from({ length: Math.ceil(KILLS / IN_A_RUN) }, (_, k) => k);
  it.each(runs)(
    "run %i",
    async (k) => {
      const run = await runWithKills({ folder, name: `killed-${k}`, kills: IN_A_RUN, seed: SEED + k, within: 1800 });
      console.log(`run ${k}: killed ${run.kills.join(", ")}`);
      const accounts = accountsOf(run);
      expect(new Set(accounts.bought).size).toBe(accounts.bought.length);
      expect([...accounts.files].sort()).toEqual([...accounts.bought].sort());
      expect([...accounts.bought].sort()).toEqual([...unbroken.bought].sort());
      // The engine has computed each to its end once, whoever was killed meanwhile.
      expect([...accounts.ends].filter(([, count]) => count !== 1)).toEqual([]);
      expect([...accounts.ends.keys()].sort()).toEqual([...unbroken.ends.keys()].sort());
      expect(accounts.potential).toBe(unbroken.potential);
    },
    120_000,
  );
});
