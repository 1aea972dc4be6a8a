/** The report of a loop: what its result and its journal say, with the versions of what has made it. */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { basename, resolve } from "node:path";
import { learningCourse } from "../../learning/course.js";
import { type JournalLine, type LearningResult, measureUnits } from "../../learning/index.js";
import { learningReport } from "../../reports/learning.js";
import { packageVersion } from "./built.js";
import type { LearnDirectory } from "./learn-directory.js";
import type { LearnPlan } from "./learn-plan.js";

export interface ReportParts {
  readonly plan: LearnPlan;
  readonly directory: LearnDirectory;
  readonly journal: readonly JournalLine[];
  readonly threads: number;
}

/** HTML */
export async function reportOfRun(result: LearningResult, parts: ReportParts): Promise<string> {
  const { plan, directory, journal, threads } = parts;
  return await learningReport({
    ...{ name: basename(resolve(directory.root)), result },
    course: learningCourse(journal, plan.configuration.label.retries),
    units: measureUnits(plan.measures.map(({ configuration }) => configuration)),
    ...{ engines: await enginesOf(directory), version: packageVersion() },
    machine: { node: process.version, cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, threads },
  });
}

/** As the labels name them: "quantum-espresso 6.7". */
async function enginesOf(directory: LearnDirectory): Promise<string[]> {
  const name = "labels.extxyz";
  if (!existsSync(directory.path(name))) return [];
  const frames = await directory.readFrames(name);
  return [...new Set(frames.flatMap(({ info }) => (info.has("engine") ? [String(info.get("engine"))] : [])))];
}
