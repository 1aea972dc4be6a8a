/**
 * The loop alone, with a workshop that only pretends: killed after any record and taken up again it does what it would have done. And
 * what is next in every situation.
 */
import { describe, expect, it } from "vitest";
import {
  type Candidate,
  currentRound,
  type DoubtThresholds,
  emptyState,
  fold,
  type JournalLine,
  type LearningConfigurationInput,
  type LearningState,
  type LearnRecord,
  type LegRecord,
  learn,
  learningFormat,
  nextTask,
  type Order,
  type OutcomeRecord,
  type Plan,
  replay,
  type Workshop,
} from "../../src/learning/index.js";

const cost = { wallSeconds: 1, cpuSeconds: 1, maxMemory: 1 };
const thresholds: DoubtThresholds = {
  disagreement: { collect: 0.1, stop: 0.2 },
  ...{ energySpread: { collect: null, stop: null }, extrapolations: { collect: null, stop: null } },
  ...{ discard: 2, basis: "given" },
};

const configurationOf = (more: Partial<LearningConfigurationInput> = {}) =>
  learningFormat.resolve({
    structure: "a.xyz",
    engine: { settings: { potential: "b.sw" } },
    explore: { stepsPerRound: 200, checkpoint: 100 },
    check: { properties: [{ kind: "vacancy", structure: "a.xyz" }] },
    ...more,
  });

/** Everything that it does follows from the state it is given; it counts what it has been asked. */
class Pretender implements Workshop {
  readonly bought: string[] = [];
  readonly failing: (id: string, attempt: number) => boolean;
  readonly steps: number;

  constructor({ failing = () => false, steps = 500 }: { failing?: Pretender["failing"]; steps?: number } = {}) {
    this.failing = failing;
    this.steps = steps;
  }

  draft = async () => this.#orders(0, ["first", "second"]);

  async explore(state: LearningState, walkers: readonly string[], tell: (leg: LegRecord) => LearningState) {
    let now = state;
    const { round } = currentRound(state);
    for (const walker of walkers)
      for (;;) {
        const before = now.walkers.get(walker);
        if (before?.waits === true || (before?.roundSteps ?? 0) >= 200) break;
        now = tell(this.#leg(round, walker, before?.steps ?? 0));
      }
  }

  #leg(round: number, walker: string, before: number): LegRecord {
    const steps = 100;
    const done = before + steps >= this.steps;
    const doubt = (before / 100 + walker.length) % 3 === 1;
    const step = before + 50;
    const candidates: Candidate[] = doubt ? [{ step, disagreement: 0.15, why: "doubt" }] : [];
    return {
      ...{ event: "leg", round, walker, steps, end: done ? "done" : "steps", candidates },
      ...(doubt ? { file: `${walker}-${before}.xyz` } : {}),
      ...{ checkpoint: `${walker}-${before + steps}`, looks: [{ step, disagreement: 0.05, extrapolations: 0 }] },
      ...{ doubtful: candidates.length, quiet: doubt ? 50 : 100 },
    };
  }

  async select(state: LearningState) {
    const { round, handIns } = currentRound(state);
    const sorted = [...handIns].sort((a, b) => (a.file < b.file ? -1 : 1));
    return this.#orders(
      round,
      sorted.map(({ file }) => file),
    );
  }

  #orders(round: number, ids: readonly string[]) {
    const picks = ids.map((id) => ({ id, group: "walker", step: 1, disagreement: 0.15 }));
    return { event: "ordered", round, file: `orders-${round}`, picks } as const;
  }

  async label(_: LearningState, orders: readonly Order[], tell: (outcome: OutcomeRecord) => void) {
    for (const { id, attempts } of orders) {
      if (this.failing(id, attempts)) {
        const failure = { kind: "crashed", problem: "It crashed.", remedy: "None." } as const;
        tell({ event: "failed", id, cost, failure });
        continue;
      }
      this.bought.push(id);
      tell({ event: "labelled", id, cost, reused: false });
    }
  }

  check = async (state: LearningState) =>
    ({
      event: "checked",
      round: currentRound(state).round,
      errors: { structures: 1, forces: { rmse: 0.1, mae: 0.1, count: 3 } },
      pairs: [[0.1, 0.2]],
    }) as const;

  async fit(state: LearningState, kind: "given" | "scratch" | "warm") {
    const { round } = currentRound(state);
    const digest = [...state.orders.values()]
      .filter(({ bought }) => bought)
      .map(({ id }) => id)
      .join(" ");
    const errors = { train: { structures: digest.split(" ").length }, test: null };
    const about = { file: `potential-${round}`, digest, elements: [14], thresholds, seconds: 1 };
    return { event: "fitted" as const, round, kind, errors, ...about };
  }

  references = async () => ({ vacancy: 3 });
  measure = async () => ({ vacancy: 2.9 });
  tidy = () => {};
}

class Killed extends Error {}

/** Runs until the end, killed right after each of these records; each part goes on from what is in the journal. */
async function runLoop(plan: Plan, workshop: Pretender, killsAfter: readonly number[] = []) {
  const lines: JournalLine[] = [];
  const kills = [...killsAfter];
  let written = 0;
  const journal = {
    wall: () => 0,
    append: (record: LearnRecord, wall: number) => {
      lines.push({ ...record, wall });
      if (++written === kills[0]) throw new Killed();
    },
  };
  for (;;) {
    try {
      lines.push({ event: "part", wall: 0 });
      await learn(replay(lines), { plan, workshop, journal, onEvent: () => {} });
      return lines;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      kills.shift();
    }
  }
}

const plan: Plan = { configuration: configurationOf(), walkers: ["ab", "c"] };
const story = (lines: readonly JournalLine[]) => lines.filter(({ event }) => event !== "part");

describe("a loop that is killed", () => {
  it("after any record does what it would have done, and buys nothing twice", async () => {
    const whole = new Pretender();
    const unbroken = story(await runLoop(plan, whole));
    expect(unbroken.at(-1)).toMatchObject({ event: "ended", reason: "explored" });
    expect(whole.bought.length).toBeGreaterThan(4);
    for (let at = 1; at < unbroken.length; at++) {
      const workshop = new Pretender();
      const broken = story(await runLoop(plan, workshop, [at]));
      expect(broken, `killed after record ${at}`).toEqual(unbroken);
      expect(workshop.bought).toEqual(whole.bought);
    }
  });

  it("after every single record as well", async () => {
    const whole = new Pretender();
    const unbroken = story(await runLoop(plan, whole));
    const workshop = new Pretender();
    const all = unbroken.map((_, k) => k + 1).slice(0, -1);
    expect(story(await runLoop(plan, workshop, all))).toEqual(unbroken);
    expect(workshop.bought).toEqual(whole.bought);
  });

  it("has the same state whatever the order in which a round's labels and walkers came in", async () => {
    const lines = await runLoop(plan, new Pretender());
    const state = replay(lines);
    const turned = [...lines];
    for (let k = 1; k < turned.length; k++) {
      const [a, b] = [turned[k - 1], turned[k]];
      const legs = a.event === "leg" && b.event === "leg" && a.walker !== b.walker;
      if (legs || (a.event === "labelled" && b.event === "labelled")) [turned[k - 1], turned[k]] = [b, a];
    }
    expect(turned).not.toEqual(lines);
    const other = replay(turned);
    expect(other.orders).toEqual(state.orders);
    expect([...other.orders.keys()]).toEqual([...state.orders.keys()]);
    expect(other.walkers).toEqual(state.walkers);
    expect(other.potential).toEqual(state.potential);
  });
});

describe("structures that cannot be labelled", () => {
  it("are tried again as often as allowed, recorded, and left out", async () => {
    const configuration = configurationOf({ label: { retries: 2 } });
    const workshop = new Pretender({ failing: (id) => id === "second" });
    const lines = await runLoop({ ...plan, configuration }, workshop);
    const tries = lines.filter((line) => line.event === "failed" && line.id === "second");
    expect(tries).toHaveLength(3);
    expect(lines.at(-1)).toMatchObject({ event: "ended", reason: "explored" });
    expect(replay(lines).cost.wallSeconds).toBe(workshop.bought.length + 3);
  });

  it("come through at a later attempt", async () => {
    const workshop = new Pretender({ failing: (id, attempt) => id === "second" && attempt === 0 });
    await runLoop(plan, workshop);
    expect(workshop.bought).toContain("second");
  });

  it("end the loop where the configuration says so, and are tried again by its next part", async () => {
    const configuration = configurationOf({ label: { onFailure: "stop", retries: 0 } });
    let mended = false;
    const workshop = new Pretender({ failing: (id) => id === "second" && !mended });
    const lines = await runLoop({ ...plan, configuration }, workshop);
    expect(lines.at(-1)).toMatchObject({ event: "ended", reason: "label-failed" });
    mended = true;
    const journal = { wall: () => 0, append: () => {} };
    const next = fold(replay(lines), { event: "part", wall: 0 });
    const parts = { plan: { ...plan, configuration }, workshop, journal, onEvent: () => {} };
    expect((await learn(next, parts)).ended).toBe("explored");
  });
});

describe("the end", () => {
  const endOfLoop = async (more: Partial<LearningConfigurationInput>, steps = 500) => {
    const lines = await runLoop({ ...plan, configuration: configurationOf(more) }, new Pretender({ steps }));
    const last = lines.at(-1);
    return last?.event === "ended" ? last.reason : undefined;
  };

  it.each([
    ["rounds", { budget: { rounds: 1 } }],
    ["labels", { budget: { labels: 3 } }],
    ["level", { stop: { levelRounds: 1 } }],
    ["explored", {}],
  ] as const)("%s", async (reason, more) => {
    expect(await endOfLoop(more, 5000)).toBe(reason === "explored" ? "explored" : reason);
  });

  it("comes after what was bought has been learned", async () => {
    const workshop = new Pretender({ steps: 5000 });
    const lines = await runLoop({ ...plan, configuration: configurationOf({ budget: { labels: 3 } }) }, workshop);
    expect(replay(lines).potential?.digest.split(" ")).toEqual(workshop.bought);
  });

  it("quiet needs every walker to be without doubt", () => {
    const base = fold(emptyState, { event: "part", wall: 0 });
    const leg = (walker: string, quiet: number, doubtful: number): JournalLine => ({
      ...{ event: "leg", round: 0, walker, steps: 1000, end: "steps", checkpoint: "x", candidates: [], looks: [] },
      ...{ doubtful, quiet, wall: 0 },
    });
    const quiet = { ...plan, configuration: configurationOf({ stop: { quiet: 1500 } }) };
    const thereafter = (lines: readonly JournalLine[]) => {
      let state = lines.reduce(fold, base);
      state = fold(state, { event: "closed", round: 0, wall: 0 });
      return nextTask(state, quiet)?.do;
    };
    expect(thereafter([leg("ab", 1000, 0), leg("c", 1000, 0)])).toBe("end");
    expect(thereafter([leg("ab", 1000, 0), leg("c", 1000, 0), leg("ab", 1000, 0), leg("c", 10, 1)])).toBe("explore");
  });

  it("a budget that is raised lets the loop go on", async () => {
    const lines = await runLoop(
      { ...plan, configuration: configurationOf({ budget: { rounds: 1 } }) },
      new Pretender(),
    );
    const state = fold(replay(lines), { event: "part", wall: 0 });
    expect(nextTask(state, plan)?.do).toBe("explore");
  });
});

describe("fits", () => {
  const kinds = async (more: Partial<LearningConfigurationInput>) => {
    const lines = await runLoop({ ...plan, configuration: configurationOf(more) }, new Pretender({ steps: 2000 }));
    return lines.flatMap((line) => (line.event === "fitted" ? [line.kind] : []));
  };

  it("start from random weights while there are few data: where those have grown by half", async () => {
    const lines = await runLoop(plan, new Pretender({ steps: 3000 }));
    const fits = lines.flatMap((line) => (line.event === "fitted" ? [line] : []));
    let scratch = 0;
    for (const { kind, errors } of fits.slice(0, 5)) {
      const { structures } = errors.train!;
      expect(kind).toBe(structures >= 1.5 * scratch ? "scratch" : "warm");
      if (kind === "scratch") scratch = structures;
    }
    expect(fits.slice(0, 5).map(({ kind }) => kind)).toContain("warm");
  });

  it("start from random weights first and every so many times", async () => {
    expect((await kinds({ refit: { fromScratchEvery: 3, growth: 100 } })).slice(0, 7)).toEqual([
      "scratch",
      "warm",
      "warm",
      "scratch",
      "warm",
      "warm",
      "scratch",
    ]);
    expect(new Set(await kinds({ refit: { fromScratchEvery: 1 } }))).toEqual(new Set(["scratch"]));
    expect((await kinds({ refit: { fromScratchEvery: 0 } })).slice(1).every((kind) => kind === "warm")).toBe(true);
  });

  it("never throw away what a given potential knows without its data", async () => {
    const found = await kinds({ start: "p.json", refit: { fromScratchEvery: 2 } });
    expect(found[0]).toBe("given");
    expect(found.slice(1).every((kind) => kind === "warm")).toBe(true);
    const withData = await kinds({ start: "p.json", data: "d.xyz", refit: { fromScratchEvery: 2, growth: 100 } });
    expect(withData.slice(0, 4)).toEqual(["given", "warm", "warm", "scratch"]);
  });
});
