/** Whether a program is here, and which version it is. */
import { accessSync, constants, mkdtempSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { errorsName, type Installation, outputName, type Program } from "../../../engines/index.js";
import { InputError } from "../../../errors/index.js";
import { runProgram } from "./processes.js";

/** Programs that wait for input when they are asked for their version are not waited for. */
const patience = 20;

/** What a program needs besides itself (pseudopotentials): what is missing or wrong, undefined where nothing is. */
export type Requirement = () => { readonly problem: string; readonly remedy: string } | undefined;

/** Finds the program on the PATH, then runs it for its version, then looks for what it needs. */
export async function checkProgram(program: Program, requirement?: Requirement): Promise<Installation> {
  const installation = await findProgram(program);
  const missing = installation.installed ? requirement?.() : undefined;
  return missing === undefined ? installation : { installed: false, ...missing };
}

async function findProgram(program: Program): Promise<Installation> {
  if (!isExecutable(program.executable)) return absent(program, `There is no program ${program.executable}.`);
  if (program.probe === undefined) return { installed: true, version: undefined };
  const directory = mkdtempSync(join(tmpdir(), "potluck-version-"));
  try {
    await runProgram(program.probe.command, { directory, limits: { seconds: patience } });
    const said = await Promise.all([outputName, errorsName].map((name) => readFile(join(directory, name), "utf8")));
    const version = program.probe.pattern.exec(said.join("\n"))?.[1];
    if (version !== undefined) return { installed: true, version };
    return absent(program, `${program.executable} does not say what is expected of ${program.title}.`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function isExecutable(name: string): boolean {
  const folders = name.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  return folders.some((folder) => {
    const path = folder === "" ? name : join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

function absent({ title, packages }: Program, problem: string): Installation {
  const install =
    packages.length === 0 ? `Install ${title}` : `Install ${title} (Debian: apt-get install ${packages.join(" ")})`;
  return { installed: false, problem, remedy: `${install}, or name the program in \`command\`.` };
}

/** The version, or an error that says how to get the program. */
export function requireInstalled(installation: Installation): string | undefined {
  if (installation.installed) return installation.version;
  const { problem, remedy } = installation;
  throw new InputError({ code: "engine-not-installed", problem, remedy });
}
