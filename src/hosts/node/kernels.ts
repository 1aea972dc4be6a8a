/** The WebAssembly module from the package's own files. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Kernels } from "../../kernels/index.js";

/** Beside the compiled code; from the sources (tests) it is where the build has put it. */
const places = ["../../kernels/potluck.wasm", "../../../dist/kernels/potluck.wasm"];

let compiled: WebAssembly.Module | undefined;

export function kernelModule(): WebAssembly.Module {
  if (compiled !== undefined) return compiled;
  const path = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((p) => existsSync(p));
  if (path === undefined) throw new Error("the kernels are not built: run `npm run build`");
  compiled = new WebAssembly.Module(readFileSync(path));
  return compiled;
}

/** Kernels with a memory of their own. */
export const createKernels = (): Kernels => Kernels.create(kernelModule());
