/**
 * The training keywords of `input.nn`, typed, with defaults and the lines that they came from, for `potluck train input.nn`.
 *
 * n2p2 itself demands most of these keywords; where it has no default, ours are the values that its documentation
 * recommends (Singraber et al., JCTC 15, 3075 (2019), doi 10.1021/acs.jctc.8b01092, for the Kalman filter).
 */
import {
  badArgument,
  hasKeyword,
  integerAt,
  type KeywordLine,
  type KeywordTable,
  lineOf,
  realAt,
} from "./n2p2-potential-lines.js";

export interface Setting<T> {
  readonly value: T;
  /** 1-based line of `input.nn`; undefined for a default. */
  readonly line: number | undefined;
}

/** One part of n2p2's `mode epoch mode epoch mode …`. */
export interface ScheduledMode {
  /** First epoch, counted from 0. */
  readonly epoch: number;
  /** 0 random, 1 largest errors first, 2 random among errors above the threshold. */
  readonly mode: number;
}

/** `every` n epochs; also in all epochs up to `always`. 0 for never. */
export interface Interval {
  readonly every: number;
  readonly always: number;
}

interface Kind<T> {
  readonly standard: T;
  /** Keyword whose line counts where the keyword's own is missing. */
  readonly general?: string;
  parse(line: KeywordLine, file: string): T;
}

const real = (standard: number, general?: string): Kind<number> => ({
  standard,
  parse: (line, file) => realAt(line, 0, file),
  ...(general === undefined ? {} : { general }),
});
const integer = (standard: number, general?: string): Kind<number> => ({
  standard,
  parse: (line, file) => integerAt(line, 0, file),
  ...(general === undefined ? {} : { general }),
});
const optional = (kind: Kind<number>): Kind<number | undefined> => ({ ...kind, standard: undefined });
const flag = (): Kind<boolean> => ({ standard: false, parse: () => true });
const choice = <T extends string>(standard: T, choices: readonly T[]): Kind<T> => ({
  standard,
  parse: (line, file) => {
    const found = choices.find((word) => word === line.args[0]);
    if (found !== undefined) return found;
    const fault = { keyword: line.keyword, index: 0, found: line.args[0], expected: `one of ${choices.join(", ")}` };
    throw badArgument({ file, line: line.line }, fault);
  },
});
const interval = (): Kind<Interval> => ({
  standard: { every: 0, always: 0 },
  parse: (line, file) => ({
    every: integerAt(line, 0, file),
    always: line.args[1] === undefined ? 0 : integerAt(line, 1, file),
  }),
});
const schedule = (general?: string): Kind<readonly ScheduledMode[]> => ({
  standard: [{ epoch: 0, mode: 0 }],
  ...(general === undefined ? {} : { general }),
  parse: (line, file) => {
    const steps: ScheduledMode[] = [{ epoch: 0, mode: integerAt(line, 0, file) }];
    for (let i = 1; i < line.args.length; i += 2)
      steps.push({ epoch: integerAt(line, i, file), mode: integerAt(line, i + 1, file) });
    return steps;
  },
});

const metrics = ["RMSEpa", "RMSE", "MAEpa", "MAE"] as const;

const kinds = {
  random_seed: optional(integer(0)),
  test_fraction: real(0.1),
  epochs: integer(0),
  normalize_data_set: choice("none", ["none", "stats-only", "ref", "force"] as const),
  use_short_forces: flag(),
  force_weight: real(1),
  main_error_metric: choice("RMSEpa", metrics),
  rmse_threshold_energy: real(0, "rmse_threshold"),
  rmse_threshold_force: real(0, "rmse_threshold"),
  rmse_threshold_trials_energy: integer(1, "rmse_threshold_trials"),
  rmse_threshold_trials_force: integer(1, "rmse_threshold_trials"),
  energy_fraction: real(1),
  force_fraction: real(0),
  /** Overrides force_fraction. */
  force_energy_ratio: optional(real(0)),
  use_old_weights_short: flag(),
  weights_min: real(-1),
  weights_max: real(1),
  nguyen_widrow_weights_short: flag(),
  precondition_weights: flag(),
  /** 0 gradient descent, 1 Kalman filter, 2 Levenberg–Marquardt. */
  updater_type: integer(1),
  parallel_mode: integer(0),
  /** 0 sum, 1 one row per task, 2 full. */
  jacobian_mode: integer(1),
  /** 0 all elements together, 1 one by one. */
  update_strategy: integer(0),
  selection_mode_energy: schedule("selection_mode"),
  selection_mode_force: schedule("selection_mode"),
  /** 0 for the whole training set. */
  task_batch_size_energy: integer(1),
  task_batch_size_force: integer(1),
  repeated_energy_update: flag(),
  memorize_symfunc_results: flag(),
  /** 0 fixed step, 1 Adam. */
  gradient_type: integer(0),
  gradient_eta: real(1e-5),
  gradient_adam_eta: real(1e-3),
  gradient_adam_beta1: real(0.9),
  gradient_adam_beta2: real(0.999),
  gradient_adam_epsilon: real(1e-8),
  /** 0 standard, 1 fading memory. */
  kalman_type: integer(0),
  kalman_epsilon: real(0.01),
  kalman_q0: real(0.01),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: n2p2 recommends the rounded value.
  kalman_qtau: real(2.302),
  kalman_qmin: real(1e-6),
  kalman_eta: real(0.01),
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: as above.
  kalman_etatau: real(2.302),
  kalman_etamax: real(1),
  kalman_lambda_short: real(0.96),
  kalman_nue_short: real(0.9987),
  write_trainpoints: interval(),
  write_trainforces: interval(),
  write_weights_epoch: interval(),
  write_neuronstats: interval(),
  write_trainlog: flag(),
} as const satisfies Record<string, Kind<unknown>>;

export type TrainingKeyword = keyof typeof kinds;

/** Every training keyword by n2p2's name: `settings.kalman_q0.value`. */
export type TrainingSettings = {
  readonly [K in TrainingKeyword]: Setting<(typeof kinds)[K] extends Kind<infer T> ? T : never>;
};

export function trainingSettings(table: KeywordTable): TrainingSettings {
  const entries = Object.entries(kinds).map(([keyword, kind]: [string, Kind<unknown>]) => {
    const general = kind.general !== undefined && !hasKeyword(table, keyword) ? kind.general : keyword;
    const line = lineOf(table, general);
    const value = line === undefined ? kind.standard : kind.parse(line, table.file);
    return [keyword, { value, line: line?.line }];
  });
  return Object.fromEntries(entries) as TrainingSettings;
}
