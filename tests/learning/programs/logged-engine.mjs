#!/usr/bin/env node
/** The program that pretends to be VASP, slower, and with a line in ENGINE_LOG when it begins and when its output is complete. */
import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const log = process.env.ENGINE_LOG;
const say = (word) => appendFileSync(log, `${word} ${basename(process.cwd())}\n`);

say("begin");
await pause(Number(process.env.ENGINE_PAUSE ?? 30));
await import("../../contracts/programs/fake-vasp.mjs");
say("end");
