/** Threads for the surface kernels: workers over the memory of `kernels`, waiting for the leader's orders. */
import { Worker } from "node:worker_threads";
import { type Kernels, placeGang } from "../../kernels/index.js";
import type { Precision } from "../../networks/surface-network.js";
import type { NetworkPotential } from "../../potentials/definition.js";
import { type SurfaceJob, SurfaceTeam } from "../../potentials/surface-team.js";
import { builtFile } from "./built.js";

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
      return started(new Worker(builtFile("hosts/node/surface-worker.js"), { workerData }));
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
