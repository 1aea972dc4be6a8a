/** What `potluck info` says about structures. */
import { checkFrames, countsByElement, groupsOf } from "../datasets/index.js";
import { describe, describePlace, InputError, type Trouble } from "../errors/index.js";
import { significant } from "../reports/index.js";
import { atomCount, elementSymbol, type Frame, volume } from "../structure/index.js";
import type { UnitSystem } from "../units/index.js";
import type { Info } from "./info.js";
import { layOut } from "./table.js";
import { kindOfFile, readData, refusalKinds } from "./wiring.js";

interface Range {
  readonly min: number;
  readonly max: number;
}

export async function dataSetInfo(path: string, units: UnitSystem): Promise<Info> {
  const { frames, refusals, files } = await readData([path], { units, acceptNothing: true });
  const groups = groupTable(frames);
  const record = {
    kind: "structures",
    file: path,
    formats: await formatCounts(files),
    structures: frames.length,
    atoms: sum(frames.map(({ structure }) => atomCount(structure))),
    elements: elementCounts(frames),
    labels: labelCounts(frames),
    groups,
    ranges: ranges(frames),
    refused: refusals,
    warnings: frames.length === 0 ? [] : warningsOf(frames),
  };
  return { record, text: textOf(record) };
}

/** Title of each format, and how many of the files are in it. */
async function formatCounts(files: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const file of files) {
    const title = (await kindOfFile(file))?.title ?? "unknown";
    counts[title] = (counts[title] ?? 0) + 1;
  }
  return counts;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function elementCounts(frames: readonly Frame[]): Record<string, number> {
  const counts = new Map<number, number>();
  for (const { structure } of frames) {
    for (const [z, n] of countsByElement(structure)) counts.set(z, (counts.get(z) ?? 0) + n);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => a - b).map(([z, n]) => [elementSymbol(z), n]));
}

const labelCounts = (frames: readonly Frame[]) => ({
  energy: frames.filter(({ energy }) => energy !== undefined).length,
  forces: frames.filter(({ forces }) => forces !== undefined).length,
  stress: frames.filter(({ stress }) => stress !== undefined).length,
  periodic: frames.filter(({ structure }) => structure.periodic.some(Boolean)).length,
});

interface GroupRow {
  readonly group: string;
  readonly structures: number;
  readonly atoms: Range;
  readonly energyPerAtom?: Range;
  readonly largestForce?: number;
}

function groupTable(frames: readonly Frame[]): GroupRow[] {
  const names = groupsOf(frames);
  const members = new Map<string, Frame[]>();
  frames.forEach((frame, k) => {
    members.set(names[k]!, [...(members.get(names[k]!) ?? []), frame]);
  });
  return [...members].map(([group, own]) => {
    const { energyPerAtom, force } = ranges(own);
    return {
      group,
      structures: own.length,
      atoms: rangeOf(own.map(({ structure }) => atomCount(structure)))!,
      ...(energyPerAtom ? { energyPerAtom } : {}),
      ...(force ? { largestForce: Math.max(Math.abs(force.min), Math.abs(force.max)) } : {}),
    };
  });
}

interface Ranges {
  readonly atoms?: Range;
  /** eV/atom */
  readonly energyPerAtom?: Range;
  /** Components, eV/Å. */
  readonly force?: Range;
  /** Å³/atom, of structures that repeat in three directions. */
  readonly volumePerAtom?: Range;
}

function ranges(frames: readonly Frame[]): Ranges {
  const energyPerAtom = rangeOf(
    frames.flatMap(({ energy, structure }) => (energy === undefined ? [] : [energy / atomCount(structure)])),
  );
  const volumePerAtom = rangeOf(
    frames.flatMap(({ structure }) =>
      structure.cell && structure.periodic.every(Boolean) ? [volume(structure.cell) / atomCount(structure)] : [],
    ),
  );
  const force = rangeOf(frames.flatMap(({ forces }) => (forces ? extremes(forces) : [])));
  const atoms = rangeOf(frames.map(({ structure }) => atomCount(structure)));
  return {
    ...(atoms ? { atoms } : {}),
    ...(energyPerAtom ? { energyPerAtom } : {}),
    ...(force ? { force } : {}),
    ...(volumePerAtom ? { volumePerAtom } : {}),
  };
}

function rangeOf(numbers: readonly number[]): Range | undefined {
  if (numbers.length === 0) return undefined;
  return numbers.reduce<Range>(({ min, max }, n) => ({ min: Math.min(min, n), max: Math.max(max, n) }), {
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  });
}

function extremes(values: Float64Array): number[] {
  const range = values.reduce(([min, max], v) => [Math.min(min!, v), Math.max(max!, v)], [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as number[]);
  return values.length === 0 ? [] : range;
}

/** What training would complain about; here even its errors are only told. */
function warningsOf(frames: readonly Frame[]): string[] {
  const hasEnergies = frames.some(({ energy }) => energy !== undefined);
  try {
    return checkFrames(frames, hasEnergies ? {} : { requireEnergies: false, requireForces: false }).map(describe);
  } catch (error) {
    if (error instanceof InputError) return [error.message];
    throw error;
  }
}

interface DataSetRecord {
  readonly file: string;
  readonly formats: Readonly<Record<string, number>>;
  readonly structures: number;
  readonly atoms: number;
  readonly elements: Readonly<Record<string, number>>;
  readonly labels: ReturnType<typeof labelCounts>;
  readonly groups: readonly GroupRow[];
  readonly ranges: Ranges;
  readonly refused: readonly Trouble[];
  readonly warnings: readonly string[];
}

function textOf(record: DataSetRecord): string {
  const { labels, groups, ranges: all, refused, warnings } = record;
  const lines = [
    headline(record),
    `labels: energy ${labels.energy}, forces ${labels.forces}, stress ${labels.stress}`,
    rangeLine("energy", all.energyPerAtom, "eV/atom"),
    rangeLine("force component", all.force, "eV/Å"),
    rangeLine("volume", all.volumePerAtom, "Å³/atom"),
  ].filter((line) => line !== "");
  const table = groups.length > 1 ? ["", groupText(groups)] : [];
  return [...lines, ...table, ...refusedText(refused), ...warnings.map((warning) => `\nWarning: ${warning}`)].join(
    "\n",
  );
}

/** "run/OUTCAR: VASP OUTCAR, 3 steps, of which 2 are structures with 8 atoms (Si 8), 2 periodic" */
function headline({ file, formats, structures, atoms, elements, labels, refused }: DataSetRecord): string {
  const counts = Object.entries(elements).map(([symbol, n]) => `${symbol} ${n}`);
  const files = Object.entries(formats).map(([title, n]) => (n === 1 ? title : `${n} × ${title}`));
  const of = refused.length === 0 ? "" : `${counted(structures + refused.length, "calculation")}, of which `;
  const what = `${of}${counted(structures, "structure")}, ${counted(atoms, "atom")}`;
  const elementsText = counts.length === 0 ? "" : ` (${counts.join(", ")})`;
  return `${file}: ${files.join(", ")}: ${what}${elementsText}, ${labels.periodic} periodic`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** What was refused, one a line; the rest is in the JSON. */
function refusedText(refused: readonly Trouble[]): string[] {
  const most = 20;
  const lines = refused.slice(0, most).map(({ where, problem }) => `  ${describePlace(where)}: ${problem}`);
  const more = refused.length > most ? [`  and ${refused.length - most} more (--json names all)`] : [];
  return refused.length === 0 ? [] : ["", `Left out (${refusalKinds(refused)}):`, ...lines, ...more];
}

const rangeLine = (what: string, range: Range | undefined, unit: string): string =>
  range ? `${what}: ${significant(range.min, 5)} to ${significant(range.max, 5)} ${unit}` : "";

function groupText(groups: readonly GroupRow[]): string {
  const range = (r: Range | undefined, digits: number): string =>
    !r
      ? "–"
      : r.min === r.max
        ? significant(r.min, digits)
        : `${significant(r.min, digits)} to ${significant(r.max, digits)}`;
  const atoms = ({ min, max }: Range): string => (min === max ? String(min) : `${min} to ${max}`);
  const rows = groups.map((row) => [
    row.group,
    String(row.structures),
    atoms(row.atoms),
    range(row.energyPerAtom, 5),
    row.largestForce === undefined ? "–" : significant(row.largestForce),
  ]);
  return layOut([["group", "structures", "atoms", "energy, eV/atom", "largest force, eV/Å"], ...rows], { text: 1 });
}
