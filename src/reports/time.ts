/** Where the time went, and on which machine. */
import type { TrainingResult } from "../training/record.js";
import { escapeHtml } from "./html.js";
import { duration } from "./numbers.js";

const shades = ["#3d6fb4", "#d9622b", "#2a9d8f", "#b08a2e", "#8e5ea2", "#7b8794", "#c2506a", "#4f9ac9"];

export function timeSection({
  seconds,
  parts,
  machine,
  seed,
}: Pick<TrainingResult, "seconds" | "parts" | "machine" | "seed">): string {
  const named = Object.entries(parts).filter(([, time]) => time > 0);
  const rest = seconds - named.reduce((sum, [, time]) => sum + time, 0);
  // Parts that overlap add up to more than the whole: then there is no rest to show.
  const all: [string, number][] = rest > 0.01 * seconds ? [...named, ["rest", rest]] : named;
  const whole = all.reduce((sum, [, time]) => sum + time, 0) || 1;
  const pieces = all.map(
    ([, time], k) => `<span style="width:${((100 * time) / whole).toFixed(2)}%;background:${shade(k)}"></span>`,
  );
  const key = all.map(
    ([name, time], k) => `<span><i style="background:${shade(k)}"></i>${escapeHtml(name)} ${duration(time)}</span>`,
  );
  const facts: [string, string][] = [
    ["Wall time", duration(seconds)],
    ["Machine", `${machine.cpu}, ${machine.cores} cores, ${machine.threads} threads used, Node ${machine.node}`],
    ["Seed", String(seed)],
  ];
  return `<div class="bar">${pieces.join("")}</div><div class="key">${key.join("")}</div>${definitions(facts)}`;
}

const shade = (k: number): string => shades[k % shades.length]!;

const definitions = (facts: readonly [string, string][]): string =>
  `<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join("")}</dl>`;
