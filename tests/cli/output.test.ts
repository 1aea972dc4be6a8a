import { describe, expect, test } from "vitest";
import { Progress } from "../../src/cli/progress.js";
import { errorTable } from "../../src/cli/table.js";
import { MemoryStream } from "./memory-terminal.js";
import { syntheticResult } from "./synthetic-result.js";

describe("progress", () => {
  const clock = () => {
    let seconds = 0;
    return {
      now: () => seconds,
      wait: (s: number): void => {
        seconds += s;
      },
    };
  };

  test("off a terminal writes a line now and then, and no control codes", () => {
    const stream = new MemoryStream();
    const time = clock();
    const progress = new Progress({ stream, now: time.now });
    progress.stage("fitting");
    for (let k = 1; k <= 100; k++) {
      time.wait(1);
      progress.update(k, 100, "F 0.1 eV/Å");
    }
    const lines = stream.text.trimEnd().split("\n");
    expect(lines.length).toBe(11);
    expect(lines[5]).toBe("fitting: 50/100  50 s left  F 0.1 eV/Å");
    for (const control of ["\r", "\u001b"]) expect(stream.text).not.toContain(control);
  });

  test.each([0, 1, undefined])("survives a terminal with %s columns", (columns) => {
    const stream = new MemoryStream({ isTTY: true, ...(columns === undefined ? {} : { columns }) });
    const progress = new Progress({ stream });
    progress.stage("fitting");
    progress.update(1, 2, "x".repeat(500));
    progress.update(2, 2);
    progress.finish();
    for (const drawn of stream.text.split("\r")) expect(drawn.length).toBeLessThan(90);
    expect(stream.text).toContain("100 %");
    expect(stream.text.endsWith("\r\u001b[K")).toBe(true);
  });

  test("never wraps on a narrow terminal", () => {
    const stream = new MemoryStream({ isTTY: true, columns: 20 });
    const progress = new Progress({ stream });
    progress.stage("a long name of a stage");
    progress.update(1, 2, "details");
    for (const drawn of stream.text.replaceAll("\u001b[K", "").split("\r")) expect(drawn.length).toBeLessThan(20);
  });

  test("silent writes notes only", () => {
    const stream = new MemoryStream();
    const progress = new Progress({ stream, silent: true });
    progress.stage("fitting");
    progress.update(1, 1);
    progress.note("Warning: look");
    expect(stream.text).toBe("Warning: look\n");
  });

  test("a resumed stage does not count what was done before", () => {
    const stream = new MemoryStream();
    const time = clock();
    const progress = new Progress({ stream, now: time.now });
    progress.stage("fitting");
    progress.update(91, 100);
    time.wait(12);
    progress.update(94, 100);
    expect(stream.text).toContain("94/100  18 s left");
  });
});

describe("the table of errors", () => {
  const { errors } = syntheticResult({ structures: 40 });

  test("has RMSE and MAE with units, per group and set and in total", () => {
    const text = errorTable([
      { name: "train", errors: errors.train },
      { name: "test", errors: errors.test! },
    ]);
    expect(text).toContain("energy, meV/atom");
    expect(text).toContain("forces, eV/Å");
    expect(text).toContain("stress, GPa");
    for (const group of Object.keys(errors.train.groups)) expect(text).toContain(group);
    expect(text.split("\n").filter((line) => line.startsWith("total"))).toHaveLength(2);
    const ends = text.split("\n").filter((line) => /^(total|eos)/.test(line));
    expect(new Set(ends.map((line) => line.length)).size).toBe(1);
  });

  test("leaves out quantities without labels", () => {
    const total = { structures: 3, energy: { rmse: 1.234, mae: 1, count: 3 } };
    const text = errorTable([{ name: "all", errors: { total, groups: {} } }]);
    expect(text).not.toContain("forces");
    expect(text.split("\n").at(-1)).toMatch(/total +3 +1\.23 +1\.00$/);
  });
});
