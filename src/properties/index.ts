export {
  AngleDistribution,
  type AngleDistributionOptions,
  type AngleDistributionResult,
  type TripletDistribution,
} from "./angle-distribution.js";
export { type Average, averageOf, FEWEST_SAMPLES, type TableRow } from "./averages.js";
export {
  type BirchMurnaghan,
  birchMurnaghanEnergy,
  birchMurnaghanPressure,
  fitBirchMurnaghan,
} from "./birch-murnaghan.js";
export { BlockSums } from "./block-sums.js";
export { type Blocking, type BlockingLevel, blocking } from "./blocking.js";
export { type BondOrder, bondOrder } from "./bond-order.js";
export { type LocalCrystal, localCrystals } from "./common-neighbors.js";
export {
  Coordination,
  type CoordinationOf,
  type CoordinationOptions,
  type CoordinationResult,
  coordinationNumbers,
} from "./coordination.js";
export { deformed, expanded } from "./deformation.js";
export type { Diffusion, DisplacementOf, DisplacementOptions, DisplacementResult } from "./diffusion.js";
export { type ElasticAverages, elasticAverages, type Moduli } from "./elastic-averages.js";
export { type ElasticConstants, type ElasticOptions, elasticConstants } from "./elastic-constants.js";
export { type EquationOfState, type EquationOfStateOptions, equationOfState } from "./equation-of-state.js";
export { equilibrated } from "./equilibration.js";
export { type Estimate, meanOf, mergeSeries, type SeriesEstimate } from "./estimates.js";
export { type FirstShell, firstShell } from "./first-shell.js";
export type { Cutoffs, PairCutoff } from "./frames.js";
export { Lindemann, type LindemannOptions, type LindemannResult } from "./lindemann.js";
export { MeanSquareDisplacement, meanSquareDisplacement } from "./mean-square-displacement.js";
export { mergeAngleDistributions, mergeRadialDistributions } from "./merging.js";
export {
  type PartialDistribution,
  RadialDistribution,
  type RadialDistributionOptions,
  type RadialDistributionResult,
  uniquePairs,
} from "./radial-distribution.js";
export {
  StructureFactor,
  type StructureFactorOptions,
  type StructureFactorResult,
  structureFactorFromRadial,
} from "./structure-factor.js";
export {
  joulesPerSquareMetre,
  type SurfaceEnergy,
  type SurfaceEnergySeries,
  type SurfaceOptions,
  surfaceEnergy,
  surfaceEnergySeries,
} from "./surface-energy.js";
export { type ThermoAverages, thermoAverages, thermoColumns } from "./thermo-averages.js";
export {
  type AnalysisOptions,
  analyzeTrajectory,
  type TimedStructure,
  type TrajectoryAnalysis,
} from "./trajectory-analysis.js";
export { Unwrapping } from "./unwrapping.js";
export { type Vacancy, type VacancyOptions, vacancy } from "./vacancy.js";
export {
  type Spectrum,
  VelocityAutocorrelation,
  type VelocityCorrelationOf,
  type VelocityCorrelationResult,
  type VelocityOptions,
  vibrationalSpectrum,
} from "./velocity-autocorrelation.js";
