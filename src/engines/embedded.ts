/** An engine without a program: a potential that is already in the process, as the host hands it in. */
import type { Structure } from "../structure/index.js";
import type { Calculation, Engine, Labels } from "./engine.js";
import { finiteLabels } from "./outcome.js";

export interface EmbeddedParts {
  /** "embedded", or what the user should read in tables. */
  readonly name?: string;
  readonly title?: string;
  readonly version?: string;
  /** Energy, forces and stress of a structure; throws `InputError` for what it cannot do. The arrays are copied. */
  evaluate(structure: Structure): Labels | Promise<Labels>;
  /** Monotonic time, ms; default: that of the host. */
  now?(): number;
}

export function embedded(parts: EmbeddedParts): Engine {
  const { name = "embedded", title = "Potential in process", version } = parts;
  const now = parts.now ?? (() => performance.now());
  return {
    name,
    title,
    check: async () => ({ installed: true, version }),
    label: async (structure): Promise<Calculation> => {
      const started = now();
      const { energy, forces, stress } = await parts.evaluate(structure);
      const seconds = (now() - started) / 1000;
      return {
        engine: name,
        version,
        structure,
        outcome: finiteLabels({ energy, forces: forces.slice(), stress: stress?.slice() }),
        // It is our own process that has worked, so that wall time is the best that can be said of the processor's.
        cost: { wallSeconds: seconds, cpuSeconds: seconds, maxMemory: undefined },
        directory: undefined,
        reused: false,
      };
    },
    close: async () => {},
  };
}
