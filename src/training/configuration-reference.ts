/** The keys of the training configuration as text: for `potluck train --help` and for docs/guide. */
import { type KeyDescription, trainingKeys } from "./configuration-keys.js";

/** One line or two a key, for a terminal. */
export function trainingKeysText(): string {
  return trainingKeys()
    .map((key) => `  ${key.path}${qualifier(key)}: ${facts(key)}\n      ${key.help}`)
    .join("\n");
}

/** The page docs/guide/training-configuration.md. */
export function trainingKeysMarkdown(): string {
  const rows = trainingKeys().map(
    (key) =>
      `| \`${key.path}\`${qualifier(key)} | ${inCell(key.kind)} | ${standard(key)} | ${key.unit ?? ""} | ${inCell(key.help)} |`,
  );
  return `${introduction}\n| key | value | default | unit | meaning |\n|---|---|---|---|---|\n${rows.join("\n")}\n`;
}

const introduction = `# Keys of a training configuration

Made from \`src/training/configuration-schema.ts\` by \`trainingKeysMarkdown()\`; a test keeps it up to date. A configuration is YAML;
\`optimizer.rate\` stands for the key \`rate\` inside the key \`optimizer\`. Only \`data\` must be given. Paths of data files are
relative to the configuration file, \`out\` to the current directory. \`potluck train --schema\` prints the JSON schema for editors.

\`\`\`yaml
data: silicon.extxyz
seed: 1
descriptors:
  cutoff: 6
committee:
  members: 4
\`\`\`
`;

const qualifier = (key: KeyDescription): string => (key.method === undefined ? "" : ` (${key.method})`);

const standard = (key: KeyDescription): string =>
  key.required ? "required" : key.default === undefined ? "" : `\`${key.default}\``;

function facts(key: KeyDescription): string {
  const unit = key.unit === undefined ? "" : `, ${key.unit}`;
  const value = key.required ? ", required" : key.default === undefined ? "" : `, default ${key.default}`;
  return `${key.kind}${unit}${value}`;
}

const inCell = (text: string): string => text.replaceAll("|", "\\|");
