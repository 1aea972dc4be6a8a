/** Threads for the surface kernels: workers over the memory of `kernels`, waiting for the leader's orders. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type Kernels, placeGang } from "../../kernels/index.js";
import type { Precision } from "../../networks/surface-network.js";
import type { NetworkPotential } from "../../potentials/definition.js";
import { type SurfaceJob, SurfaceTeam } from "../../potentials/surface-team.js";

export interface SurfaceThreads {
  readonly team: SurfaceTeam;
  close(): Promise<void>;
}

/** What a worker is started with. */
export interface SurfaceStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly job: SurfaceJob;
}

/** Starts threads − 1 workers and waits until they are there; this thread leads. */
export async function startSurfaceThreads(
  kernels: Kernels,
  potential: NetworkPotential,
  { threads, precision = "f64" }: { threads: number; precision?: Precision },
): Promise<SurfaceThreads> {
  const places = placeGang(kernels, threads);
  const workers = await Promise.all(
    Array.from({ length: threads - 1 }, (_, k) => {
      const job: SurfaceJob = { potential, precision, places, thread: k + 1 };
      const workerData: SurfaceStart = { module: kernels.module, memory: kernels.memory, job };
      return started(new Worker(workerPath(), { workerData }));
    }),
  );
  const team = new SurfaceTeam(kernels, places);
  const close = async (): Promise<void> => {
    team.stop();
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  return { team, close };
}

function started(worker: Worker): Promise<Worker> {
  return new Promise((resolve, reject) => {
    worker.once("message", () => resolve(worker));
    worker.once("error", reject);
  });
}

/** Compiled worker; from the sources (tests) the one that the build has made. */
function workerPath(): string {
  const path = ["./surface-worker.js", "../../../dist/hosts/node/surface-worker.js"]
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((p) => existsSync(p));
  if (path === undefined) throw new Error("the worker is not built: run `npm run build`");
  return path;
}
