/** A program that is running and takes structures from a socket. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import {
  type Cost,
  type Failure,
  type ForceData,
  finiteLabels,
  type Outcome,
  outputName,
  stressOfVirial,
  type WarmPreparation,
} from "../../../engines/index.js";
import type { Structure } from "../../../structure/index.js";
import { excerptOf, writeInputs } from "./directories.js";
import { type FileEngineOptions, stoppedFailure } from "./file-engine.js";
import { IpiDisconnected, type IpiServer } from "./ipi-server.js";
import { type Running, type StopReason, startProgram } from "./processes.js";

/** How long a verdict may come after the forces, and a program may take to end when it is asked to, ms. */
const patience = 3000;

interface SessionParts extends FileEngineOptions {
  readonly server: IpiServer;
}

export class WarmSession {
  private readonly prepared: WarmPreparation;
  private readonly parts: SessionParts;
  private readonly running: Running;
  private alive = true;
  /** Bytes of the output that belong to structures before. */
  private read = 0;
  private cpuSeconds = 0;
  private maxMemory: number | undefined;

  constructor(prepared: WarmPreparation, parts: SessionParts) {
    this.prepared = prepared;
    this.parts = parts;
    writeInputs(parts.directory, prepared.files);
    const megabytes = parts.limits?.megabytes;
    this.running = startProgram(prepared.command, { directory: parts.directory, limits: { megabytes } });
    void this.running.ended.then(() => {
      this.alive = false;
    });
  }

  suits(structure: Structure): boolean {
    return this.alive && this.prepared.suits(structure);
  }

  async label(structure: Structure, signal?: AbortSignal): Promise<{ outcome: Outcome; cost: Cost }> {
    const started = performance.now();
    const answer = await this.answer(structure, signal);
    const wallSeconds = (performance.now() - started) / 1000;
    return { outcome: await this.judge(structure, answer), cost: this.cost(wallSeconds) };
  }

  /** Asks the program to end; one that does not is ended. */
  async close(): Promise<void> {
    this.parts.server.close();
    const timer = setTimeout(() => void this.running.stop("cancelled"), patience);
    await this.running.ended;
    clearTimeout(timer);
  }

  /** What the program has sent, or why it has not. */
  private async answer(structure: Structure, signal?: AbortSignal) {
    const timers: NodeJS.Timeout[] = [];
    const stops: Promise<StopReason | "ended">[] = [this.running.ended.then(({ stopped }) => stopped ?? "ended")];
    const { limits, server } = this.parts;
    if (limits?.seconds !== undefined) {
      const { seconds } = limits;
      stops.push(new Promise((resolve) => timers.push(setTimeout(() => resolve("time-limit"), seconds * 1000))));
    }
    let cancel: (() => void) | undefined;
    stops.push(
      new Promise((resolve) => {
        cancel = () => resolve("cancelled");
        if (signal?.aborted === true) cancel();
        signal?.addEventListener("abort", cancel, { once: true });
      }),
    );
    try {
      const asked = server.evaluate(this.prepared.outward(structure)).catch((error: unknown) => {
        if (error instanceof IpiDisconnected) return "ended" as const;
        throw error;
      });
      const first = await Promise.race([asked, ...stops]);
      // Its output and its exit code tell more than the socket.
      if (first === "ended") return (await this.ending()) ?? first;
      if (typeof first === "string") await this.running.stop(first);
      return first;
    } finally {
      for (const timer of timers) clearTimeout(timer);
      if (cancel !== undefined) signal?.removeEventListener("abort", cancel);
    }
  }

  /** A program that has left its socket ends soon; why, if we have ended it. */
  private async ending(): Promise<StopReason | undefined> {
    const timer = setTimeout(() => void this.running.stop("cancelled"), patience);
    const { stopped } = await this.running.ended;
    clearTimeout(timer);
    return stopped === "memory-limit" ? stopped : undefined;
  }

  private async judge(structure: Structure, answer: Awaited<ReturnType<WarmSession["answer"]>>): Promise<Outcome> {
    const failure = (await this.unconverged(typeof answer !== "string")) ?? (await this.unanswered(answer));
    if (failure !== undefined) return { converged: false, failure };
    const { energy, forces, virial } = answer as ForceData;
    const { cell } = this.prepared.outward(structure);
    const stress = structure.periodic.every(Boolean) ? stressOfVirial(virial, cell) : undefined;
    return finiteLabels(this.prepared.inward(structure, { energy, forces, stress }));
  }

  /**
   * The printed verdict on the last structure. Labels count only with a printed word that they have converged; it may come a
   * little after the forces, since programs print through a buffer.
   */
  private async unconverged(answered: boolean): Promise<Failure | undefined> {
    const { verdict } = this.prepared;
    if (verdict === undefined) return undefined;
    const until = performance.now() + patience;
    let said = this.freshOutput();
    for (;;) {
      const found = verdict(said);
      if (found === "converged" || (found === "silent" && !answered)) return undefined;
      if (found !== "silent") return found;
      if (performance.now() > until) return noVerdict;
      await new Promise((resolve) => setTimeout(resolve, 10));
      said += this.freshOutput();
    }
  }

  /** Why there is no answer, if there is none. */
  private async unanswered(answer: Awaited<ReturnType<WarmSession["answer"]>>): Promise<Failure | undefined> {
    if (typeof answer !== "string") return undefined;
    const excerpt = await excerptOf(this.parts.directory);
    if (answer !== "ended") return { ...stoppedFailure(answer, this.parts.limits), excerpt };
    const { exitCode } = await this.running.ended;
    if (exitCode === 0) return { ...left, excerpt, exitCode };
    return { ...left, kind: "crashed", problem: `The program has ended with code ${exitCode}.`, excerpt, exitCode };
  }

  /** What has been printed since the last structure. */
  private freshOutput(): string {
    const file = openSync(join(this.parts.directory, outputName), "r");
    try {
      const size = fstatSync(file).size;
      const bytes = Buffer.alloc(Math.max(0, size - this.read));
      readSync(file, bytes, 0, bytes.length, this.read);
      this.read = size;
      return bytes.toString("utf8");
    } finally {
      closeSync(file);
    }
  }

  /** Processor time since the last structure; the start counts for the first one. */
  private cost(wallSeconds: number): Cost {
    const usage = this.running.usage();
    const cpuSeconds = usage && Math.max(0, usage.cpuSeconds - this.cpuSeconds);
    if (usage !== undefined) {
      this.cpuSeconds = usage.cpuSeconds;
      this.maxMemory = Math.max(this.maxMemory ?? 0, usage.memory);
    }
    return { wallSeconds, cpuSeconds, maxMemory: this.maxMemory };
  }
}

const left: Failure = {
  kind: "disconnected",
  problem: "The program has left before it had the forces.",
  remedy: "See its output in the directory warm-… beside the calculations.",
};

const noVerdict: Failure = {
  kind: "unconverged",
  problem: "The program does not say whether the electrons have converged.",
  remedy: "Let it print more, or run it without `warm`.",
};
