/** A directory of LASP2 as a configuration: `lasp2.ini` with `input.lmp` and `vaspInput/` beside it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { InputError } from "../../errors/index.js";
import { readLasp2Dynamics, readLasp2Ini } from "../../formats/lasp2-ini.js";
import { configurationOfLasp2, type LearningConfigurationInput } from "../../learning/index.js";

export interface Lasp2Run {
  /** Files that it names are relative to the directory of `lasp2.ini`; those of the engine are placed already. */
  readonly configuration: LearningConfigurationInput;
  readonly notes: readonly string[];
}

export function readLasp2Run(path: string): Lasp2Run {
  const folder = dirname(path);
  const input = join(folder, "input.lmp");
  const dynamics = readLasp2Dynamics(textOf(input, "LASP2 reads the dynamics from it"), input);
  const { configuration, notes } = configurationOfLasp2(
    readLasp2Ini(textOf(path, "it is the configuration"), path),
    dynamics,
  );
  const place = (file: unknown): string => (isAbsolute(String(file)) ? String(file) : join(folder, String(file)));
  const { engine } = configuration;
  const settings = { ...engine?.settings, directory: place(engine?.settings?.directory) };
  return { configuration: { ...configuration, engine: { ...engine, settings } }, notes };
}

function textOf(file: string, why: string): string {
  if (existsSync(file)) return readFileSync(file, "utf8");
  throw new InputError({
    code: "missing-file",
    where: { file },
    problem: `There is no such file; ${why}.`,
    remedy: "Put it beside lasp2.ini, or write the configuration by hand.",
  });
}
