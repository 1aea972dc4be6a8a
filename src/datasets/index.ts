export { type EnergyScale, energyScale, energyUnitTrouble } from "./energy-unit.js";
export {
  dataHash,
  duplicatePairs,
  duplicates,
  duplicatesWithin,
  type Fingerprint,
  fingerprint,
  sameFingerprint,
} from "./fingerprint.js";
export { compositionFormula, countsByElement, groupsOf } from "./groups.js";
export { checkFrames, type LintOptions } from "./lint.js";
export { type ReferenceEnergies, referenceEnergies, residualEnergies } from "./reference-energies.js";
export { describeLevels, type ReferenceLevels, referenceLevels } from "./reference-levels.js";
export { indicesByGroup, type Split, type SplitRule, splitFrames, validationFolds } from "./split.js";
