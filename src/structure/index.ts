export {
  heights,
  inverseCell,
  type Periodic,
  periodicFrame,
  relativeVolume,
  replicate,
  signedVolume,
  toCartesian,
  toFractional,
  volume,
  wrap,
} from "./cell.js";
export { checkStructure } from "./checks.js";
export { atomicNumber, elementSymbol, elementSymbols } from "./elements.js";
export { type ReducedFrame, reduceFrame } from "./reduce.js";
export * from "./structure.js";
