/** Interatomic potentials of the literature. */
export { ClassicalPotential } from "./classical-potential.js";
export { Eam } from "./eam.js";
export type { EamRecord } from "./eam-record.js";
export { resampled } from "./eam-spline.js";
export { type ClassicalRecord, classicalPotential, type PublishedRecord, type SumRecord } from "./factory.js";
export type { Interaction, Sums, Surroundings } from "./interaction.js";
export { LennardJones, type LennardJonesPair, type LennardJonesRecord } from "./lennard-jones.js";
export { PairInteraction, type PairLaw } from "./pair-interaction.js";
export { argonLennardJones, publishedPotentials, siliconStillingerWeber, siliconTersoff } from "./published.js";
export {
  checkStillingerWeberEntry,
  StillingerWeber,
  type StillingerWeberEntry,
  type StillingerWeberRecord,
} from "./stillinger-weber.js";
export { checkTersoffEntry, Tersoff, type TersoffEntry, type TersoffRecord } from "./tersoff.js";
export { Zbl, type ZblRecord } from "./zbl.js";
