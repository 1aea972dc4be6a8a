/** Lists of the elements that a potential knows. */
import { InputError } from "../errors/index.js";
import { elementSymbol } from "./elements.js";

/**
 * Index in `elements` (atomic numbers) of each atom's element. Throws InputError (`element-not-in-potential`) for the first atom that has
 * none; `name` is what the message calls the owner of the list.
 */
export function elementIndices(species: Uint8Array, elements: readonly number[], name = "potential"): Uint8Array {
  const indexOf = new Map(elements.map((z, index) => [z, index]));
  return species.map((z, i) => {
    const index = indexOf.get(z);
    if (index !== undefined) return index;
    throw new InputError({
      code: "element-not-in-potential",
      where: { atom: i + 1 },
      problem: `The structure contains ${elementSymbol(z)}, which the ${name} does not know.`,
      expected: `It knows ${elementList(elements)}.`,
      remedy: "Use a potential that knows this element, or remove the structure.",
    });
  });
}

/** "C, Si"; "H to Og" for a long one without gaps. */
export function elementList(elements: readonly number[]): string {
  const gapless = elements.length > 10 && elements.every((z, k) => z === elements[0]! + k);
  return gapless
    ? `${elementSymbol(elements[0]!)} to ${elementSymbol(elements[elements.length - 1]!)}`
    : elements.map(elementSymbol).join(", ");
}
