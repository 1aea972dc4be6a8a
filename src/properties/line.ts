/** Straight lines through points. */

export interface Line {
  readonly slope: number;
  readonly intercept: number;
}

/** Least squares, all points of equal weight. */
export function lineThrough(x: ArrayLike<number>, y: ArrayLike<number>): Line {
  const n = x.length;
  const mean = (a: ArrayLike<number>): number => Array.from(a).reduce((sum, value) => sum + value, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  let [xx, xy] = [0, 0];
  for (let k = 0; k < n; k++) {
    xx += (x[k] - mx) ** 2;
    xy += (x[k] - mx) * (y[k] - my);
  }
  const slope = xx === 0 ? 0 : xy / xx;
  return { slope, intercept: my - slope * mx };
}
