/** Files of the package that the build has made or npm has installed, found from the compiled code and from the sources (tests) alike. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path of a file that the build puts into `dist/`: "cli/main.js". Compiled code, bundled or not, finds it beside itself. */
export function builtFile(name: string): string {
  const path = [`../../${name}`, `../../../dist/${name}`]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((p) => existsSync(p));
  if (path === undefined) throw new Error(`${name} is not built: run \`npm run build\``);
  return path;
}

export function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
