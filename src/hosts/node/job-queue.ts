/** Worker threads that take jobs from one queue, in the order in which they were given. */
import { Worker } from "node:worker_threads";
import { ask } from "./asking.js";
import { builtFile } from "./built.js";

interface Waiting {
  readonly job: unknown;
  readonly onNews: (news: never) => void;
  readonly resolve: (outcome: never) => void;
  readonly reject: (error: unknown) => void;
}

export interface JobQueueOptions {
  /** Threads at most; each is started when there is something for it to do. */
  readonly size: number;
  /** In `dist/`: "hosts/node/learn-worker.js". */
  readonly worker: string;
  /** What each thread is started with. */
  readonly start?: unknown;
}

/** `Outcomes` says what each kind of job ends with, `News` what threads say on the way. */
export class JobQueue<
  Job extends { readonly kind: keyof Outcomes },
  Outcomes,
  News extends { readonly kind: string } = never,
> {
  readonly size: number;
  readonly #options: JobQueueOptions;
  readonly #idle: Worker[] = [];
  readonly #workers: Worker[] = [];
  readonly #queue: Waiting[] = [];

  constructor(options: JobQueueOptions) {
    this.size = options.size;
    this.#options = options;
  }

  run<J extends Job>(job: J, onNews: (news: News) => void = () => {}): Promise<Outcomes[J["kind"]]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job, onNews, resolve, reject });
      this.#next();
    });
  }

  /** Ends the threads, which take memory; they are started again when they are needed. */
  async close(): Promise<void> {
    const workers = this.#workers.splice(0);
    this.#idle.splice(0);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    const worker = this.#idle.pop() ?? (this.#workers.length < this.size ? this.#start() : undefined);
    if (worker === undefined) return;
    const { job, onNews, resolve, reject } = this.#queue.shift()!;
    const outcome = ask<never, never>(worker, job, onNews);
    outcome.then(resolve, reject).then(() => {
      if (this.#workers.includes(worker)) this.#idle.push(worker);
      this.#next();
    });
  }

  #start(): Worker {
    const { worker: file, start } = this.#options;
    const worker = new Worker(builtFile(file), { workerData: start });
    worker.once("error", () => this.#workers.splice(this.#workers.indexOf(worker), 1));
    this.#workers.push(worker);
    return worker;
  }
}
