/** A thread that helps with evaluations, see surface-threads.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { Kernels } from "../../kernels/index.js";
import { followSurface } from "../../potentials/surface-team.js";
import type { SurfaceStart } from "./surface-threads.js";

const { module, memory, job } = workerData as SurfaceStart;
const kernels = Kernels.create(module, memory);
parentPort?.postMessage("ready");
followSurface(kernels, job);
