/** Worker threads that take the jobs of a loop from one queue, in the order in which they were given. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../errors/index.js";
import { builtFile } from "./built.js";
import type { LearnJob, LearnOutcomes, LearnReply } from "./learn-worker-messages.js";

interface Waiting {
  readonly job: LearnJob;
  readonly resolve: (outcome: LearnOutcomes[LearnJob["kind"]]) => void;
  readonly reject: (error: Error) => void;
}

export class LearnPool {
  readonly size: number;
  readonly #idle: Worker[] = [];
  readonly #workers: Worker[] = [];
  readonly #queue: Waiting[] = [];

  constructor(size: number) {
    this.size = size;
  }

  run<J extends LearnJob>(job: J): Promise<LearnOutcomes[J["kind"]]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, resolve: resolve as Waiting["resolve"], reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Ends the threads, which take memory from a fit; they are started again when they are needed. */
  async rest(): Promise<void> {
    const workers = this.#workers.splice(0);
    this.#idle.splice(0);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    const worker = this.#idle.pop() ?? (this.#workers.length < this.size ? this.#start() : undefined);
    if (worker === undefined) return;
    const { job, resolve, reject } = this.#queue.shift()!;
    const finish = (): void => {
      worker.off("message", onMessage);
      worker.off("error", onError);
    };
    const onMessage = (reply: LearnReply): void => {
      finish();
      this.#idle.push(worker);
      if ("done" in reply) resolve(reply.done);
      else reject(reply.trouble === undefined ? new Error(reply.message) : new InputError(reply.trouble));
      this.#next();
    };
    const onError = (error: Error): void => {
      finish();
      this.#workers.splice(this.#workers.indexOf(worker), 1);
      reject(error);
      this.#next();
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.postMessage(job);
  }

  #start(): Worker {
    const worker = new Worker(builtFile("hosts/node/learn-worker.js"));
    this.#workers.push(worker);
    return worker;
  }
}
