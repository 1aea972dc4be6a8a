/** Words and small parts that the sections of a report of learning share. */
import { escapeHtml } from "./html.js";
import { significant } from "./numbers.js";

/** Why a loop has ended, a sentence each. */
export const endSentences = {
  explored: "All walkers have done their steps.",
  quiet: "Nothing has been in doubt for as long as `stop.quiet` asks.",
  level: "Errors have become no better for as long as `stop.levelRounds` asks.",
  labels: "The budget of labels is spent.",
  seconds: "The time of the budget is over.",
  rounds: "The rounds of the budget are over.",
  "label-failed": "A structure could not be labelled.",
  stalled: "No walker moves any more, and there is nothing to label.",
} as const;

/** Null: interrupted. */
export const endSentence = (reason: string | null): string =>
  reason === null ? "Interrupted." : ((endSentences as Readonly<Record<string, string>>)[reason] ?? reason);

/** With a minus sign that one can see. */
export const optionalNumber = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? "–" : significant(value, digits).replace("-", "−");

/** Coloured squares with their meaning, above a plot that has no room for a legend. */
export const keyOf = (entries: readonly (readonly [colour: string, text: string])[]): string =>
  `<div class="key">${entries
    .map(([colour, text]) => `<span><i style="background:${colour}"></i>${escapeHtml(text)}</span>`)
    .join("")}</div>`;

/** A key and plots below it, their axes at one height. */
export const figureOf = (key: string, plots: readonly string[], className: "pair" | "panels" = "pair"): string =>
  plots.length === 0
    ? ""
    : `${key}<div class="${className}" style="margin:10px 0 14px;align-items:flex-end">${plots.join("\n")}</div>`;

/** Labels that fit beside each other along an axis of 408 pixels. */
const mostTicks = 18;

/** Rounds as an axis of whole numbers; where there are many, every n-th has its number. */
export const roundAxis = (rounds: readonly number[]) => {
  const every = Math.ceil(new Set(rounds).size / mostTicks);
  return {
    field: "round",
    type: "ordinal",
    title: "Round",
    scale: { domain: [...new Set(rounds)].sort((a, b) => a - b) },
    axis: { labelAngle: 0, values: [...new Set(rounds)].sort((a, b) => a - b).filter((_, k) => k % every === 0) },
  } as const;
};

/** A key of a configuration, a.b for b inside a; undefined where there is none. */
export function keyAt(configuration: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, key) =>
        typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined,
      configuration,
    );
}

/** Room on either side of what a logarithmic axis shows, as a factor. */
const room = 1.2;

/** The scale of a logarithmic axis for these values, which are above zero. */
export const logScale = (values: readonly number[]) => ({
  type: "log" as const,
  domain: [values.reduce((a, b) => Math.min(a, b)) / room, values.reduce((a, b) => Math.max(a, b)) * room] as [
    number,
    number,
  ],
});

export const logAxis = { format: "~g", tickCount: 5 } as const;
/** Without separators, which are read as decimal commas by half of the world. */
export const countAxis = { format: "d", tickMinStep: 1, tickCount: 6 } as const;
