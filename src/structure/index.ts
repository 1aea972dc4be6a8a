export { atomicNumber, elementSymbol, elementSymbols } from "./elements.js";
export * from "./structure.js";
