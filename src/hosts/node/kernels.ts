/** The WebAssembly module from the package's own files. */
import { readFileSync } from "node:fs";
import { hasRelaxedSimd, Kernels } from "../../kernels/index.js";
import { builtFile } from "./built.js";

let compiled: WebAssembly.Module | undefined;

/** The module for this runtime: with fused multiplication and addition where it has relaxed SIMD (Node 22 and later). */
export function kernelModule(): WebAssembly.Module {
  compiled ??= readKernelModule(hasRelaxedSimd() ? "potluck-relaxed" : "potluck");
  return compiled;
}

export function readKernelModule(name: "potluck" | "potluck-relaxed"): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(builtFile(`kernels/${name}.wasm`)));
}

/** Kernels with a memory of their own. */
export const createKernels = (): Kernels => Kernels.create(kernelModule());
