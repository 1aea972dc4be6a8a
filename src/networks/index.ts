export { type AffineMap, foldInputs, unfoldGradient } from "./affine.js";
export { NetworkBatch, type RowSet } from "./batch.js";
export * from "./definition.js";
export { DropoutBatch } from "./dropout-batch.js";
export {
  checkDropout,
  type DropoutMask,
  type DropoutMasks,
  drawMask,
  drawMasks,
  hiddenUnits,
  maskedParameters,
  maskOf,
  packKept,
  unmaskGradient,
  unpackKept,
} from "./dropout-masks.js";
