/**
 * An n2p2 `input.nn` in place of our YAML: its training keywords as a configuration. The data are `input.data` beside it, as
 * n2p2 has it; what n2p2 does not have (validation, committees, stress) is off.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../../errors/index.js";
import { parseInputNn, type TrainingSettings } from "../../formats/n2p2-potential.js";
import type { KeywordTable } from "../../formats/n2p2-potential-lines.js";
import { hasKeyword, lineOf, linesOf } from "../../formats/n2p2-potential-lines.js";
import {
  type ActivationName,
  activationLetters,
  type TrainingConfigurationInput,
} from "../../training/configuration.js";

export interface InputNnConfiguration {
  readonly configuration: TrainingConfigurationInput;
  /** Keywords that are there and change nothing here, a sentence each. */
  readonly notes: readonly string[];
}

/** File names in it are relative to the directory of `path`, as in a configuration beside it. */
export function configurationOfInputNn(path: string): InputNnConfiguration {
  const data = join(dirname(path), "input.data");
  if (!existsSync(data))
    throw new InputError({
      code: "missing-file",
      where: { file: data },
      problem: "n2p2's input.data is not beside input.nn.",
      remedy: "Put it there, or use --data with --set descriptors.file=input.nn.",
    });
  const input = parseInputNn(readFileSync(path, "utf8"), { file: path });
  const { table, training } = input;
  const marked = /^begin\s+set=/m.test(readFileSync(data, "utf8"));
  const seed = training.random_seed.value;
  return {
    configuration: {
      data: "input.data",
      ...(seed === undefined ? {} : { seed: Math.abs(seed) }),
      epochs: training.epochs.value,
      descriptors: { file: basename(path) },
      split: { method: marked ? "set" : "random", test: training.test_fraction.value, validation: 0 },
      network: network(table, path, training),
      scaling: scaling(table),
      loss: {
        forcesUsed: training.use_short_forces.value,
        stressUsed: false,
        forces: training.force_weight.value,
      },
      optimizer: optimizer(training, path),
      committee: { members: 1 },
      referenceEnergies: referenceEnergies(table),
    },
    notes: notes(training),
  };
}

function network(table: KeywordTable, file: string, training: TrainingSettings): TrainingConfigurationInput["network"] {
  const nodes = lineOf(table, "global_nodes_short");
  const letters = lineOf(table, "global_activation_short");
  const hidden = (nodes?.args ?? []).map(Number);
  const names = (letters?.args ?? []).slice(0, hidden.length).map((letter): ActivationName => {
    const found = Object.entries(activationLetters).find(([, l]) => l === letter);
    if (found !== undefined) return found[0] as ActivationName;
    throw new InputError({
      code: "unsupported-activation",
      where: { file, ...(letters === undefined ? {} : { line: letters.line }) },
      problem: `There is no activation "${letter}".`,
      expected: `Expected one of ${Object.values(activationLetters).join(" ")}.`,
      remedy: "Correct global_activation_short.",
    });
  });
  const [first = "tanh", ...others] = names;
  const elements = Object.fromEntries(
    linesOf(table, "element_nodes_short").map((line) => [line.args[0]!, { hidden: line.args.slice(1).map(Number) }]),
  );
  return {
    ...(hidden.length === 0 ? {} : { hidden }),
    activation: others.every((name) => name === first) ? first : names,
    normalizeNodes: hasKeyword(table, "normalize_nodes"),
    initial: training.nguyen_widrow_weights_short.value ? "nguyen-widrow" : "glorot",
    elements,
  };
}

function scaling(table: KeywordTable): TrainingConfigurationInput["scaling"] {
  const scale = hasKeyword(table, "scale_symmetry_functions");
  const center = hasKeyword(table, "center_symmetry_functions");
  const mode = hasKeyword(table, "scale_symmetry_functions_sigma")
    ? "scale-sigma"
    : scale
      ? center
        ? "scale-center"
        : "scale"
      : center
        ? "center"
        : "none";
  const end = (keyword: string, standard: number): number => Number(lineOf(table, keyword)?.args[0] ?? standard);
  return { mode, low: end("scale_min_short", 0), high: end("scale_max_short", 1) };
}

function optimizer(t: TrainingSettings, file: string): TrainingConfigurationInput["optimizer"] {
  if (t.updater_type.value === 0) {
    if (t.gradient_type.value === 0) {
      const rate = t.gradient_eta.value;
      return {
        method: "momentum",
        rate,
        rateEnd: rate,
        momentum: 0,
        batch: Math.max(1, t.task_batch_size_energy.value),
      };
    }
    const rate = t.gradient_adam_eta.value;
    return {
      method: "adam",
      rate,
      rateEnd: rate,
      beta1: t.gradient_adam_beta1.value,
      beta2: t.gradient_adam_beta2.value,
      epsilon: t.gradient_adam_epsilon.value,
    };
  }
  if (t.updater_type.value !== 1)
    throw new InputError({
      code: "unsupported-updater",
      where: { file, ...(t.updater_type.line === undefined ? {} : { line: t.updater_type.line }) },
      problem: `updater_type ${t.updater_type.value} is not there (n2p2 has not got it either).`,
      expected: "Expected 0 (gradient descent) or 1 (Kalman filter).",
      remedy: "Use 1; for Levenberg–Marquardt write a YAML configuration.",
    });
  const selection = (["random", "sort", "threshold"] as const)[t.selection_mode_force.value[0]?.mode ?? 0] ?? "random";
  const ratio = t.force_energy_ratio.value;
  return {
    method: "kalman",
    type: t.kalman_type.value === 1 ? "fading-memory" : "standard",
    epsilon: t.kalman_epsilon.value,
    q0: t.kalman_q0.value,
    qtau: t.kalman_qtau.value,
    qmin: t.kalman_qmin.value,
    eta: t.kalman_eta.value,
    etatau: t.kalman_etatau.value,
    etamax: t.kalman_etamax.value,
    lambda: t.kalman_lambda_short.value,
    nu: t.kalman_nue_short.value,
    energyFraction: Math.min(1, t.energy_fraction.value),
    forceFraction: Math.min(1, ratio === undefined ? t.force_fraction.value : t.force_fraction.value || 0.1),
    forceWeight: t.force_weight.value,
    selection,
    energyThreshold: t.rmse_threshold_energy.value,
    forceThreshold: t.rmse_threshold_force.value,
    trials: Math.max(1, t.rmse_threshold_trials_force.value),
    batchEnergy: Math.max(1, t.task_batch_size_energy.value),
    batchForces: Math.max(1, t.task_batch_size_force.value),
  };
}

/** n2p2's offsets; elements without a line have 0. */
function referenceEnergies(table: KeywordTable): TrainingConfigurationInput["referenceEnergies"] {
  const given = Object.fromEntries(linesOf(table, "atom_energy").map((line) => [line.args[0]!, Number(line.args[1])]));
  return Object.keys(given).length === 0 ? "fit" : given;
}

function notes(t: TrainingSettings): string[] {
  const list: string[] = [];
  if (t.update_strategy.value !== 0)
    list.push("update_strategy 1 (one filter per element): all elements are updated together here.");
  if (t.normalize_data_set.value !== "none")
    list.push("normalize_data_set: energies are scaled by the spread of the forces here, as its mode force does.");
  if (t.selection_mode_energy.value.length > 1 || t.selection_mode_force.value.length > 1)
    list.push("selection_mode with a schedule: its first mode is used throughout.");
  if (t.use_old_weights_short.value) list.push("use_old_weights_short: fits start from new weights here.");
  return list;
}
