/** Worker threads over one kernel memory. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../errors/index.js";
import { Kernels } from "../../kernels/index.js";
import { builtFile } from "./built.js";
import { kernelModule } from "./kernels.js";
import type { Job, Outcomes, Reply, WorkerStart } from "./worker-messages.js";

export class WorkerPool {
  readonly kernels: Kernels;
  readonly size: number;
  readonly #workers: Worker[];

  constructor(size: number) {
    this.kernels = Kernels.create(kernelModule());
    this.size = size;
    const start: WorkerStart = { module: this.kernels.module, memory: this.kernels.memory };
    this.#workers = Array.from(
      { length: size },
      () => new Worker(builtFile("hosts/node/worker.js"), { workerData: start }),
    );
  }

  /** Gives a job to one worker; a worker does one at a time, the caller sees to that. */
  run<J extends Job>(worker: number, job: J, onReply: (reply: Reply) => void = () => {}): Promise<Outcomes[J["kind"]]> {
    const thread = this.#workers[worker]!;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        thread.off("message", onMessage);
        thread.off("error", onError);
      };
      const onMessage = (reply: Reply): void => {
        onReply(reply);
        if (reply.kind === "done") {
          finish();
          resolve(reply.outcome as Outcomes[J["kind"]]);
        } else if (reply.kind === "failed") {
          finish();
          reject(reply.trouble === undefined ? new Error(reply.message) : new InputError(reply.trouble));
        }
      };
      const onError = (error: Error): void => {
        finish();
        reject(error);
      };
      thread.on("message", onMessage);
      thread.on("error", onError);
      thread.postMessage(job);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
