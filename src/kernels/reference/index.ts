/** The plain TypeScript column: clarity before speed. Every other column is tested against it. */
export { type ActivationLetter, type ActivationValue, activation } from "./activations.js";
export { angularPower, angularWindow, type PowerParameters, type WindowParameters, wholePower } from "./angular.js";
export { asymmetricCore, type Core, coreFunction } from "./cores.js";
export { type CutoffParameters, cutoffFunction } from "./cutoff.js";
export { type BumpParameters, bump, type GaussianParameters, gaussian } from "./radial.js";
export type { ValueSlope } from "./value-slope.js";
