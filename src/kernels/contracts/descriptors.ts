/**
 * Tables by which the descriptor kernels know the functions around one element: a "program".
 *
 * Radial shapes are numbered: Gaussian ones first, those used with r_jk before the others, padded to an even number;
 * compact ones from `compactAt` on, again those used with r_jk first. Angular factors: powers, then windows.
 *
 * For each neighbour element there is a list of columns, one per function in which such a neighbour takes part: radial ones
 * first (padded to an even number), then the groups of angular functions. A group holds the functions of one pair of neighbour
 * elements, narrow or wide; its columns are contiguous in the lists of both elements and padded to an even number.
 *
 * Header, 32-bit words:
 *   0 elements · 1 Gaussian shapes · 2 compact shapes · 3 cutoffs · 4 powers · 5 windows · 6 groups · 7 functions
 *   8 η · 9 rs · 10 cutoff of each Gaussian shape (i32) · 11 compact table {rl, rc, core, asymmetric}
 *   12 cutoff table {type, α, rc, –} · 13 power table {λ, ζ, ζ whole, –} · 14 window table {left, right, core, –}, radians
 *   15 lists {length, radial columns, shape of each column (i32), weight of each radial column, function of each column (i32)}
 *   16 groups {element 1, element 2, columns, first column in list 1, in list 2, narrow, angle (i32), shape (i32), weight,
 *      function (i32) of each column}
 *   17 Gaussian shapes used with r_jk · 18 compact ones · 19 their cutoffs · 20–21 largest radius of a narrow function (f64)
 *   22 compactAt
 *
 * Padding points to function number `functions`, a dummy entry that every row of values and of gradients carries at its end;
 * its gradient must be 0.
 */

export const HEADER_WORDS = 24;
export const LIST_WORDS = 5;
export const GROUP_WORDS = 10;

/** Bytes of scratch that the descriptor kernels need for an atom with n neighbours. */
export function descriptorScratchBytes(n: number, program: { rowLength: number; tableBytes: number }): number {
  const perNeighbor = 8 + 32 + 32 + program.rowLength * 8 * (2 + 3);
  return n * perNeighbor + program.tableBytes + program.rowLength * 8 * 4 + 4096;
}
