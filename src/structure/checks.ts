/** Checks that a structure can be worked with at all: finite numbers, and a volume where it repeats. */
import { InputError, type Place } from "../errors/index.js";
import { periodicFrame, relativeVolume } from "./cell.js";
import { elementSymbol } from "./elements.js";
import { atomCount, type Structure } from "./structure.js";

/**
 * Volume over the product of the vectors' lengths below which vectors count as lying in a plane. A cell of 1 Å × 10⁶ Å
 * at 10⁻³ degrees is far above; vectors written with 12 digits that should be in a plane are below.
 */
const FLAT = 1e-10;

/** Throws an InputError (`non-finite`, `missing-cell`, `zero-volume`, `wrong-length`) if the geometry is unusable. */
export function checkStructure(structure: Structure, where: Place = {}): void {
  checkLengths(structure, where);
  checkFinite(structure, where);
  const { cell, periodic } = structure;
  if (!periodic.some(Boolean)) return;
  if (cell === undefined) {
    throw new InputError({
      code: "missing-cell",
      where,
      problem: "The structure repeats but has no cell.",
      remedy: "Give three lattice vectors, or mark it as not periodic.",
    });
  }
  const relative = relativeVolume(periodicFrame(cell, periodic));
  if (!(relative > FLAT)) {
    const rows = [0, 3, 6].map((k) => `(${cell.slice(k, k + 3).join(" ")})`).join(", ");
    throw new InputError({
      code: "zero-volume",
      where,
      problem: `The lattice vectors ${rows} Å span no volume.`,
      remedy: "Correct the lattice vectors, or mark the directions that do not repeat as not periodic.",
    });
  }
}

function checkLengths(structure: Structure, where: Place): void {
  const { species, positions, cell } = structure;
  if (positions.length === 3 * species.length && (cell === undefined || cell.length === 9)) return;
  throw new InputError({
    code: "wrong-length",
    where,
    problem: `${species.length} atoms come with ${positions.length} coordinates and ${cell?.length ?? 0} cell numbers.`,
    expected: "Each atom has three coordinates, a cell has nine numbers.",
    remedy: "Correct the structure.",
  });
}

function checkFinite(structure: Structure, where: Place): void {
  const { species, positions, cell } = structure;
  for (let i = 0; i < atomCount(structure); i++) {
    const [x, y, z] = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!];
    if (Number.isFinite(x + y + z)) continue;
    throw new InputError({
      code: "non-finite",
      where: { ...where, atom: i + 1 },
      problem: `The position (${x} ${y} ${z}) Å of this ${elementSymbol(species[i]!)} atom is not finite.`,
      remedy: "Remove the structure or correct its positions.",
    });
  }
  if (cell?.every(Number.isFinite) === false) {
    throw new InputError({
      code: "non-finite",
      where,
      problem: `The cell (${cell.join(" ")}) Å is not finite.`,
      remedy: "Remove the structure or correct its lattice vectors.",
    });
  }
}
