/**
 * Keys of the optimisers, one strict object per method. Names and defaults of the Kalman filter are n2p2's
 * (Singraber, Morawietz, Behler, Dellago, J. Chem. Theory Comput. 15, 3075, 2019).
 */
import { z } from "zod";

const batch = z
  .int()
  .min(1)
  .nullable()
  .default(null)
  .meta({ description: "Structures per update; null chooses by the size of the data.", unit: "structures" });

const rate = (standard: number) =>
  z.number().gt(0).max(10).default(standard).meta({ description: "Learning rate at the start." });

const rateEnd = (standard: number) =>
  z.number().min(0).max(10).default(standard).meta({
    description: "Learning rate at the last epoch; it falls along a cosine from `rate`.",
  });

const decay = (standard: number, what: string) =>
  z
    .number()
    .min(0)
    .lt(1)
    .default(standard)
    .meta({ description: `Decay of the running mean of ${what}.` });

const adam = z
  .strictObject({
    method: z.literal("adam"),
    rate: rate(1e-3),
    rateEnd: rateEnd(1e-5),
    beta1: decay(0.9, "the gradient"),
    beta2: decay(0.999, "its square"),
    epsilon: z.number().gt(0).default(1e-8).meta({ description: "Added to the root in the denominator." }),
    batch,
  })
  .meta({ description: "Adam (Kingma and Ba 2015)." });

const momentum = z
  .strictObject({
    method: z.literal("momentum"),
    rate: rate(1e-2),
    rateEnd: rateEnd(1e-4),
    momentum: z.number().min(0).lt(1).default(0.9).meta({ description: "Share of the last step that is kept." }),
    batch,
  })
  .meta({ description: "Gradient descent with momentum." });

const soap = z
  .strictObject({
    method: z.literal("soap"),
    rate: rate(8e-3),
    rateEnd: rateEnd(1e-5),
    beta1: decay(0.95, "the gradient"),
    beta2: decay(0.95, "its square and of the preconditioner"),
    epsilon: z.number().gt(0).default(1e-8).meta({ description: "Added to the root in the denominator." }),
    every: z.int().min(1).default(5).meta({ description: "Updates between eigenbases.", unit: "updates" }),
    batch,
  })
  .meta({ description: "SOAP: Adam in the eigenbasis of Shampoo (Vyas et al. 2024)." });

const lbfgs = z
  .strictObject({
    method: z.literal("lbfgs"),
    memory: z.int().min(1).max(1000).default(20).meta({ description: "Pairs of steps and gradients that are kept." }),
    lineSearchTrials: z.int().min(1).max(100).default(20).meta({ description: "Evaluations per line search." }),
    armijo: z.number().gt(0).lt(0.5).default(1e-4).meta({ description: "Sufficient decrease c₁ of Wolfe." }),
    curvature: z.number().gt(0).lt(1).default(0.9).meta({ description: "Curvature constant c₂ of Wolfe." }),
  })
  .meta({ description: "Limited-memory BFGS on the whole training set." });

const fraction = (standard: number, what: string) =>
  z
    .number()
    .min(0)
    .max(1)
    .default(standard)
    .meta({ description: `Share of the ${what} used in an epoch.` });

const levenbergMarquardt = z
  .strictObject({
    method: z.literal("levenberg-marquardt"),
    damping: z.number().gt(0).default(1e-2).meta({ description: "Damping λ at the start." }),
    increase: z.number().gt(1).default(4).meta({ description: "Factor of λ after a step that failed." }),
    decrease: z.number().gt(1).default(3).meta({ description: "Divisor of λ after a step that succeeded." }),
    trials: z.int().min(1).max(100).default(8).meta({ description: "Steps tried before an epoch is given up." }),
    forceFraction: fraction(0.1, "force components"),
  })
  .meta({ description: "Levenberg–Marquardt on Jacobian rows." });

/** n2p2's own figure, ln 10 cut short: a decade per epoch. */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: the same bits as n2p2
const decadePerEpoch = 2.302;

const kalmanNoise = {
  epsilon: z.number().gt(0).default(0.01).meta({ description: "P₀ = 1/ε." }),
  q0: z.number().min(0).default(0.01).meta({ description: "Process noise at the start." }),
  qtau: z.number().min(0).default(decadePerEpoch).meta({ description: "Decay of the process noise per epoch." }),
  qmin: z.number().min(0).default(1e-6).meta({ description: "Floor of the process noise." }),
  eta: z.number().gt(0).default(0.01).meta({ description: "Learning rate at the start, R = 1/η (type standard)." }),
  etatau: z.number().min(0).default(decadePerEpoch).meta({ description: "Growth of η per epoch (type standard)." }),
  etamax: z.number().gt(0).default(1).meta({ description: "Ceiling of η (type standard)." }),
  lambda: z.number().gt(0).max(1).default(0.98).meta({ description: "Forgetting factor (type fading-memory)." }),
  nu: z.number().gt(0).max(1).default(0.9987).meta({ description: "Growth of λ towards 1 (type fading-memory)." }),
};

const kalmanSelection = {
  energyFraction: fraction(1, "energies"),
  forceFraction: fraction(0.1, "force components"),
  forceWeight: z.number().min(0).default(10).meta({ description: "Factor of force errors and their Jacobians." }),
  selection: z.enum(["random", "sort", "threshold"]).default("threshold").meta({
    description: "How the next value is drawn: at random, largest error first, or at random above a threshold.",
  }),
  energyThreshold: z
    .number()
    .min(0)
    .default(0.8)
    .meta({ description: "Least energy error (selection threshold).", unit: "last RMSE" }),
  forceThreshold: z
    .number()
    .min(0)
    .default(0.8)
    .meta({ description: "Least force error (selection threshold).", unit: "last RMSE" }),
  trials: z.int().min(1).max(1000).default(3).meta({ description: "Draws before the best so far is taken." }),
  batchEnergy: z.int().min(1).default(1).meta({ description: "Energies per update.", unit: "energies" }),
  batchForces: z.int().min(1).default(1).meta({ description: "Force components per update.", unit: "components" }),
};

const kalman = z
  .strictObject({
    method: z.literal("kalman"),
    type: z.enum(["standard", "fading-memory"]).default("standard").meta({ description: "Kind of filter." }),
    ...kalmanNoise,
    ...kalmanSelection,
  })
  .meta({ description: "Extended Kalman filter, n2p2's way." });

/** Method of a configuration that names none. */
export const defaultMethod = "soap";

export const optimizerSchema = z
  .discriminatedUnion("method", [adam, kalman, lbfgs, levenbergMarquardt, momentum, soap])
  .prefault({ method: defaultMethod })
  .meta({ description: "How the weights are found." });
