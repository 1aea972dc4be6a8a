/** A job for a thread and its answer, on both sides. A thread has one job at a time; the caller sees to that. */
import { parentPort, type Worker } from "node:worker_threads";
import { InputError, type Trouble } from "../../errors/index.js";

/** How every job ends. */
export type Answer<Outcome> =
  | { readonly kind: "done"; readonly outcome: Outcome }
  | { readonly kind: "failed"; readonly trouble: Trouble | undefined; readonly message: string };

/** The outcome; what the thread says on the way goes to `onNews`. Bad input is an InputError here as it was there. */
export function ask<Outcome, News extends { readonly kind: string } = never>(
  thread: Worker,
  job: unknown,
  onNews: (news: News) => void = () => {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      thread.off("message", onMessage);
      thread.off("error", reject);
      thread.off("error", finish);
    };
    const onMessage = (message: Answer<Outcome> | News): void => {
      if (!isAnswer(message)) {
        onNews(message);
        return;
      }
      finish();
      if (message.kind === "done") resolve(message.outcome);
      else reject(message.trouble === undefined ? new Error(message.message) : new InputError(message.trouble));
    };
    thread.on("message", onMessage);
    thread.on("error", reject);
    thread.on("error", finish);
    thread.postMessage(job);
  });
}

const isAnswer = <Outcome>(message: Answer<Outcome> | { readonly kind: string }): message is Answer<Outcome> =>
  message.kind === "done" || message.kind === "failed";

/** In the thread: takes jobs, and answers each. Returns what sends news. */
export function answerJobs<Job, News extends { readonly kind: string } = never>(
  run: (job: Job) => unknown,
): (news: News) => void {
  const port = parentPort;
  if (port === null) throw new Error("this file is a worker");
  const answer = (message: Answer<unknown>): void => port.postMessage(message);
  port.on("message", async (job: Job) => {
    try {
      answer({ kind: "done", outcome: await run(job) });
    } catch (error) {
      const trouble = error instanceof InputError ? error.trouble : undefined;
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      answer({ kind: "failed", trouble, message });
    }
  });
  return (news) => port.postMessage(news);
}
