/**
 * Nanoparticles of face-centred cubic metals: Wulff shapes from surface energies, core and shell, random alloys.
 *
 * Wulff (1901): the shape of least surface energy is what lies within all planes at distances d = λ γ from the centre,
 *
 *   x·n ≤ λ γ(n)   for all n of {111}, {100}, {110}
 *
 * so each site has the λ at which the growing shape takes it in, max x·n/γ(n), and the particles that exist are the sites up to some λ.
 */
import { InputError } from "../errors/index.js";
import { RandomStream } from "../math/index.js";
import { atomicNumber } from "./elements.js";
import { atomCount, type Structure } from "./structure.js";

export interface WulffOptions {
  /** Symbol */
  readonly element: string;
  /** a, Å */
  readonly latticeConstant: number;
  /** γ in any unit, for only their ratios count. A family that is left out forms no facets; one of {111} and {100} is needed, or {110}. */
  readonly surfaceEnergies: { readonly "111"?: number; readonly "100"?: number; readonly "110"?: number };
  /** Atoms wanted: the particle has the nearest number that a shape of this kind can have. */
  readonly atoms?: number;
  /** Å, of the sphere of the same volume, in the place of `atoms`. */
  readonly diameter?: number;
  /** What is at the centre: an atom, or the octahedral hollow between six. Default "atom". */
  readonly centre?: "atom" | "hollow";
}

export interface WulffParticle {
  /** Around the origin, from the centre to the surface; without a cell. */
  readonly structure: Structure;
  /** Distances of the facets from the centre, Å; of facets that lie outside all atoms too. */
  readonly distances: Readonly<Record<string, number>>;
  /** Numbers of atoms of the next smaller and the next larger particle of this kind. */
  readonly neighbours: readonly [number, number];
}

interface Site {
  readonly position: readonly [number, number, number];
  /** λ at which the shape takes it in. */
  readonly scale: number;
}

/** λ that differ by less are the same. */
const SAME_SHELL = 1e-9;

/** Throws InputError: `unknown-element`, `bad-lattice-constant`, `bad-surface-energy`, `bad-size`. */
export function wulffParticle(options: WulffOptions): WulffParticle {
  const { latticeConstant: a, surfaceEnergies, centre = "atom" } = options;
  const element = numberOf(options.element);
  if (!(a > 0 && Number.isFinite(a)))
    throw refused("bad-lattice-constant", `The lattice constant is ${a} Å.`, "A finite length above 0 Å.");
  const energies = checkedEnergies(surfaceEnergies);
  const wanted = wantedAtoms(options);
  const sites = sitesInOrder(a, { energies, centre, wanted });
  const sizes = shellEnds(sites);
  const nearest = sizes.reduce((best, n, k) => (Math.abs(n - wanted) < Math.abs(sizes[best] - wanted) ? k : best), 0);
  const kept = sites.slice(0, sizes[nearest]);
  const scale = kept[kept.length - 1].scale;
  return {
    structure: {
      species: new Uint8Array(kept.length).fill(element),
      positions: Float64Array.from(kept.flatMap(({ position }) => position)),
      cell: undefined,
      periodic: [false, false, false],
    },
    distances: Object.fromEntries(Object.entries(energies).map(([family, energy]) => [family, scale * energy])),
    neighbours: [sizes[nearest - 1] ?? 0, sizes[nearest + 1]],
  };
}

type Energies = Readonly<Record<"111" | "100" | "110", number>>;

/** Families that are left out are at infinity. */
function checkedEnergies(given: WulffOptions["surfaceEnergies"]): Energies {
  const far = Number.POSITIVE_INFINITY;
  const energies = { "111": given["111"] ?? far, "100": given["100"] ?? far, "110": given["110"] ?? far };
  const list = Object.values(given).filter((energy) => energy !== undefined);
  if (list.length > 0 && list.every((energy) => energy > 0 && Number.isFinite(energy))) return energies;
  const found = Object.entries(given).map(([family, energy]) => `{${family}} ${energy}`);
  throw refused(
    "bad-surface-energy",
    `The surface energies are ${found.join(", ") || "not given"}.`,
    "Finite numbers above 0 for one or more of {111}, {100} and {110}.",
  );
}

function wantedAtoms({ atoms, diameter, latticeConstant }: WulffOptions): number {
  const wanted = atoms ?? ((Math.PI / 6) * (diameter ?? Number.NaN) ** 3 * 4) / latticeConstant ** 3;
  if (wanted >= 1 && wanted <= 1e6 && (atoms === undefined) !== (diameter === undefined)) return wanted;
  throw refused(
    "bad-size",
    `A particle of ${atoms ?? "no number of"} atoms and a diameter of ${diameter ?? "no number of"} Å is wanted.`,
    "Either a number of atoms or a diameter, for 1 to 1000000 atoms.",
  );
}

/** λ of a place. With sorted |x| ≥ |y| ≥ |z| the nearest planes are (1 0 0), (1 1 0)/√2 and (1 1 1)/√3. */
function scaleOf(place: readonly number[], energies: Energies): number {
  const [x, y, z] = place.map(Math.abs).sort((p, q) => q - p);
  return Math.max(
    x / energies["100"],
    (x + y) / Math.SQRT2 / energies["110"],
    (x + y + z) / Math.sqrt(3) / energies["111"],
  );
}

/** Sites of the lattice by λ, whole shells, to beyond the wanted number. */
function sitesInOrder(
  a: number,
  about: { readonly energies: Energies; readonly centre: "atom" | "hollow"; readonly wanted: number },
): Site[] {
  const { energies, centre, wanted } = about;
  // The shape of λ = 1 lies within a cube of this half edge.
  const extent = Math.min(energies["100"], Math.SQRT2 * energies["110"], Math.sqrt(3) * energies["111"]);
  const sites: Site[] = [];
  // Half edge of a cube that holds the wanted number, and more until a whole shell beyond it is inside.
  for (let steps = Math.ceil(Math.cbrt(2 * wanted)) + 2; ; steps += 2) {
    sites.length = 0;
    const whole = ((steps - 1) * a) / 2 / extent;
    const parity = centre === "atom" ? 0 : 1;
    for (let i = -steps; i <= steps; i++)
      for (let j = -steps; j <= steps; j++)
        for (let k = -steps; k <= steps; k++) {
          // Sites are at halves of a whose sum is even; seen from the octahedral hollow the sum is odd.
          if (((i + j + k) & 1) !== parity) continue;
          const position = [(i * a) / 2, (j * a) / 2, (k * a) / 2] as const;
          const scale = scaleOf(position, energies);
          if (scale <= whole) sites.push({ position, scale });
        }
    sites.sort((p, q) => (Math.abs(p.scale - q.scale) > SAME_SHELL * q.scale ? p.scale - q.scale : 0));
    const sizes = shellEnds(sites);
    if (sizes.length > 1 && sizes[sizes.length - 2] > wanted) return sites;
  }
}

/** Numbers of sites up to the end of each shell of one λ. */
function shellEnds(sites: readonly Site[]): number[] {
  const ends: number[] = [];
  sites.forEach(({ scale }, k) => {
    const next = sites[k + 1]?.scale ?? Number.POSITIVE_INFINITY;
    if (next - scale > SAME_SHELL * next) ends.push(k + 1);
  });
  return ends;
}

export interface CoreShellOptions {
  /** Symbols */
  readonly core: string;
  readonly shell: string;
  /** Layers of the shell: the atoms that lack neighbours, then those that lack neighbours without them, and so on. */
  readonly layers?: number;
  /** Share of atoms in the shell instead, 0 to 1: the outermost by their distance from the centre, drawn among equals. */
  readonly share?: number;
  /** For the draw. Default 0. */
  readonly seed?: number;
}

/**
 * The same particle with a core of one element and a shell of another. Throws InputError: `unknown-element`, `periodic-particle`,
 * `bad-shell` where layers or share are none, both, or take all atoms.
 */
export function coreShell(particle: Structure, options: CoreShellOptions): Structure {
  const { layers, share, seed = 0 } = options;
  const [core, shell] = [numberOf(options.core), numberOf(options.shell)];
  const atoms = atomCount(particle);
  checkParticle(particle);
  const whole = layers !== undefined && share === undefined && Number.isInteger(layers) && layers >= 0;
  const part = share !== undefined && layers === undefined && share >= 0 && share <= 1;
  if (!whole && !part)
    throw refused(
      "bad-shell",
      `The shell has ${layers ?? "no number of"} layers and a share of ${share ?? "nothing"}.`,
      "Either a whole number of layers or a share between 0 and 1.",
    );
  const outer = whole ? peeled(particle, layers) : outermost(particle, Math.round((share ?? 0) * atoms), seed);
  const species = new Uint8Array(atoms).fill(core);
  for (const i of outer) species[i] = shell;
  return { ...particle, species };
}

export interface AlloyOptions {
  /** Shares by symbol, relative to one another: { Cu: 1, Au: 3 }. */
  readonly composition: Readonly<Record<string, number>>;
  readonly seed: number;
}

/**
 * The same sites with elements drawn at random, each in the number that comes nearest to its share (largest remainders). Throws
 * InputError: `unknown-element`, `bad-composition`.
 */
export function randomAlloy(structure: Structure, { composition, seed }: AlloyOptions): Structure {
  const entries = Object.entries(composition).map(([symbol, part]) => [numberOf(symbol), part] as const);
  const total = entries.reduce((sum, [, part]) => sum + part, 0);
  if (!(total > 0 && Number.isFinite(total)) || entries.some(([, part]) => !(part >= 0)))
    throw refused(
      "bad-composition",
      `The composition is ${
        Object.entries(composition)
          .map(([symbol, part]) => `${symbol} ${part}`)
          .join(", ") || "empty"
      }.`,
      "Finite shares, not below 0, of one element or more.",
    );
  const atoms = atomCount(structure);
  const exact = entries.map(([z, part]) => ({ z, exact: (part / total) * atoms }));
  const counts = exact.map((entry) => ({ ...entry, count: Math.floor(entry.exact + 1e-9) }));
  const missing = atoms - counts.reduce((sum, { count }) => sum + count, 0);
  const byRemainder = [...counts].sort((p, q) => q.exact - q.count - (p.exact - p.count));
  for (const entry of byRemainder.slice(0, missing)) entry.count++;
  const species = Uint8Array.from(counts.flatMap(({ z, count }) => new Array<number>(count).fill(z)));
  return { ...structure, species: new RandomStream(seed, "random alloy").shuffle(species) };
}

/** The atoms of the outer layers, outermost layer first. */
function peeled({ positions }: Structure, layers: number): number[] {
  const neighbors = nearestNeighbors(positions);
  const full = neighbors.reduce((most, list) => Math.max(most, list.length), 0);
  const missing = Int32Array.from(neighbors, (list) => full - list.length);
  const gone = new Uint8Array(neighbors.length);
  const outer: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const peel = [...missing.keys()].filter((i) => gone[i] === 0 && missing[i] > 0);
    for (const i of peel) {
      gone[i] = 1;
      for (const j of neighbors[i]) missing[j]++;
    }
    outer.push(...peel);
  }
  return outer;
}

/** Up to 1.2 times the shortest distance: in fcc the second shell is at √2. */
function nearestNeighbors(positions: Float64Array): number[][] {
  const atoms = positions.length / 3;
  let shortest = Number.POSITIVE_INFINITY;
  const squared = (i: number, j: number): number =>
    (positions[3 * i] - positions[3 * j]) ** 2 +
    (positions[3 * i + 1] - positions[3 * j + 1]) ** 2 +
    (positions[3 * i + 2] - positions[3 * j + 2]) ** 2;
  // Sorted along x: neighbours are near one another in this order.
  const order = Int32Array.from({ length: atoms }, (_, i) => i).sort((i, j) => positions[3 * i] - positions[3 * j]);
  const visit = (reach: () => number, pair: (i: number, j: number, d2: number) => void): void => {
    for (let p = 0; p < atoms; p++)
      for (let q = p + 1; q < atoms; q++) {
        const [i, j] = [order[p], order[q]];
        if (positions[3 * j] - positions[3 * i] > reach()) break;
        pair(i, j, squared(i, j));
      }
  };
  visit(
    () => shortest,
    (_, __, d2) => {
      shortest = Math.min(shortest, Math.sqrt(d2));
    },
  );
  const lists: number[][] = Array.from({ length: atoms }, () => []);
  const reach = 1.2 * shortest;
  visit(
    () => reach,
    (i, j, d2) => {
      if (d2 > reach * reach) return;
      lists[i].push(j);
      lists[j].push(i);
    },
  );
  return lists;
}

function outermost({ positions }: Structure, count: number, seed: number): number[] {
  const atoms = positions.length / 3;
  const centre = [0, 1, 2].map((x) => {
    let sum = 0;
    for (let k = x; k < positions.length; k += 3) sum += positions[k];
    return sum / atoms;
  });
  const radius = (i: number): number => Math.hypot(...centre.map((c, x) => positions[3 * i + x] - c));
  const drawn = new RandomStream(seed, "core and shell").shuffle([...new Array(atoms).keys()]);
  // Rounded: equal distances must be equal for the draw to decide, and the sort is stable.
  const rounded = drawn.map((i) => ({ i, r: Math.round(radius(i) * 1e6) }));
  return rounded
    .sort((p, q) => q.r - p.r)
    .slice(0, count)
    .map(({ i }) => i);
}

function checkParticle({ periodic, species }: Structure): void {
  if (!periodic.some(Boolean) && species.length > 0) return;
  throw refused(
    "periodic-particle",
    "The structure repeats, or has no atoms.",
    "A particle: atoms that do not repeat.",
  );
}

function numberOf(symbol: string): number {
  const z = atomicNumber(symbol);
  if (z !== undefined) return z;
  throw refused("unknown-element", `There is no element "${symbol}".`, "A chemical symbol such as Cu.");
}

const refused = (code: string, problem: string, expected: string): InputError =>
  new InputError({ code, problem, expected, remedy: "Correct the description of the particle." });
