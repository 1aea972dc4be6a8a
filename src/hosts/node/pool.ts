/** Worker threads over one kernel memory. */
import { Worker } from "node:worker_threads";
import { Kernels } from "../../kernels/index.js";
import { ask } from "./asking.js";
import { builtFile } from "./built.js";
import { kernelModule } from "./kernels.js";
import type { Job, News, Outcomes, WorkerStart } from "./worker-messages.js";

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
  run<J extends Job>(worker: number, job: J, onNews: (news: News) => void = () => {}): Promise<Outcomes[J["kind"]]> {
    return ask(this.#workers[worker]!, job, onNews);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
