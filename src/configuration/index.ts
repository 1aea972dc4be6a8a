/** Configurations in YAML: one schema, and every mistake at its file, line and column. */
export { ConfigurationFormat, type FormatParts, isRecord } from "./format.js";
export { type KeyDescription, type KeySchema, kindOf } from "./keys.js";
export { type Override, parseOverride } from "./override.js";
export { nearest } from "./spelling.js";
export type { KeyTrouble } from "./trouble.js";
export { type PlacedYaml, parsePlacedYaml } from "./yaml.js";
