export {
  bcc,
  caesiumChloride,
  diamond,
  type Element,
  fcc,
  hcp,
  rocksalt,
  simpleCubic,
  zincblende,
} from "./builders.js";
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
export { elementIndices, elementList } from "./element-lists.js";
export { atomicNumber, elementSymbol, elementSymbols } from "./elements.js";
export { atomicMasses, elementOfMass } from "./masses.js";
export * from "./nanoparticle.js";
export { frameName, located } from "./place.js";
export { type PrimitiveOptions, primitiveCell } from "./primitive.js";
export { type ReducedFrame, reduceFrame } from "./reduce.js";
export { type Slab, type SlabOptions, slab } from "./slab.js";
export type { Miller } from "./slab-cell.js";
export * from "./structure.js";
