/** A directory for each calculation, with everything that went in and came out. */
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorsName, lastLines, type OutputFiles, outputName } from "../../../engines/index.js";

/** An empty directory there; what was in it before (a failed or interrupted run) is kept beside it under a number. */
export function freshDirectory(directory: string): string {
  mkdirSync(dirname(directory), { recursive: true });
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    let number = 1;
    while (existsSync(`${directory}.before-${number}`)) number++;
    renameSync(directory, `${directory}.before-${number}`);
  }
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** The first directory NAME-1, NAME-2, … that is not there yet. */
export function nextDirectory(root: string, name: string): string {
  mkdirSync(root, { recursive: true });
  for (let number = 1; ; number++) {
    const directory = join(root, `${name}-${number}`);
    try {
      mkdirSync(directory);
      return directory;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
  }
}

export function writeInputs(directory: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) writeFileSync(join(directory, name), text);
}

export const outputFilesOf = (directory: string): OutputFiles => ({
  bytes: (name) => {
    const path = join(directory, name);
    return existsSync(path) ? (createReadStream(path) as AsyncIterable<Uint8Array>) : undefined;
  },
  text: (name) => readFile(join(directory, name), "utf8").catch(() => undefined),
});

/** The end of what the program said, errors last. */
export async function excerptOf(directory: string): Promise<string> {
  const files = outputFilesOf(directory);
  const [output, errors] = await Promise.all([files.text(outputName), files.text(errorsName)]);
  return [lastLines(output ?? "", 8), lastLines(errors ?? "", 8)].filter((text) => text !== "").join("\n");
}
