/** Keys that the settings of all programs have. */
import { z } from "zod";

const words = z.array(z.string().min(1)).min(1);

/** The command as words, and its environment. */
export const programKeys = (command: readonly [string, ...string[]]) => ({
  command: words.default([...command]).meta({
    description:
      "Program and what comes before its own arguments, as words: [mpirun, -np, '8', pw.x]. No shell reads it.",
  }),
  environment: z
    .record(z.string(), z.string())
    // Threads of a linear algebra library on top of processes make small systems slower.
    .default({ OMP_NUM_THREADS: "1" })
    .meta({ description: "Variables on top of the environment of Potluck itself." }),
});

export const warmStrain = z.number().min(0).default(1e-4).meta({
  description:
    "A program that is kept running keeps the basis and the mesh of the cell that it was started with. Where a component of the strain exceeds this, it is started anew.",
});

/** Words as a command's. */
export const wordsOf = (words: readonly string[]): [string, ...string[]] => {
  const [first, ...rest] = words;
  if (first === undefined) throw new RangeError("a command needs at least one word");
  return [first, ...rest];
};
