/** Learning configurations: from YAML or from an object to one with every default filled in. The keys are in `configuration-schema.ts`. */
import { ConfigurationFormat, type KeyTrouble } from "../configuration/index.js";
import { type LearningConfiguration, learningSchema } from "./configuration-schema.js";

export type { MeasureConfiguration } from "./configuration-measures.js";
export type { LearningConfiguration, LearningConfigurationInput } from "./configuration-schema.js";
export type { WalkerConfiguration } from "./configuration-walkers.js";

type Input = Readonly<Record<string, unknown>>;

const engineKinds = ["embedded", "quantum-espresso", "cp2k", "lammps", "vasp", "ase"];

export const learningFormat = new ConfigurationFormat({
  schema: learningSchema,
  longForm: (input) => withLongEngine(withLongExecution(input)),
  contradictions: contradictionsOf,
});

/** `engine: Au.eam` is short for the embedded engine with that potential, `engine: vasp` for a kind with no settings. */
function withLongEngine(input: Input): Input {
  const { engine } = input;
  if (typeof engine !== "string") return input;
  return { ...input, engine: engineKinds.includes(engine) ? { kind: engine } : { settings: { potential: engine } } };
}

function withLongExecution(input: Input): Input {
  const { execution } = input;
  return typeof execution === "string" ? { ...input, execution: { kind: execution } } : input;
}

function contradictionsOf(c: LearningConfiguration): KeyTrouble[] {
  const found: KeyTrouble[] = [];
  const add = (path: string, problem: string, remedy: string, code = "contradiction") =>
    found.push({ path: path.split("."), atKey: false, trouble: { code, problem, remedy } });
  if (c.data === null && c.structure === null && c.start === null)
    add(
      "structure",
      "There is nothing to begin with: no `data`, no `structure` and no `start`.",
      "Give a structure, from copies of which the first labels are made, or labelled data, or a potential.",
      "nothing-to-learn-from",
    );
  if (c.data === null && c.structure === null && c.explore.walkers.some(({ structure }) => structure === null))
    add("explore.walkers", "A walker does not say where it starts.", "Give `structure`.");
  if (c.data === null && c.structure === null && c.explore.walkers.length === 0 && c.start !== null)
    add("structure", "There is a potential, but no structure to explore from.", "Give `structure`, or walkers.");
  if (c.engine.kind === "embedded" && c.engine.settings.potential === undefined)
    add(
      "engine",
      "The engine is the embedded one, and it has no potential.",
      "Give `engine: FILE` (a potential), or the kind of a program: quantum-espresso, cp2k, lammps, vasp, ase.",
    );
  for (const key of ["data", "test", "start", "seed", "threads", "out", "units"])
    if (key in c.potential)
      add(`potential.${key}`, `\`potential.${key}\` is set by the loop.`, `Use \`${key}\` itself.`);
  const { disagreement, energySpread, extrapolations } = c.doubt;
  for (const [name, limits] of Object.entries({ disagreement, energySpread, extrapolations })) {
    const rising = Object.values(limits).filter((x) => x !== null);
    if (rising.some((x, k) => k > 0 && x < rising[k - 1]))
      add(`doubt.${name}`, `\`doubt.${name}\` falls from ${Object.keys(limits).join(" to ")}.`, "Correct the numbers.");
  }
  if (c.doubt.spacing % c.doubt.every !== 0 || c.explore.checkpoint % c.doubt.every !== 0)
    add(
      "doubt.every",
      `\`doubt.every\` ${c.doubt.every} does not divide \`doubt.spacing\` and \`explore.checkpoint\`.`,
      "Choose numbers that are multiples of it.",
    );
  c.check.properties.forEach(({ reference }, k) => {
    if (reference === "engine" && c.engine.kind !== "embedded")
      add(`check.properties.${k}.reference`, "The engine is no potential that could be measured.", "Give a number.");
  });
  return found;
}
