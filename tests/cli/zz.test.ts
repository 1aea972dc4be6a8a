import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { trainingReport } from "../../src/reports/index.js";
import { syntheticResult } from "./synthetic-result.js";

test("render", async () => {
  let t = Date.now();
  const h = await trainingReport(syntheticResult({ structures: 300 }));
  writeFileSync("/tmp/r.html", h);
  console.log("small", h.length, Date.now() - t);
  const r = syntheticResult({ structures: 300, atoms: 5000 });
  t = Date.now();
  const b = await trainingReport(r);
  console.log("large", b.length, Date.now() - t);
});
