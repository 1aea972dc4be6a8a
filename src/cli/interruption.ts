/** Ctrl-C: the first one asks for an orderly end, the second ends the program at once. */
import { interruptedCode } from "./failures.js";
import type { Progress } from "./progress.js";

export interface Interruption {
  readonly signal: AbortSignal;
  /** Listens no more. */
  end(): void;
}

/** `message` is what the first Ctrl-C is answered with. */
export function interruptible(progress: Progress, message: string): Interruption {
  const controller = new AbortController();
  const onInterrupt = (): void => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    progress.note(message);
    controller.abort();
  };
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);
  const end = (): void => {
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  };
  return { signal: controller.signal, end };
}
