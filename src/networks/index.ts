export { type AffineMap, foldInputs, unfoldGradient } from "./affine.js";
export { NetworkBatch, type RowSet } from "./batch.js";
export * from "./definition.js";
