/**
 * VASP's vasprun.xml (https://www.vasp.at/wiki/index.php/Vasprun.xml) with any number of ionic steps. eV, Å, stress in kB.
 *
 * The file does not say in so many words whether EDIFF was reached. A step with NELM iterations is taken for not converged, so
 * that one which converged in the very last iteration is left out too; OUTCAR knows better. The energy extrapolated to no
 * smearing is wrong in the step's own block in several versions: its distance from the free energy comes from the last iteration.
 */
import { InputError } from "../errors/index.js";
import type { Frame } from "../structure/index.js";
import { toCartesian } from "../structure/index.js";
import { kilobar } from "../units/index.js";
import { everywhere } from "./cells.js";
import type { ByteSource } from "./format.js";
import {
  frameOfStep,
  numbersIn,
  type OutputFormat,
  type OutputOptions,
  refuse,
  stressOfMatrix,
  whatIsNotFinite,
} from "./outputs.js";
import { speciesOfText } from "./species.js";
import { type XmlEvent, xmlEvents } from "./xml-events.js";

export const vasprun: OutputFormat = {
  name: "vasprun",
  title: "VASP vasprun.xml",
  extensions: ["vasprun", "vasprun.xml"],
  sniff: (head) => /^\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)*<modeling>/.test(head),
  read: readVasprun,
};

interface Step {
  readonly number: number;
  readonly line: number;
  iterations: number;
  /** Energies of the last iteration and of the step. */
  readonly electronic: Map<string, number>;
  readonly ionic: Map<string, number>;
  readonly arrays: Map<string, number[]>;
}

class Reading {
  private readonly options: OutputOptions;
  /** Open elements with their names, "varray forces". */
  private readonly path: string[] = [];
  private version = "";
  private maxIterations = Number.POSITIVE_INFINITY;
  private readonly species: number[] = [];
  private firstCell: string | undefined;
  private step: Step | undefined;
  private steps = 0;

  constructor(options: OutputOptions) {
    this.options = options;
  }

  take(event: XmlEvent): Frame | undefined {
    if (event.kind === "open") this.open(event);
    else if (event.kind === "cut") this.cut(event);
    else {
      const frame = this.close(event);
      this.path.pop();
      return frame;
    }
    return undefined;
  }

  private open({ name, attributes, line }: XmlEvent & { kind: "open" }): void {
    this.path.push(attributes.has("name") ? `${name} ${attributes.get("name")}` : name);
    if (name === "calculation") this.begin(line);
    if (name === "scstep" && this.step !== undefined) this.step.iterations++;
    if (name === "rc") this.firstCell = undefined;
  }

  private begin(line: number): void {
    const number = ++this.steps;
    this.step = { number, line, iterations: 0, electronic: new Map(), ionic: new Map(), arrays: new Map() };
  }

  private close({ name, text, line }: XmlEvent & { kind: "close" }): Frame | undefined {
    if (name === "i") this.closeValue(text);
    else if (name === "v") this.closeVector(text);
    else if (name === "c") this.firstCell ??= text.trim();
    else if (name === "rc" && this.path.includes("array atoms")) this.closeAtom(line);
    else if (name === "calculation" && this.step !== undefined) return this.finish(this.step, line);
    return undefined;
  }

  private closeValue(text: string): void {
    const key = this.path.at(-1)!.slice(2);
    if (key === "version" && this.path.includes("generator")) this.version = text.trim();
    if (key === "NELM") this.maxIterations = Number(text);
    if (this.step === undefined || this.path.at(-2) !== "energy") return;
    const energies = this.path.at(-3) === "scstep" ? this.step.electronic : this.step.ionic;
    energies.set(key, numbersIn(text)[0] ?? Number.NaN);
  }

  private closeVector(text: string): void {
    const array = this.path.at(-2);
    if (this.step === undefined || array?.startsWith("varray ") !== true) return;
    const key = array.slice(7);
    const values = this.step.arrays.get(key) ?? [];
    values.push(...numbersIn(text));
    this.step.arrays.set(key, values);
  }

  private closeAtom(line: number): void {
    const z = speciesOfText(this.firstCell ?? "");
    if (z !== undefined) {
      this.species.push(z);
      return;
    }
    throw new InputError({
      code: "unknown-element",
      where: { file: this.options.file, line, atom: this.species.length + 1 },
      problem: `There is no element ${JSON.stringify(this.firstCell ?? "")}.`,
      remedy: "VASP writes r for elements that it does not recognise: correct the element line of the POSCAR.",
    });
  }

  /** Refuses or gives the frame of a whole `<calculation>`. */
  private finish(step: Step, line: number): Frame | undefined {
    this.step = undefined;
    const where = { file: this.options.file, line, structure: step.number };
    const draft = this.draftOf(step);
    const number = `Ionic step ${step.number}`;
    if (step.iterations >= this.maxIterations) {
      refuse(this.options, {
        code: "unconverged",
        where,
        problem: `${number}: the electrons have not converged in ${step.iterations} iterations (NELM).`,
        remedy: "Repeat this structure with more iterations, another mixing or more smearing.",
      });
    } else if (typeof draft === "string") {
      const problem = `${number} has no ${draft}.`;
      refuse(this.options, { code: "cut-output", where, problem, remedy: "Run the calculation again." });
    } else {
      const bad = whatIsNotFinite(draft);
      if (bad === undefined) return frameOfStep(this.options.file, draft);
      const problem = `${number}: not every number of its ${bad} is finite.`;
      refuse(this.options, { code: "not-finite", where, problem, remedy: "Repeat the calculation." });
    }
    return undefined;
  }

  /** The step in our units, or what it lacks. */
  private draftOf(step: Step) {
    const { arrays, electronic, ionic, number, line, iterations } = step;
    const [basis, fractions, forces, stress] = ["basis", "positions", "forces", "stress"].map((key) => arrays.get(key));
    const count = 3 * this.species.length;
    if (count === 0) return "list of atoms";
    if (basis?.length !== 9 || fractions?.length !== count) return "structure";
    const free = ionic.get("e_fr_energy");
    if (free === undefined) return "energy";
    if (forces !== undefined && forces.length !== count) return "complete forces";
    const zero = free + (electronic.get("e_0_energy") ?? Number.NaN) - (electronic.get("e_fr_energy") ?? Number.NaN);
    const cell = Float64Array.from(basis);
    const byZero = this.options.energy === "zero";
    const info = new Map<string, string | number>([["program", `vasp ${this.version}`]]);
    const other = byZero ? free : zero;
    if (Number.isFinite(other)) info.set(byZero ? "free_energy" : "energy_zero", other);
    return {
      species: Uint8Array.from(this.species),
      positions: toCartesian(Float64Array.from(fractions), cell),
      cell,
      periodic: everywhere,
      energy: byZero ? zero : free,
      forces: forces && Float64Array.from(forces),
      stress: stress?.length === 9 ? stressOfMatrix(stress, kilobar) : undefined,
      info: info.set("scf_iterations", iterations),
      number,
      line,
    };
  }

  private cut({ line }: XmlEvent & { kind: "cut" }): void {
    const number = this.step?.number ?? this.steps + 1;
    // After a whole step the missing end of the file costs nothing.
    if (this.step === undefined && this.steps > 0) return;
    refuse(this.options, {
      code: "cut-output",
      where: { file: this.options.file, line, structure: number },
      problem: `Ionic step ${number} breaks off: the file ends inside <${this.path.at(-1)?.split(" ")[0] ?? "modeling"}>.`,
      remedy: "VASP has been stopped or the file cut: run the calculation again if the step is needed.",
    });
  }
}

async function* readVasprun(source: ByteSource, options: OutputOptions): AsyncGenerator<Frame> {
  const reading = new Reading(options);
  for await (const event of xmlEvents(source, options.file)) {
    const frame = reading.take(event);
    if (frame !== undefined) yield frame;
  }
}
