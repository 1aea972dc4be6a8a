/**
 * Progress on stderr: a bar with an estimate of the time left on a terminal, a line now and then elsewhere. No timers, so
 * that nothing keeps a program alive; and it survives a terminal that says it has 0 columns.
 */
import { duration } from "../reports/numbers.js";
import type { TextStream } from "./terminal.js";

export interface ProgressOptions {
  readonly stream: TextStream;
  /** Writes nothing but notes. */
  readonly silent?: boolean;
  /** Seconds since any moment. */
  readonly now?: () => number;
}

/** Seconds between drawings of the bar, and between lines where there is no terminal. */
const barInterval = 0.1;
const lineInterval = 10;
/** Where a terminal does not say how wide it is. */
const usualColumns = 80;
const barWidth = 24;
/** An estimate from less than this is a guess. */
const leastShare = 0.01;

export class Progress {
  readonly #stream: TextStream;
  readonly #silent: boolean;
  readonly #now: () => number;
  #label = "";
  #started = 0;
  /** What had been done when this run of the stage began; a resumed fit must not flatter the estimate. */
  #first = 0;
  #lastWritten = Number.NEGATIVE_INFINITY;
  #barShown = false;

  constructor({ stream, silent = false, now = () => performance.now() / 1000 }: ProgressOptions) {
    this.#stream = stream;
    this.#silent = silent;
    this.#now = now;
  }

  /** A new stage; what it has to do may become known later. */
  stage(label: string): void {
    this.#clear();
    this.#label = label;
    this.#started = this.#now();
    this.#first = Number.NaN;
    this.#lastWritten = Number.NEGATIVE_INFINITY;
    if (this.#silent) return;
    if (this.#stream.isTTY) this.#draw(`${label} …`);
    else this.#stream.write(`${label}\n`);
    if (!this.#stream.isTTY) this.#lastWritten = this.#started;
  }

  /** `done` of `total`; `detail` is what is worth knowing now (errors, rates). */
  update(done: number, total: number, detail = ""): void {
    if (Number.isNaN(this.#first)) this.#first = Math.max(0, done - 1);
    const now = this.#now();
    const interval = this.#stream.isTTY ? barInterval : lineInterval;
    if (this.#silent || (now - this.#lastWritten < interval && done < total)) return;
    this.#lastWritten = now;
    const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
    const left = this.#timeLeft(done, total, now);
    const facts = [`${done}/${total}`, ...(left === "" ? [] : [left]), ...(detail === "" ? [] : [detail])].join("  ");
    if (this.#stream.isTTY) this.#draw(`${this.#label} ${bar(share)} ${facts}`);
    else this.#stream.write(`${this.#label}: ${facts}\n`);
  }

  /** What is worth knowing now, where nobody can say how much there is to do. */
  status(text: string): void {
    const now = this.#now();
    const interval = this.#stream.isTTY ? barInterval : lineInterval;
    if (this.#silent || now - this.#lastWritten < interval) return;
    this.#lastWritten = now;
    if (this.#stream.isTTY) this.#draw(`${this.#label}  ${text}`);
    else this.#stream.write(`${this.#label}: ${text}\n`);
  }

  /** A line of its own, above the bar. */
  note(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  /** Removes the bar; results follow. */
  finish(): void {
    this.#clear();
  }

  #timeLeft(done: number, total: number, now: number): string {
    const part = (done - this.#first) / Math.max(1, total - this.#first);
    if (done >= total || part < leastShare) return "";
    return `${duration(((now - this.#started) * (1 - part)) / part)} left`;
  }

  /** One line, cut so that it never wraps: a wrapped line could not be drawn over. */
  #draw(text: string): void {
    const columns = this.#stream.columns && this.#stream.columns > 1 ? this.#stream.columns : usualColumns;
    const shown = [...text].slice(0, columns - 1).join("");
    this.#stream.write(`\r${shown}\u001b[K`);
    this.#barShown = true;
  }

  #clear(): void {
    if (this.#barShown) this.#stream.write("\r\u001b[K");
    this.#barShown = false;
  }
}

function bar(share: number): string {
  const full = Math.round(share * barWidth);
  return `${"█".repeat(full)}${"░".repeat(barWidth - full)} ${String(Math.round(100 * share)).padStart(3)} %`;
}
