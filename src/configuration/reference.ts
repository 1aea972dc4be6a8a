/** The keys of a configuration as text: for `--help` and for the guide. */
import type { KeyDescription } from "./keys.js";

/** One line or two a key, for a terminal. */
export const keysText = (keys: readonly KeyDescription[]): string =>
  keys.map((key) => `  ${key.path}${qualifier(key)}: ${facts(key)}\n      ${key.help}`).join("\n");

/** A table in Markdown. */
export function keysTable(keys: readonly KeyDescription[]): string {
  const rows = keys.map(
    (key) =>
      `| \`${key.path}\`${qualifier(key)} | ${inCell(key.kind)} | ${standard(key)} | ${key.unit ?? ""} | ${inCell(key.help)} |`,
  );
  return `| key | value | default | unit | meaning |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

const qualifier = ({ only }: KeyDescription): string => (only === undefined ? "" : ` (${only.value})`);

const standard = (key: KeyDescription): string =>
  key.required ? "required" : key.default === undefined ? "" : `\`${key.default}\``;

function facts(key: KeyDescription): string {
  const unit = key.unit === undefined ? "" : `, ${key.unit}`;
  const value = key.required ? ", required" : key.default === undefined ? "" : `, default ${key.default}`;
  return `${key.kind}${unit}${value}`;
}

const inCell = (text: string): string => text.replaceAll("|", "\\|");
