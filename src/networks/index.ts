export { type AffineMap, foldInputs, unfoldGradient } from "./affine.js";
export { NetworkBatch } from "./batch.js";
export * from "./definition.js";
