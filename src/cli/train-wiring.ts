/** Where the command `train` meets the fit; apart from wiring.ts, because a fit takes long to load. */
export { configurationOfInputNn } from "../hosts/node/input-nn.js";
export {
  startRunDirectory,
  type TrainingEvent,
  TrainingStopped,
  type TrainOutcome,
  trainPotential,
} from "../hosts/node/train.js";
