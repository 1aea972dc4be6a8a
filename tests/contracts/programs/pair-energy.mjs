/** A smooth pair potential in a periodic cell: E = ½ Σ A(1 − r²/c²)⁴ − B(1 − r²/c²)³ for r < c; eV, Å. */

const A = 9;
const B = 6;
const cutoff = 4.2;

/** Energy, forces [atom][xyz] and dE/dε [3][3] of rows of positions in rows of a cell. */
export function pairEnergy(cell, positions) {
  const forces = positions.map(() => [0, 0, 0]);
  const strain = [0, 1, 2].map(() => [0, 0, 0]);
  let energy = 0;
  const shifts = [-2, -1, 0, 1, 2];
  const images = shifts.flatMap((i) => shifts.flatMap((j) => shifts.map((k) => [i, j, k])));
  for (const [a, from] of positions.entries())
    for (const to of positions)
      for (const image of images) {
        const d = [0, 1, 2].map((x) => to[x] + image.reduce((s, n, v) => s + n * cell[v][x], 0) - from[x]);
        const r2 = d[0] ** 2 + d[1] ** 2 + d[2] ** 2;
        if (r2 === 0 || r2 >= cutoff ** 2) continue;
        const u = 1 - r2 / cutoff ** 2;
        energy += (A * u ** 4 - B * u ** 3) / 2;
        // dE/dr · 1/r of a whole pair
        const slope = (4 * A * u ** 3 - 3 * B * u ** 2) * (-2 / cutoff ** 2);
        for (let x = 0; x < 3; x++) {
          forces[a][x] += slope * d[x];
          for (let y = 0; y < 3; y++) strain[x][y] += (slope * d[x] * d[y]) / 2;
        }
      }
  return { energy, forces, strain };
}

export const determinant = ([a, b, c]) =>
  a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);

/** Inverse of a 3×3 matrix. */
export function inverse(m) {
  const d = determinant(m);
  const cross = (p, q) => [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
  const columns = [cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])];
  return [0, 1, 2].map((row) => columns.map((column) => column[row] / d));
}

export const times = (v, m) => [0, 1, 2].map((x) => v[0] * m[0][x] + v[1] * m[1][x] + v[2] * m[2][x]);
