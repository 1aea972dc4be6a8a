/** The WebAssembly module from the package's own files. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hasRelaxedSimd, Kernels } from "../../kernels/index.js";

/** Beside the compiled code; from the sources (tests) it is where the build has put it. */
const folders = ["../../kernels/", "../../../dist/kernels/"];

let compiled: WebAssembly.Module | undefined;

/** The module for this runtime: with fused multiplication and addition where it has relaxed SIMD (Node 22 and later). */
export function kernelModule(): WebAssembly.Module {
  compiled ??= readKernelModule(hasRelaxedSimd() ? "potluck-relaxed" : "potluck");
  return compiled;
}

export function readKernelModule(name: "potluck" | "potluck-relaxed"): WebAssembly.Module {
  const paths = folders.map((folder) => fileURLToPath(new URL(`${folder}${name}.wasm`, import.meta.url)));
  const path = paths.find((p) => existsSync(p));
  if (path === undefined) throw new Error("the kernels are not built: run `npm run build`");
  return new WebAssembly.Module(readFileSync(path));
}

/** Kernels with a memory of their own. */
export const createKernels = (): Kernels => Kernels.create(kernelModule());
