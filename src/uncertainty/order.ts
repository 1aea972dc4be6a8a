/** Where values stand in ascending order. Sorting bare numbers and looking them up is many times faster than sorting indices. */

/** How many of the ascending values are below x. */
export function countBelow(ascending: Float64Array, x: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the ascending values are at most x. */
export function countUpTo(ascending: Float64Array, x: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Place of each value in ascending order from 0, equal values in the order in which they come, [value]. */
export function places(values: Float64Array): Uint32Array {
  const ascending = values.slice().sort();
  const taken = new Uint32Array(values.length);
  return Uint32Array.from(values, (x) => {
    const first = countBelow(ascending, x);
    return first + taken[first]++;
  });
}

/** Ranks from 1, equal values with the mean of theirs, [value]. */
export function midranks(values: ArrayLike<number>): Float64Array {
  const ascending = Float64Array.from(values).sort();
  return Float64Array.from(values, (x) => (countBelow(ascending, x) + 1 + countUpTo(ascending, x)) / 2);
}
