/**
 * An atom's record in training: where the derivatives of its functions are.
 *
 * 32-bit words: [0] pointer to the derivative rows, [1] pointer to the neighbours' atom indices (i32), then for each element e
 * [2+3e] number of distinct neighbour atoms of that element (filled by the kernel), [3+3e] padded row length L, a multiple of 4,
 * [4+3e] pointer to the function of each column (i32[L], padding points to the dummy function).
 *
 * Rows are f32 [neighbour][xyz][L], in the order of the elements; images of one atom are summed and the atom's own left out.
 */
export const recordWords = (elements: number): number => 2 + 3 * elements;
