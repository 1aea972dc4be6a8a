#!/usr/bin/env node
/** The program `potluck`. */
import { run } from "./program.js";

// A reader that has seen enough (`potluck info data.xyz | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

process.exitCode = await run(process.argv.slice(2), { out: process.stdout, err: process.stderr });
