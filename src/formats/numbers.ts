/** Numbers as text. */

/**
 * The shortest decimal that reads back as the same number. The sign of zero, which `String` drops, stays; from 2^53 on
 * whole numbers get an exponent, since readers (ours, Python) take digits alone for an exact integer.
 */
export function numberText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  return Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isFinite(value) ? value.toExponential() : String(value);
}

/** Three numbers of row `row`, separated by blanks. */
export const tripleText = (values: ArrayLike<number>, row: number): string =>
  `${numberText(values[3 * row])} ${numberText(values[3 * row + 1])} ${numberText(values[3 * row + 2])}`;
