import { expect, test } from "vitest";
import { evaluationReport, significant, trainingReport } from "../../src/reports/index.js";
import { syntheticResult } from "./synthetic-result.js";

function expectSelfContained(html: string): void {
  expect(html).not.toMatch(/<script|<link|<iframe|<img|@import|url\((?!#)/i);
  expect(html).not.toMatch(/(?:href|src)\s*=|https?:/i);
}

test("a training report holds the numbers and nothing from elsewhere", async () => {
  const result = syntheticResult({ structures: 60 });
  const html = await trainingReport(result);
  expectSelfContained(html);
  for (const pair of [result.errors.test!.total.energy!, result.errors.train.groups.eos!.forces!]) {
    expect(html).toContain(significant(pair.rmse));
    expect(html).toContain(significant(pair.mae));
  }
  for (const text of [...result.choices, ...result.warnings]) expect(html).toContain(text);
  expect(html).toContain("surface &lt;111&gt; &amp; co");
  expect(html).toContain("optimizer:");
  expect(html).toContain("57 of 60");
  expect(html.match(/<svg /g)!.length).toBeGreaterThan(10);
  // Vega's own names would be the same in every plot.
  const names = [...html.matchAll(/ id="([^"]+)"/g)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(await trainingReport(result)).toBe(html);
});

test("numbers in plots are not cut", async () => {
  const html = await trainingReport(syntheticResult({ structures: 30 }));
  const { rmse } = syntheticResult({ structures: 30 }).errors.test!.total.forces!;
  expect(html).toContain(`RMSE ${significant(rmse)} eV/Å`);
});

test("a report without test set, forces or epochs is a report", async () => {
  const result = syntheticResult({ structures: 8, test: false, members: 1, epochs: 0 });
  const comparisons = result.comparisons.map(({ forces: _f, stress: _s, uncertainty: _u, ...rest }) => rest);
  const html = await trainingReport({ ...result, comparisons, warnings: [], choices: [] });
  expect(html).toContain("All structures");
  expect(html).not.toContain("Warnings");
});

test("a fit that blew up is still shown", async () => {
  const result = syntheticResult({ structures: 12 });
  const [first, ...others] = result.comparisons;
  const blown = { ...first!, energy: { reference: -1, predicted: Number.NaN } };
  const html = await trainingReport({ ...result, comparisons: [blown, ...others] });
  expect(html).toContain("Worst structures");
});

test("an evaluation report", async () => {
  const { comparisons, errors } = syntheticResult({ structures: 20 });
  const html = await evaluationReport({
    potential: "runs/silicon",
    data: ["new.extxyz"],
    errors: errors.train,
    comparisons: comparisons.map((one) => ({ ...one, set: "test" })),
    extrapolating: 3,
    judged: undefined,
    warnings: [],
    seconds: 1.2,
  });
  expectSelfContained(html);
  expect(html).toContain("Evaluation: silicon");
});
