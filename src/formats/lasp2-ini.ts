/**
 * What LASP2 starts from: `lasp2.ini` (sections LASP2, LAMMPS, N2P2, VASP; keys whatever their case; lines that begin with # or ; are
 * comments), and of the LAMMPS commands beside it what says which dynamics is wanted. LAMMPS's units are `metal`.
 */
import { InputError, type Place } from "../errors/index.js";

export interface Lasp2Ini {
  readonly name: string | undefined;
  /** numSeeds: potentials in the committee. */
  readonly members: number;
  /** procsVASP, else numProcs. */
  readonly processes: number;
  /** exec: what starts programs on several processes ("srun", "mpirun"). */
  readonly launcher: string;
  /** dirPotentials, dirDatabase */
  readonly potentials: string;
  readonly database: string;
  readonly totalSteps: number;
  readonly checkSteps: number;
  /** eV/Å */
  readonly threshold: number;
  /** epochsLong; LASP2 takes 100 without it. */
  readonly epochs: number;
  readonly vasp: string;
  readonly elements: readonly string[];
}

const sections: Readonly<Record<string, readonly string[]>> = {
  lasp2: [
    "simname",
    "numseeds",
    "numprocs",
    "procslammps",
    "procsn2p2",
    "procsvasp",
    "exec",
    "dirpotentials",
    "dirdatabase",
  ],
  lammps: ["dirpylammps", "totalsteps", "checksteps", "threshold"],
  n2p2: ["binscaling", "bintraining", "epochslong"],
  vasp: ["binvasp", "elements"],
};

interface Entry {
  readonly value: string;
  readonly where: Place;
}

/** Throws InputError with file and line. */
export function readLasp2Ini(text: string, file: string): Lasp2Ini {
  const entries = entriesOf(text, file);
  const optional = (key: string): string | undefined => entries.get(key)?.value;
  const required = (key: string, name: string): Entry => {
    const entry = entries.get(key);
    if (entry !== undefined && entry.value !== "") return entry;
    throw new InputError({
      code: "missing-key",
      where: entry?.where ?? { file },
      problem: `lasp2.ini does not say ${name}.`,
      remedy: `Add ${name} = … to section [${key.split(".")[0]!.toUpperCase()}].`,
    });
  };
  const number = (key: string, name: string, whole = true): number => numberOf(required(key, name), name, whole);
  const processes = entries.has("lasp2.procsvasp") ? number("lasp2.procsvasp", "procsVASP") : undefined;
  return {
    name: optional("lasp2.simname"),
    members: number("lasp2.numseeds", "numSeeds"),
    processes: processes ?? (entries.has("lasp2.numprocs") ? number("lasp2.numprocs", "numProcs") : 1),
    launcher: optional("lasp2.exec") ?? "",
    potentials: required("lasp2.dirpotentials", "dirPotentials").value,
    database: required("lasp2.dirdatabase", "dirDatabase").value,
    totalSteps: number("lammps.totalsteps", "totalSteps"),
    checkSteps: number("lammps.checksteps", "checkSteps"),
    threshold: number("lammps.threshold", "threshold", false),
    epochs: entries.has("n2p2.epochslong") ? number("n2p2.epochslong", "epochsLong") : 100,
    vasp: optional("vasp.binvasp") ?? "vasp_std",
    elements: required("vasp.elements", "elements").value.split(/\s+/),
  };
}

function entriesOf(text: string, file: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  let section = "";
  for (const [k, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const where = { file, line: k + 1 };
    if (line === "" || /^[#;]/.test(line)) continue;
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = header.toLowerCase();
      if (!Object.hasOwn(sections, section)) throw unknown(`section [${header}]`, where);
      continue;
    }
    const [, key = "", value = ""] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (!sections[section]?.includes(key.toLowerCase())) throw unknown(`"${line}"`, where);
    entries.set(`${section}.${key.toLowerCase()}`, { value, where });
  }
  return entries;
}

const unknown = (what: string, where: Place): InputError =>
  new InputError({
    code: "unknown-key",
    where,
    problem: `LASP2 has no ${what}.`,
    expected: `Sections ${Object.keys(sections)
      .map((s) => `[${s.toUpperCase()}]`)
      .join(", ")} with the keys of LASP2's documentation.`,
    remedy: "Correct its spelling, or put a # before it.",
  });

function numberOf({ value, where }: Entry, name: string, whole: boolean): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number) && (!whole || Number.isInteger(number))) return number;
  throw new InputError({
    code: "bad-value",
    where,
    problem: `${name} is "${value}".`,
    expected: `A ${whole ? "whole number" : "number"} above 0.`,
    remedy: "Correct it.",
  });
}

/** The dynamics of `input.lmp`, in Å, fs, K, GPa. */
export interface Lasp2Dynamics {
  /** Of read_data. */
  readonly structure: string;
  readonly ensemble: "nve" | "nvt" | "npt";
  /** fs */
  readonly timestep: number;
  readonly temperature: number;
  /** fs; undefined for nve. */
  readonly temperatureTime: number | undefined;
  /** Undefined but for npt. */
  readonly pressure: number | undefined;
  /** Lines that change the dynamics and mean nothing here. */
  readonly ignored: readonly { readonly line: number; readonly text: string }[];
}

const femtoseconds = 1000;
const gigapascalPerBar = 1e-4;
/** Commands that say nothing of the dynamics, or what is taken from elsewhere: the potential, output, neighbours. */
const silent =
  /^(units|atom_style|boundary|pair_style|pair_coeff|neighbor|neigh_modify|dump|dump_modify|thermo|thermo_style|mass|variable|log|print|echo|newton|processors)\b/;

/** Throws InputError where no structure is read, where units are not metal, or where the ensemble is another. */
export function readLasp2Dynamics(text: string, file: string): Lasp2Dynamics {
  const found: { -readonly [K in keyof Lasp2Dynamics]?: Lasp2Dynamics[K] } = { ensemble: "nve", timestep: 1 };
  const ignored: { line: number; text: string }[] = [];
  for (const [k, raw] of text.split(/\r?\n/).entries()) {
    const words = raw.replace(/#.*/, "").trim().split(/\s+/);
    const where = { file, line: k + 1 };
    if (words[0] === "") continue;
    if (words[0] === "units" && words[1] !== "metal") throw notMetal(words[1], where);
    if (words[0] === "read_data" && words[1] !== undefined) found.structure = words[1];
    else if (words[0] === "timestep") found.timestep = femtoseconds * Number(words[1]);
    else if (words[0] === "velocity" && words[2] === "create") found.temperature ??= Number(words[3]);
    else if (words[0] === "fix" && /^(nve|nvt|npt)$/.test(words[3] ?? "")) Object.assign(found, ensembleOf(words));
    else if (!silent.test(words[0]!)) ignored.push({ line: k + 1, text: raw.trim() });
  }
  const { structure, temperature = 300 } = found;
  if (structure === undefined || !Number.isFinite(temperature) || !((found.timestep ?? 0) > 0)) throw noStart(file);
  const { ensemble = "nve", timestep = 1, temperatureTime, pressure } = found;
  return { structure, ensemble, timestep, temperature, temperatureTime, pressure, ignored };
}

/** fix ID group nvt temp T0 T1 damp; npt also has iso P0 P1 damp. */
function ensembleOf(words: readonly string[]): Partial<Lasp2Dynamics> {
  const after = (word: string): number[] => {
    const at = words.indexOf(word);
    return at < 0 ? [] : words.slice(at + 1, at + 4).map(Number);
  };
  const [temperature, , damping] = after("temp");
  const [pressure] = ["iso", "aniso", "tri"].map(after).find((numbers) => numbers.length > 0) ?? [];
  return {
    ensemble: words[3] as Lasp2Dynamics["ensemble"],
    ...(temperature === undefined ? {} : { temperature }),
    ...(damping === undefined ? {} : { temperatureTime: femtoseconds * damping }),
    ...(pressure === undefined ? {} : { pressure: gigapascalPerBar * pressure }),
  };
}

const notMetal = (units: string | undefined, where: Place): InputError =>
  new InputError({
    code: "other-units",
    where,
    problem: `LAMMPS's units are "${units}" here.`,
    expected: "units metal, as LASP2's potentials have them.",
    remedy: "Write the configuration by hand: `potluck learn --help` has all its keys.",
  });

const noStart = (file: string): InputError =>
  new InputError({
    code: "no-start",
    where: { file },
    problem: "These LAMMPS commands do not say where dynamics starts.",
    expected: "read_data FILE, and a temperature and time step that are numbers.",
    remedy: "Write numbers in place of variables, or the configuration by hand.",
  });
